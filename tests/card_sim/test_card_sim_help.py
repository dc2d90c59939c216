"""The help pages, and the complaints about a command line, are in French."""

import pytest

from card_sim.__main__ import main
from card_sim.commands import ORDERS

COMMANDS = ("serve", "list", "check", "people", "tell", "namespace", *ORDERS)


@pytest.mark.parametrize("command", [None, *COMMANDS])
def test_a_help_page_has_no_english_heading(command, capsys):
    with pytest.raises(SystemExit) as left:
        main([*([command] if command else []), "--help"])
    shown = capsys.readouterr().out
    assert left.value.code == 0
    assert shown.startswith("usage\u00a0: card_sim")
    assert "options\u00a0:" in shown and "montrer cette aide" in shown
    assert not any(foreign in shown for foreign in ("positional", "show this", "usage:", "options:"))


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ([], "il manque COMMANDE."),
        (["remove"], "il manque --control."),
        (["nothing"], "COMMANDE doit être l'un de ces mots\u00a0: serve, list,"),
        (["list", "--x"], "--x n'existe pas ici."),
        (["remove", "--control", "x", "--slot", "a"], "--slot doit être un nombre."),
        (["serve", "--card"], "--card attend une valeur."),
        (["remove", "--control", "x", "--json=1"], "--json n'attend pas de valeur."),
        (["namespace", "--pairs", "99", "--", "true"], "--pairs doit être l'un de ces mots\u00a0: 1, 2,"),
    ],
)
def test_a_command_line_that_is_not_understood_is_told_in_one_sentence_under_the_usage(words, told, capsys):
    with pytest.raises(SystemExit) as left:
        main(words)
    usage, complaint = capsys.readouterr().err.rsplit("card_sim", 1)
    assert left.value.code == 2
    assert usage.startswith("usage\u00a0:")
    assert told in complaint
