"""pydicom, imported when first needed and told to keep patient data out of warnings and logs."""

from __future__ import annotations

import logging
from functools import cache
from typing import Any


@cache
def pydicom() -> Any:
    """Import pydicom: values are not validated while reading, since its warnings quote them; its log is shut."""
    import pydicom as library

    library.config.settings.reading_validation_mode = library.config.IGNORE
    logging.getLogger("pydicom").setLevel(logging.CRITICAL + 1)
    return library
