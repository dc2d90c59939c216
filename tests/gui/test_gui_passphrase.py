"""The passphrase of the vault, asked by the window where the system has no keyring."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from PySide6.QtCore import QEventLoop
from PySide6.QtWidgets import QLineEdit, QPushButton

from dossier.failure import Failure
from gui.keeper import HouseKeeper
from gui.window import Window


def until(reached: Callable[[], object]) -> None:
    loop = QEventLoop()
    while not reached():
        loop.processEvents(QEventLoop.ProcessEventsFlag.WaitForMoreEvents, 5000)


def test_a_wrong_passphrase_is_told_and_asked_again_then_the_vault_opens(app: Any) -> None:
    tried: list[bytes] = []
    opened = threading.Event()

    @contextmanager
    def opening(ask: Callable[[], bytearray]) -> Iterator[Any]:
        tried.append(bytes(ask()))
        if tried[-1] != b"bonne phrase":
            raise Failure("VAULT_KEY")
        opened.set()
        yield object()

    window = Window("light")
    window.show()
    keeper = HouseKeeper(opening)
    shown: list[Failure | None] = []
    keeper.asked.connect(lambda wrong: (shown.append(wrong), window.ask_passphrase(wrong, keeper.answer)))
    keeper.start()
    try:
        for number, phrase in enumerate(("mauvaise phrase", "bonne phrase"), 1):
            until(lambda number=number: len(shown) == number)
            field = window.findChild(QLineEdit, "passphrase.value")
            assert field is not None
            field.setText(phrase)
            button = window.findChild(QPushButton, "passphrase.go")
            assert button is not None
            button.click()
            assert field.text() == ""
        assert opened.wait(10)
        assert tried == [b"mauvaise phrase", b"bonne phrase"]
        assert [failure and failure.code for failure in shown] == [None, "VAULT_KEY"]
    finally:
        keeper.close()
        window.close()


def test_a_new_vault_has_its_passphrase_typed_twice(app: Any) -> None:
    """A slip of the finger at the first opening would close the vault for ever."""
    window = Window("light")
    window.show()
    given: list[bytes] = []
    window.ask_passphrase(None, lambda typed: given.append(bytes(typed)), first=True)
    field, again = (window.findChild(QLineEdit, f"passphrase.{name}") for name in ("value", "again"))
    button = window.findChild(QPushButton, "passphrase.go")
    assert field is not None and again is not None and button is not None
    assert again.isVisible() and again.echoMode() is QLineEdit.EchoMode.Password
    for typed, repeated in (("phrase", "phrsae"), ("phrase", ""), ("phrase", "phrase")):
        assert given == []
        field.setText(typed)
        again.setText(repeated)
        button.click()
        assert (field.text(), again.text()) == ("", "")
    assert given == [b"phrase"]
    window.ask_passphrase(Failure("VAULT_KEY"), given.append)
    assert not again.isVisible()
    window.close()


def test_the_keeper_tells_when_the_passphrase_is_chosen_now(app: Any) -> None:
    @contextmanager
    def opening(ask: Any) -> Iterator[Any]:
        ask(first=True)
        yield object()

    keeper = HouseKeeper(opening)
    first: list[bool] = []
    keeper.asked.connect(lambda wrong: first.append(keeper.first))
    keeper.start()
    until(lambda: first)
    keeper.close()
    assert first == [True]


def test_closing_the_window_gives_the_question_up(app: Any) -> None:
    @contextmanager
    def opening(ask: Callable[[], bytearray]) -> Iterator[Any]:
        ask()
        yield object()

    keeper = HouseKeeper(opening)
    asked: list[Any] = []
    keeper.asked.connect(asked.append)
    keeper.start()
    until(lambda: asked)
    keeper.close()
