"""Every colour, size and font of the window; nothing of the kind is written elsewhere.

Colours are checked in pairs (``PAIRS``): the contrast of each is 4.5:1 or more (WCAG 2.2, 1.4.3).
"""

from __future__ import annotations

from typing import NamedTuple


class Palette(NamedTuple):
    """The colours of one appearance, by what they mean."""

    ground: str
    paper: str
    raised: str
    ink: str
    secondary: str
    line: str
    field_line: str
    primary: str
    primary_hover: str
    on_primary: str
    primary_soft: str
    success: str
    success_soft: str
    warning: str
    warning_soft: str
    danger: str
    danger_soft: str
    emergency: str
    on_emergency: str
    regulation: str
    on_regulation: str
    focus: str
    stripe: str
    disabled_ground: str
    disabled_ink: str
    veil: str
    sheet: str
    sheet_ink: str


LIGHT = Palette(
    ground="#F7F8FA",
    paper="#FFFFFF",
    raised="#EEF1F5",
    ink="#16202C",
    secondary="#4A5768",
    line="#D9DEE5",
    field_line="#768396",
    primary="#0B5CAD",
    primary_hover="#094B8E",
    on_primary="#FFFFFF",
    primary_soft="#E5EFFA",
    success="#1B7A43",
    success_soft="#EAF6EF",
    warning="#8A5A00",
    warning_soft="#FFF4DC",
    danger="#B3261E",
    danger_soft="#FDEBEA",
    emergency="#B3261E",
    on_emergency="#FFFFFF",
    regulation="#6B3FA0",
    on_regulation="#FFFFFF",
    focus="#0B5CAD",
    stripe="#E9EDF2",
    disabled_ground="#E6EAEF",
    disabled_ink="#566274",
    veil="#16202C",
    sheet="#FFFFFF",
    sheet_ink="#16202C",
)

DARK = Palette(
    ground="#12171E",
    paper="#1B222C",
    raised="#242D39",
    ink="#EAF0F6",
    secondary="#A9B4C2",
    line="#313B48",
    field_line="#7C8A9C",
    primary="#6FB1F2",
    primary_hover="#8FC3F6",
    on_primary="#0D1722",
    primary_soft="#1B3048",
    success="#6CCB93",
    success_soft="#17301F",
    warning="#F2C76B",
    warning_soft="#33290F",
    danger="#FF8A80",
    danger_soft="#3A1916",
    emergency="#A8241C",
    on_emergency="#FFFFFF",
    regulation="#6B3FA0",
    on_regulation="#FFFFFF",
    focus="#6FB1F2",
    stripe="#222A35",
    disabled_ground="#262E39",
    disabled_ink="#A0ABB9",
    veil="#05080C",
    sheet="#FFFFFF",
    sheet_ink="#16202C",
)

PAIRS = (
    ("ink", "ground"), ("ink", "paper"), ("ink", "raised"), ("ink", "stripe"), ("ink", "primary_soft"),
    ("ink", "warning_soft"), ("ink", "danger_soft"), ("ink", "success_soft"),
    ("secondary", "ground"), ("secondary", "paper"), ("secondary", "raised"), ("secondary", "stripe"),
    ("secondary", "primary_soft"), ("secondary", "warning_soft"), ("secondary", "danger_soft"),
    ("secondary", "success_soft"),
    ("primary", "ground"), ("primary", "paper"), ("primary", "primary_soft"), ("primary", "raised"),
    ("on_primary", "primary"), ("on_primary", "primary_hover"),
    ("success", "paper"), ("success", "ground"), ("success", "success_soft"),
    ("warning", "paper"), ("warning", "ground"), ("warning", "warning_soft"),
    ("danger", "paper"), ("danger", "ground"), ("danger", "danger_soft"),
    ("on_emergency", "emergency"), ("on_regulation", "regulation"),
    ("disabled_ink", "disabled_ground"), ("sheet_ink", "sheet"),
)  # fmt: skip

TIGHT = 4
GROUP = 8
INNER = 12
BETWEEN = 16
PAGE = 24

SECONDARY_TEXT = 12
BODY_TEXT = 14
TRAIT_TEXT = 16
TITLE_TEXT = 20
FIGURE_TEXT = 28

RADIUS_CONTROL = 6
RADIUS_PANEL = 10
HAIR = 1
RING = 2
ICON = 20
ICON_LARGE = 40

WINDOW = (1280, 800)
WINDOW_MINIMUM = (880, 520)
RIBBON_HEIGHT = 24
STATUS_HEIGHT = 56
BAR_HEIGHT = 68
RAIL_WIDTH = 176
RAIL_FOLDED = 64
RAIL_FOLDS_BELOW = 1100
PREVIEW_BESIDE_FROM = 680
LIST_SHARE = 0.38
LIST_MINIMUM = 280
CONTROL_HEIGHT = 36
PRIMARY_HEIGHT = 44
CHIP_HEIGHT = 44
CHIP_MINIMUM = 150  # both fit beside the four buttons in the narrowest window
CHIP_MAXIMUM = 460
TERM_WIDTH = 200
STEP_LIST_WIDTH = 256
PANEL_WIDTH = 520
DRAWER_WIDTH = 440
TRAY_WIDTH = 280
TRAY_BESIDE_FROM = 1240
LIST_WIDTH = 432
READING_WIDTH = 720
UNLIMITED = 16_777_215
PIN_BOX = 48
NUMBER_WIDTH = 72
ROW_HEIGHT = 66
GROUP_ROW_HEIGHT = 32
THUMBNAIL = 112
SHEET = (236, 334)
BLUR = 28
STRIPE_STEP = 14

FADE_MILLISECONDS = 120
FALLBACK_FAMILIES = ("Inter", "Noto Sans", "DejaVu Sans", "Segoe UI", "Helvetica Neue", "Arial")


def luminance(colour: str) -> float:
    """Compute the relative luminance of #RRGGBB (WCAG 2.2)."""
    channels = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [each / 12.92 if each <= 0.04045 else ((each + 0.055) / 1.055) ** 2.4 for each in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    """Compute the contrast ratio of two colours, 1 to 21 (WCAG 2.2)."""
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def names() -> tuple[str, ...]:
    """Give the names of all colours."""
    return Palette._fields
