"""What the process asks of the system for the secrets that pass through its memory."""

from __future__ import annotations

import ctypes
import logging
import sys

log = logging.getLogger("connectors")
_PR_SET_DUMPABLE = 4


def harden(*, production: bool) -> None:
    """Leave no core file; in production (Linux) let no other process of the same user read this memory either.

    A system that refuses is no reason not to work: it is logged.
    """
    try:
        import resource

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    except (ImportError, OSError, ValueError) as error:
        log.warning("core files stay possible: %s", type(error).__name__)
    if production and sys.platform == "linux":
        process = ctypes.CDLL(None, use_errno=True)
        if process.prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0) != 0:
            log.warning("memory stays readable: errno %d", ctypes.get_errno())
