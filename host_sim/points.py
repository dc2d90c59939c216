"""Named moments at which the host may be made to die as by a power cut, to see what survives of what was told.

HOST_SIM_DIE_AT=NAME:N in the environment: the process kills itself when it passes that moment for the N-th time.
"""

from __future__ import annotations

import itertools
import os
import signal

VARIABLE = "HOST_SIM_DIE_AT"
MASTER_KEY = "master key drawn, not in its place"
SCHEMA = "tables made"
SEEDED = "cast written, not committed"
DATA_KEY = "key of a patient made, not committed"
BLOB_HALF = "document half written"
BLOB_KEPT = "document kept, its entry not written"
BEFORE_COMMIT = "before commit"
AFTER_COMMIT = "after commit"
ANSWERING = "committed, not answered"
START = (MASTER_KEY, SCHEMA, SEEDED)
SERVING = (DATA_KEY, BLOB_HALF, BLOB_KEPT, BEFORE_COMMIT, AFTER_COMMIT, ANSWERING)

_name, _, _number = os.environ.get(VARIABLE, "").partition(":")
_count = itertools.count(1)


def passed(name: str) -> None:
    """Say that a moment is reached; nothing happens unless the environment wants this death."""
    if name == _name and next(_count) == int(_number or 1):
        os.kill(os.getpid(), signal.SIGKILL if hasattr(signal, "SIGKILL") else signal.SIGTERM)
