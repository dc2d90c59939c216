from __future__ import annotations

from card_sim import cast
from card_sim.__main__ import main


def test_the_list_names_every_card_and_the_codes_of_the_professionals(capsys) -> None:
    assert main(["list"]) == 0
    lines = {line.split()[0]: line for line in capsys.readouterr().out.splitlines()}
    assert lines.keys() == cast.professionals().keys() | cast.vitale_cards().keys()
    for name, who in cast.professionals().items():
        assert who.pin in lines[name]
        assert who.puk in lines[name]
