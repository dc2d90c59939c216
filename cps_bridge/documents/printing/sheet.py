"""The look that all sheets share: an A4 page with a band, blocks, labelled rows, a frame that cannot be missed."""

from __future__ import annotations

import io
from collections.abc import Sequence
from html import escape
from pathlib import Path
from typing import Any

from cps_bridge.documents.printing.wording import french

INK = "#1d2733"
BLUE = "#0b4f8a"
PALE = "#eaf2f9"
GREY = "#5a6672"
AMBER = "#8a4b00"
AMBER_PALE = "#fdf3e3"
_MARGIN = 51
_BAND = 86
_WIDTH = 595.28 - 2 * _MARGIN


class Sheet:
    """One document being composed; ``pdf()`` gives its bytes. Texts are plain; they are escaped here."""

    def __init__(self, title: str, subtitle: str, *, specimen: bool = False) -> None:
        _register_fonts()
        self._title, self._subtitle, self._specimen = french(title), french(subtitle), specimen
        self._story: list[Any] = []

    def heading(self, text: str) -> None:
        """Open a block with its heading."""
        self._story += [self._space(12), self._paragraph(text, size=11.5, bold=True, colour=BLUE, attached=True)]
        self._story += [self._space(4)]

    def text(self, text: str, *, bold: bool = False) -> None:
        """Add a paragraph."""
        self._story += [self._paragraph(text, bold=bold), self._space(4)]

    def bullets(self, items: Sequence[tuple[str, str]]) -> None:
        """Add a list of (bold beginning, rest)."""
        for beginning, rest in items:
            markup = f"<b>{_safe(beginning)}</b> {_safe(rest)}"
            self._story += [self._markup(markup, indent=14, bullet="\u2022"), self._space(4)]

    def steps(self, items: Sequence[str]) -> None:
        """Add a numbered list."""
        for number, item in enumerate(items, start=1):
            self._story += [self._markup(_safe(item), indent=16, bullet=f"{number}."), self._space(4)]

    def rows(self, rows: Sequence[tuple[str, str]]) -> None:
        """Add labelled rows on a pale ground."""
        cells = [[self._paragraph(name, colour=GREY), self._paragraph(value, bold=True)] for name, value in rows]
        self._story.append(self._whole(self._table(cells, (150, _WIDTH - 150), PALE)))

    def frame(self, title: str, lines: Sequence[str]) -> None:
        """Add a framed reminder."""
        cells = [[self._paragraph(title, size=11, bold=True, colour=AMBER)]]
        cells += [[self._paragraph(each)] for each in lines]
        self._story += [self._space(12), self._whole(self._table(cells, (_WIDTH,), AMBER_PALE, edge=AMBER))]

    def secret(self, label: str, value: str, spelling: str) -> None:
        """Add a secret in large type with its spelling below."""
        cells = [
            [self._paragraph(label, colour=GREY)],
            [self._markup(_safe(value), size=21, font=_secret_font(value))],
            [self._paragraph(spelling, size=8.5, colour=GREY)],
        ]
        self._story += [self._space(6), self._whole(self._table(cells, (_WIDTH,), PALE, edge=BLUE))]

    def signature_places(self, labels: Sequence[str]) -> None:
        """Add places to sign by hand."""
        width = _WIDTH / len(labels)
        cells = [[self._paragraph(each, size=9, colour=GREY) for each in labels], [self._space(40)] * len(labels)]
        table = self._table(cells, (width,) * len(labels), "#ffffff", edge="#b8c2cc")
        self._story += [self._space(14), self._whole(table)]

    def pdf(self) -> bytes:
        """Lay the sheet out and give it as PDF bytes."""
        from reportlab.lib.pagesizes import A4
        from reportlab.platypus import SimpleDocTemplate

        out = io.BytesIO()
        template = SimpleDocTemplate(
            out,
            pagesize=A4,
            leftMargin=_MARGIN - 6,
            rightMargin=_MARGIN - 6,
            topMargin=_BAND + 2,
            bottomMargin=46,
            title=self._title,
            author="CPS Bridge",
            lang="fr-FR",
        )
        template.build(self._story, onFirstPage=self._decorate, onLaterPages=self._decorate)
        return out.getvalue()

    def _decorate(self, canvas: Any, _template: Any) -> None:
        from reportlab.lib.colors import HexColor

        width, height = canvas._pagesize
        canvas.saveState()
        canvas.setFillColor(HexColor(BLUE))
        canvas.rect(0, height - _BAND, width, _BAND, stroke=0, fill=1)
        canvas.setFillColor(HexColor("#ffffff"))
        canvas.setFont("Vera-Bold", 19)
        canvas.drawString(_MARGIN, height - 46, self._title)
        canvas.setFont("Vera", 10.5)
        canvas.drawString(_MARGIN, height - 66, self._subtitle)
        if self._specimen:
            self._draw_specimen(canvas, width, height)
        canvas.setFillColor(HexColor(GREY))
        canvas.setFont("Vera", 7.5)
        canvas.drawString(_MARGIN, 28, "Feuille établie par CPS Bridge")
        canvas.drawRightString(width - _MARGIN, 28, f"Page {canvas.getPageNumber()}")
        canvas.restoreState()

    def _draw_specimen(self, canvas: Any, width: float, height: float) -> None:
        from reportlab.lib.colors import HexColor

        label = french("IDENTITÉ DE TEST : SANS VALEUR")
        room = canvas.stringWidth(label, "Vera-Bold", 8) + 16
        canvas.setFillColor(HexColor("#ffffff"))
        canvas.roundRect(width - _MARGIN - room, height - 71, room, 16, 3, stroke=0, fill=1)
        canvas.setFillColor(HexColor(AMBER))
        canvas.setFont("Vera-Bold", 8)
        canvas.drawString(width - _MARGIN - room + 8, height - 65.5, label)

    def _whole(self, part: Any) -> Any:
        from reportlab.platypus import KeepTogether

        return KeepTogether([part])

    def _paragraph(
        self, text: str, *, size: float = 9.5, bold: bool = False, colour: str = INK, attached: bool = False
    ) -> Any:
        font = "Vera-Bold" if bold else "Vera"
        return self._markup(_safe(text), size=size, font=font, colour=colour, attached=attached)

    def _markup(
        self,
        markup: str,
        *,
        size: float = 9.5,
        font: str = "Vera",
        colour: str = INK,
        indent: float = 0,
        bullet: str | None = None,
        attached: bool = False,
    ) -> Any:
        from reportlab.lib.styles import ParagraphStyle
        from reportlab.platypus import Paragraph

        style = ParagraphStyle(
            "line",
            fontName=font,
            fontSize=size,
            leading=size * 1.42,
            textColor=colour,
            leftIndent=indent,
            bulletFontName=font,
            bulletFontSize=size,
            keepWithNext=attached,
        )
        return Paragraph(markup, style, bulletText=bullet)

    def _space(self, height: float) -> Any:
        from reportlab.platypus import Spacer

        return Spacer(1, height)

    def _table(self, cells: list[list[Any]], widths: tuple[float, ...], ground: str, *, edge: str = "") -> Any:
        from reportlab.lib.colors import HexColor
        from reportlab.platypus import Table

        style: list[tuple[Any, ...]] = [
            ("BACKGROUND", (0, 0), (-1, -1), HexColor(ground)),
            ("VALIGN", (0, 0), (-1, -1), "TOP"),
            ("LEFTPADDING", (0, 0), (-1, -1), 10),
            ("RIGHTPADDING", (0, 0), (-1, -1), 10),
            ("TOPPADDING", (0, 0), (-1, -1), 3),
            ("BOTTOMPADDING", (0, 0), (-1, -1), 3),
            ("TOPPADDING", (0, 0), (-1, 0), 8),
            ("BOTTOMPADDING", (0, -1), (-1, -1), 8),
        ]
        if edge:
            style.append(("BOX", (0, 0), (-1, -1), 1.1, HexColor(edge)))
        return Table(cells, colWidths=widths, style=style)


def _safe(text: str) -> str:
    return escape(french(text), quote=False)


def _secret_font(value: str) -> str:
    return "Courier-Bold" if value.isascii() else "Vera-Bold"


def _register_fonts() -> None:
    """Embed Bitstream Vera, which comes with reportlab: accents and metrics do not depend on the machine."""
    import reportlab
    from reportlab.pdfbase import pdfmetrics
    from reportlab.pdfbase.ttfonts import TTFont

    if "Vera" in pdfmetrics.getRegisteredFontNames():
        return
    folder = Path(reportlab.__file__).parent / "fonts"
    for name, file in (("Vera", "Vera.ttf"), ("Vera-Bold", "VeraBd.ttf")):
        pdfmetrics.registerFont(TTFont(name, str(folder / file)))
    pdfmetrics.registerFontFamily("Vera", normal="Vera", bold="Vera-Bold", italic="Vera", boldItalic="Vera-Bold")
