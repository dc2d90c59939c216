"""What an order to the virtual readers may say, and how it is refused."""

from __future__ import annotations


class OrderError(Exception):
    """An order that cannot be carried out; the text says why, in French."""
