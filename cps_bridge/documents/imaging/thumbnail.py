"""A small picture of a series: its middle image, as a radiologist's window shows it."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

from cps_bridge.documents.imaging.library import pydicom
from cps_bridge.documents.imaging.study import Series
from dossier.failure import Failure

DEFAULT_SIZE = 128
_LARGEST = 64 * 1024 * 1024


def thumbnail(series: Series, size: int = DEFAULT_SIZE) -> bytes:
    """Draw the middle image of a series as a PNG of at most size x size pixels.

    Raises Failure IMAGE_UNREADABLE when the object has no pixels or their compression is not supported.
    """
    middle = series.instances[len(series.instances) // 2]
    try:
        return _draw(middle.path, size)
    except Exception as error:  # pydicom and its decoders let nearly any exception escape on a broken file
        raise Failure("IMAGE_UNREADABLE", reason=type(error).__name__) from error


def _draw(path: Path, size: int) -> bytes:
    import numpy
    from PIL import Image
    from pydicom.pixels import apply_voi_lut, pixel_array

    dataset = pydicom().dcmread(path)
    if int(dataset.Rows) * int(dataset.Columns) > _LARGEST:
        raise ValueError("image too large")
    frames = int(dataset.get("NumberOfFrames") or 1)
    pixels = pixel_array(dataset, index=frames // 2)
    if pixels.ndim == 2:
        shown = apply_voi_lut(_rescaled(pixels, dataset), dataset)
        pixels = _to_bytes(numpy.asarray(shown, dtype="float64"), dataset.PhotometricInterpretation == "MONOCHROME1")
    picture = Image.fromarray(numpy.ascontiguousarray(pixels.astype("uint8")))
    factor = size / max(picture.size)
    wanted = (max(1, round(picture.width * factor)), max(1, round(picture.height * factor)))
    out = io.BytesIO()
    picture.resize(wanted, Image.Resampling.LANCZOS).save(out, "PNG", optimize=True)
    return out.getvalue()


def _rescaled(pixels: Any, dataset: Any) -> Any:
    if "ModalityLUTSequence" in dataset:
        return pixels
    slope, intercept = float(dataset.get("RescaleSlope", 1)), float(dataset.get("RescaleIntercept", 0))
    return pixels if (slope, intercept) == (1, 0) else pixels * slope + intercept


def _to_bytes(values: Any, inverted: bool) -> Any:
    import numpy

    low, high = numpy.percentile(values, (0.5, 99.5))
    scaled = numpy.clip((values - low) / max(high - low, 1e-9), 0, 1) * 255
    return 255 - scaled if inverted else scaled
