"""From exec to the first paint of the window, beside an empty window of the same toolkit."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile

from bench.measure import Result, interleaved, milliseconds

OURS = (sys.executable, "-m", "connectors.command_line", "window", "--simulated", "--exit-after-paint")
EMPTY = """
import sys
from PySide6.QtWidgets import QApplication, QMainWindow

class Window(QMainWindow):
    def paintEvent(self, event):
        super().paintEvent(event)
        application.exit(0)

application = QApplication(sys.argv)
window = Window()
window.resize(1200, 800)
window.show()
sys.exit(application.exec())
"""


def window(case: str, _size: float, rounds: int, goal: float) -> Result:
    """Start both until they have painted and ended, offscreen, each time from nothing.

    Both find the byte code of what they import, as installed programs do: the first round, which does not count, writes
    it to a directory of this run.
    """
    with tempfile.TemporaryDirectory() as home:
        environment = {
            **os.environ,
            "QT_QPA_PLATFORM": "offscreen",
            "HOME": home,
            "XDG_CONFIG_HOME": home,
            "XDG_DATA_HOME": home,
            "PYTHONDONTWRITEBYTECODE": "",
            "PYTHONPYCACHEPREFIX": home,
            "PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring",
        }

        def run(*command: str) -> float:
            return milliseconds(
                lambda: subprocess.run(command, env=environment, capture_output=True, check=True, timeout=120)
            )

        value, reference = interleaved(lambda: run(*OURS), lambda: run(sys.executable, "-c", EMPTY), rounds)
    return Result.of(case, value, "ms", reference, goal)
