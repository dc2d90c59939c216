"""A small BER/DER writer (ITU-T X.690) for card files and certificate extensions."""

from __future__ import annotations


def tlv(tag: int, *parts: bytes) -> bytes:
    """Write one object: a tag of one or more bytes (0x7F41 is two), its length, the joined parts."""
    value = b"".join(parts)
    return tag.to_bytes((tag.bit_length() + 7) // 8 or 1, "big") + length(len(value)) + value


def length(count: int) -> bytes:
    """Write a definite length (X.690 8.1.3)."""
    if count < 0x80:
        return bytes([count])
    size = (count.bit_length() + 7) // 8
    return bytes([0x80 | size]) + count.to_bytes(size, "big")


def sequence(*parts: bytes) -> bytes:
    """Write a SEQUENCE."""
    return tlv(0x30, *parts)


def octets(value: bytes) -> bytes:
    """Write an OCTET STRING."""
    return tlv(0x04, value)


def utf8(text: str) -> bytes:
    """Write a UTF8String."""
    return tlv(0x0C, text.encode())


def integer(value: int) -> bytes:
    """Write a non-negative INTEGER."""
    return tlv(0x02, value.to_bytes(value.bit_length() // 8 + 1, "big"))


def enumerated(value: int) -> bytes:
    """Write an ENUMERATED below 128."""
    return tlv(0x0A, bytes([value]))


def boolean(value: bool) -> bytes:
    """Write a BOOLEAN."""
    return tlv(0x01, b"\xff" if value else b"\x00")


def bits(*positions: int) -> bytes:
    """Write a BIT STRING with these named bits set, bit 0 first (X.690 11.2.2: no trailing zero bits)."""
    if not positions:
        return tlv(0x03, b"\x00")
    top = max(positions)
    value = bytearray(top // 8 + 1)
    for position in positions:
        value[position // 8] |= 0x80 >> (position % 8)
    return tlv(0x03, bytes([7 - top % 8]), bytes(value))


def object_identifier(dotted: str) -> bytes:
    """Write an OBJECT IDENTIFIER (X.690 8.19)."""
    first, second, *rest = (int(part) for part in dotted.split("."))
    content = bytearray([first * 40 + second])
    for arc in rest:
        chunk = [arc & 0x7F]
        while arc := arc >> 7:
            chunk.append(0x80 | (arc & 0x7F))
        content += bytes(reversed(chunk))
    return tlv(0x06, bytes(content))
