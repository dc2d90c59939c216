"""``cps-bridge``: the entry point. ``window`` becomes the window at once; other commands import what they need after.

Nothing else is imported here: what this process imports before it becomes the window, a person waits for twice.
"""

import os
import sys

# Options of ``window`` that argparse takes as they are; with any other word it reads the whole line, and complains.
FLAGS = ("--simulated", "--exit-after-paint", "--yes", "--json")
TEXTS = ("--data", "--host", "--host-ca", "--insi", "--cps", "--vitale", "--trace")


def main(argv: list[str] | None = None) -> int:
    """Run one command; gives the exit code of the epilog of ``--help``."""
    given = sys.argv[1:] if argv is None else argv
    if given[:1] == ["window"] and is_plain(given[1:]):
        become_window(given[1:])
    from connectors.commands import run

    return run(given)


def is_plain(words: list[str]) -> bool:
    """Tell whether these options of ``window`` need no parser to be known as well written."""
    left = iter(words)
    return all(word in FLAGS or (word in TEXTS and not next(left, "-").startswith("-")) for word in left)


def become_window(options: list[str]) -> None:
    """Replace this process by the window: ``connectors`` knows nothing of the toolkit."""
    os.execv(sys.executable, [sys.executable, "-m", "gui", *options])  # noqa: S606 - the same interpreter, our own module


if __name__ == "__main__":
    sys.exit(main())
