"""The cheap checks of a file before it is deposited."""

from __future__ import annotations

import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from reportlab.lib import pdfencrypt
from reportlab.pdfgen.canvas import Canvas

from cps_bridge.documents.check import check_file, check_pdf
from dossier.document import BytesContent, FileContent
from dossier.failure import Failure


def pdf(**options) -> bytes:
    out = io.BytesIO()
    canvas = Canvas(out, **options)
    canvas.drawString(72, 720, "Compte rendu")
    canvas.save()
    return out.getvalue()


def picture(kind: str) -> bytes:
    out = io.BytesIO()
    Image.new("L", (40, 40), 128).save(out, kind)
    return out.getvalue()


@pytest.mark.parametrize(
    ("data", "media_type"),
    [
        (pdf(), "application/pdf"),
        (b"\xef\xbb\xbf" + pdf(), "application/pdf"),
        (picture("JPEG"), "image/jpeg"),
        (picture("TIFF"), "image/tiff"),
        (b"{\\rtf1 Bonjour}\r\n", "text/rtf"),
        ("Compte rendu d'été\n".encode(), "text/plain"),
    ],
)
def test_a_sound_file_is_recognised_by_its_bytes(data, media_type):
    assert check_file(BytesContent(data)) == media_type


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "DOCUMENT_EMPTY"),
        (pdf()[:-400], "DOCUMENT_TRUNCATED"),
        (picture("JPEG")[:-100], "DOCUMENT_TRUNCATED"),
        (b"{\\rtf1 Bonjour", "DOCUMENT_TRUNCATED"),
        (pdf(encrypt=pdfencrypt.StandardEncryption("secret")), "PDF_ENCRYPTED"),
        (pdf(encrypt=pdfencrypt.StandardEncryption("", canPrint=0)), "PDF_ENCRYPTED"),
        (b"PK\x03\x04 a word processor file", "DOCUMENT_FORMAT_UNKNOWN"),
        (b"text then \x00", "DOCUMENT_FORMAT_UNKNOWN"),
        ("été".encode("latin-1"), "TEXT_NOT_UTF8"),
        (b"a" * 10_000 + b"\xe9", "TEXT_NOT_UTF8"),
        ("été".encode("utf-16"), "TEXT_NOT_UTF8"),
    ],
)
def test_a_bad_file_is_refused_with_its_reason(data, code):
    with pytest.raises(Failure) as raised:
        check_file(BytesContent(data))
    assert raised.value.code == code
    assert raised.value.remedy()


def test_the_limit_is_a_parameter_and_is_named():
    with pytest.raises(Failure, match="DOCUMENT_TOO_LARGE") as raised:
        check_file(BytesContent(pdf()), limit=1000)
    assert "Mo" in raised.value.sentence()


def test_a_text_named_pdf_is_not_a_pdf():
    with pytest.raises(Failure, match="DOCUMENT_NOT_PDF"):
        check_pdf(BytesContent(b"hello"))
    check_pdf(BytesContent(pdf()))


def test_a_missing_file_is_unreadable(tmp_path):
    with pytest.raises(Failure, match="DOCUMENT_UNREADABLE"):
        check_file(FileContent(tmp_path / "absent.pdf"))


PIECES = st.sampled_from(
    [
        b"%PDF-1.7",
        b"%%EOF",
        b"startxref\n99999999999\n%%EOF",
        b"startxref\n0\n%%EOF",
        b"/Encrypt 1 0 R",
        b"II*\x00",
        b"\xff\xd8\xff",
        b"{\\rtf",
        b"\xff\xd9",
        b"}",
    ]
)


@settings(max_examples=200, deadline=None)
@given(st.lists(PIECES | st.binary(max_size=30), max_size=10))
def test_only_failures_escape_from_any_bytes(parts):
    content = BytesContent(b"".join(parts))
    for check in (check_file, check_pdf):
        try:
            check(content)
        except Failure as failure:
            assert failure.sentence()
