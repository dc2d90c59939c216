"""The window starts light, and the toolkit in use does not lose references."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
HEAVY = ("zeep", "pydicom", "saxonche", "reportlab", "cryptography", "lxml", "requests", "numpy", "pypdfium2")


def python(code: str) -> str:
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen", "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, check=False, env=environment, cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_nothing_heavy_is_imported_before_the_first_paint() -> None:
    code = f"""
import sys
from gui.app import main
assert main(["--exit-after-paint"]) == 0
print([name for name in {HEAVY!r} if name in sys.modules])
"""
    assert python(code).strip() == "[]"


def test_the_frame_itself_imports_nothing_heavy() -> None:
    code = f"""
import sys
from gui.app import application
from gui.window import Window
application()
Window().frame
print([name for name in {HEAVY!r} if name in sys.modules])
"""
    assert python(code).strip() == "[]"


def test_no_call_of_the_toolkit_loses_references_to_none() -> None:
    code = """
import sys
from PySide6.QtWidgets import QApplication, QLabel
from PySide6.QtGui import QStandardItem, QStandardItemModel
app = QApplication([])
label, model, times = QLabel(), QStandardItemModel(300, 1), 500
calls = (
    lambda i: label.setText("x"),
    lambda i: model.setItem(i % 300, 0, QStandardItem("x")),
    lambda i: app.processEvents(),
)
for call in calls:
    call(0)
    before = sys.getrefcount(None)
    for number in range(times):
        call(number)
    assert sys.getrefcount(None) - before > -times / 2, "this PySide6 loses a reference to None at each call"
print("ok")
"""
    assert python(code).strip() == "ok"
