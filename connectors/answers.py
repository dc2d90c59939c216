"""What the options of a command line already answer."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Answers:
    """What the command line already says; None means: ask."""

    pin_fd: int | None = None
    new_pin_fd: int | None = None
    puk_fd: int | None = None
    last_try: str | None = None
    activity: int | None = None
    beneficiary: int | None = None
    application: str | None = field(default=None, repr=False)
    informed: bool | None = None
    consent: str | None = None
    break_glass_allowed: bool | None = None
    regulation_allowed: bool | None = None
    email: str | None = None
    mobile: str | None = None
    access: str | None = None
    reason: str | None = None
    because: str | None = None
    word: str | None = None
    yes: bool = False
