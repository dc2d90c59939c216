"""From tokens to what Qt understands: palette, style sheet, font, and the appearance in force."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QFont, QPalette
from PySide6.QtWidgets import QApplication, QWidget

from gui import tokens as t


class Appearance:
    """The palette in force; pieces that paint themselves read it at each paint."""

    palette: t.Palette = t.LIGHT

    @classmethod
    def colour(cls, name: str) -> QColor:
        """Give one colour of the palette in force."""
        return QColor(getattr(cls.palette, name))


def apply(app: QApplication, choice: str = "system") -> None:
    """Dress the application; choice: "light", "dark", or "system" for what the desktop says."""
    dark = choice == "dark" or (choice == "system" and app.styleHints().colorScheme() is Qt.ColorScheme.Dark)
    Appearance.palette = t.DARK if dark else t.LIGHT
    app.setStyle("Fusion")
    app.setFont(font())
    app.setPalette(_qt_palette())
    app.setStyleSheet(sheet(Appearance.palette))


def font(pixels: int = t.BODY_TEXT, *, strong: bool = False) -> QFont:
    """Give the one family of the window: the system's, then open fonts; figures of one width."""
    made = QFont()
    made.setFamilies([made.family(), *t.FALLBACK_FAMILIES])
    made.setPixelSize(pixels)
    made.setWeight(QFont.Weight.DemiBold if strong else QFont.Weight.Normal)
    made.setFeature(QFont.Tag("tnum"), 1)
    return made


def _qt_palette() -> QPalette:
    roles = {
        QPalette.ColorRole.Window: "ground",
        QPalette.ColorRole.Base: "paper",
        QPalette.ColorRole.AlternateBase: "raised",
        QPalette.ColorRole.Text: "ink",
        QPalette.ColorRole.WindowText: "ink",
        QPalette.ColorRole.Button: "paper",
        QPalette.ColorRole.ButtonText: "ink",
        QPalette.ColorRole.Highlight: "primary",
        QPalette.ColorRole.HighlightedText: "on_primary",
        QPalette.ColorRole.PlaceholderText: "secondary",
        QPalette.ColorRole.ToolTipBase: "paper",
        QPalette.ColorRole.ToolTipText: "ink",
    }
    made = QPalette()
    for role, name in roles.items():
        made.setColor(role, Appearance.colour(name))
    return made


def mark(widget: QWidget, **properties: object) -> None:
    """Set the properties that the style sheet looks at, and dress the widget again when one changed."""
    changed = [name for name, value in properties.items() if widget.property(name) != value]
    for name in changed:
        widget.setProperty(name, properties[name])
    if changed and widget.testAttribute(Qt.WidgetAttribute.WA_WState_Polished):
        widget.style().unpolish(widget)
        widget.style().polish(widget)
        widget.update()


def sheet(p: t.Palette) -> str:
    """Write the style sheet of one palette."""
    return "\n".join((_texts(p), _frames(p), _buttons(p), _fields(p), _lists(p), _tones(p)))


def _texts(p: t.Palette) -> str:
    return f"""
    QLabel {{ color: {p.ink}; background: transparent; }}
    QLabel[role="secondary"] {{ color: {p.secondary}; font-size: {t.SECONDARY_TEXT}px; }}
    QLabel[role="muted"] {{ color: {p.secondary}; }}
    QLabel[role="strong"] {{ font-weight: 600; }}
    QLabel[role="trait"] {{ font-size: {t.TRAIT_TEXT}px; font-weight: 600; }}
    QLabel[role="title"] {{ font-size: {t.TITLE_TEXT}px; font-weight: 600; }}
    QLabel[role="figure"] {{ font-size: {t.FIGURE_TEXT}px; font-weight: 600; }}
    QLabel[tone="danger"] {{ color: {p.danger}; }}
    QLabel[tone="warning"] {{ color: {p.warning}; }}
    QLabel[tone="success"] {{ color: {p.success}; }}
    QToolTip {{ color: {p.ink}; background: {p.paper}; border: {t.HAIR}px solid {p.line}; padding: {t.TIGHT}px; }}
    """


def _frames(p: t.Palette) -> str:
    return f"""
    QWidget#window, QWidget#stack, QScrollArea, QWidget[ground="ground"] {{ background: {p.ground}; }}
    QWidget[ground="paper"], QScrollArea[on="paper"] {{ background: {p.paper}; }}
    QScrollArea {{ border: none; }}
    QFrame[frame="panel"] {{ background: {p.paper}; border: {t.HAIR}px solid {p.line};
        border-radius: {t.RADIUS_PANEL}px; }}
    QFrame[frame="strip"] {{ background: {p.paper}; border: none; border-bottom: {t.HAIR}px solid {p.line}; }}
    QFrame[frame="rail"] {{ background: {p.paper}; border: none; border-right: {t.HAIR}px solid {p.line}; }}
    QFrame[frame="drawer"] {{ background: {p.paper}; border: none; border-left: {t.HAIR}px solid {p.line}; }}
    QFrame[frame="well"] {{ background: {p.raised}; border: none; border-radius: {t.RADIUS_CONTROL}px; }}
    QFrame[frame="rule"] {{ background: {p.line}; border: none; max-height: {t.HAIR}px; min-height: {t.HAIR}px; }}
    QFrame[frame="chip"] {{ background: {p.ground}; border: {t.HAIR}px solid {p.line};
        border-radius: {t.RADIUS_CONTROL}px; }}
    QFrame[frame="chip"][state="present"] {{ background: {p.paper}; border-color: {p.primary}; }}
    QFrame[frame="chip"][state="error"] {{ background: {p.danger_soft}; border-color: {p.danger}; }}
    QFrame[frame="chip"][state="locked"] {{ background: {p.warning_soft}; border-color: {p.warning}; }}
    QScrollBar:vertical {{ background: transparent; width: 10px; margin: 0; }}
    QScrollBar:horizontal {{ background: transparent; height: 10px; margin: 0; }}
    QScrollBar::handle {{ background: {p.field_line}; border-radius: 3px; margin: 2px; min-height: 32px; }}
    QScrollBar::add-line, QScrollBar::sub-line {{ width: 0; height: 0; }}
    QScrollBar::add-page, QScrollBar::sub-page {{ background: transparent; }}
    """


def _buttons(p: t.Palette) -> str:
    return f"""
    QPushButton {{ color: {p.ink}; background: {p.paper}; border: {t.HAIR}px solid {p.field_line};
        border-radius: {t.RADIUS_CONTROL}px; padding: 0 {t.BETWEEN}px; min-height: {t.CONTROL_HEIGHT - 2}px; }}
    QPushButton:hover {{ background: {p.raised}; }}
    QPushButton:pressed {{ background: {p.line}; }}
    QPushButton:disabled {{ color: {p.disabled_ink}; background: {p.disabled_ground}; border-color: {p.line}; }}
    QPushButton[kind="primary"] {{ color: {p.on_primary}; background: {p.primary}; border-color: {p.primary};
        font-size: {t.TRAIT_TEXT}px; font-weight: 600; min-height: {t.PRIMARY_HEIGHT - 2}px;
        padding: 0 {t.PAGE}px; }}
    QPushButton[kind="primary"]:hover {{ background: {p.primary_hover}; border-color: {p.primary_hover}; }}
    QPushButton[kind="primary"]:disabled {{ color: {p.disabled_ink}; background: {p.disabled_ground};
        border-color: {p.disabled_ground}; }}
    QPushButton[kind="danger"] {{ color: {p.on_emergency}; background: {p.emergency}; border-color: {p.emergency};
        font-size: {t.TRAIT_TEXT}px; font-weight: 600; min-height: {t.PRIMARY_HEIGHT - 2}px; padding: 0 {t.PAGE}px; }}
    QPushButton[kind="danger"]:disabled {{ color: {p.disabled_ink}; background: {p.disabled_ground};
        border-color: {p.disabled_ground}; }}
    QPushButton[kind="band"] {{ color: {p.ink}; background: {p.paper}; border-color: {p.paper}; font-weight: 600; }}
    QPushButton[kind="link"] {{ color: {p.primary}; background: transparent; border: none; padding: 0;
        text-align: left; min-height: 28px; }}
    QPushButton[kind="link"]:hover {{ text-decoration: underline; }}
    QPushButton[kind="rail"] {{ color: {p.secondary}; background: transparent; border: none; text-align: left;
        padding: 0 {t.INNER}px; min-height: 40px; }}
    QPushButton[kind="rail"]:hover {{ background: {p.raised}; color: {p.ink}; }}
    QPushButton[kind="rail"]:checked {{ background: {p.primary_soft}; color: {p.primary}; font-weight: 600; }}
    QPushButton[kind="filter"] {{ border-radius: 14px; min-height: 26px; padding: 0 {t.INNER}px;
        font-size: {t.SECONDARY_TEXT}px; }}
    QPushButton[kind="filter"]:checked {{ background: {p.primary_soft}; color: {p.primary};
        border-color: {p.primary}; font-weight: 600; }}
    QPushButton[kind="strip"] {{ background: transparent; border: none; padding: 0 {t.GROUP}px; }}
    QPushButton[kind="strip"]:hover {{ background: {p.raised}; }}
    QPushButton[kind="strip"][tone="warning"] {{ color: {p.warning}; }}
    QPushButton[kind="strip"][tone="danger"] {{ color: {p.danger}; }}
    QPushButton[kind="strip"][tone="success"] {{ color: {p.success}; }}
    """


def _fields(p: t.Palette) -> str:
    return f"""
    QLineEdit, QPlainTextEdit {{ placeholder-text-color: {p.secondary}; }}
    QLineEdit, QPlainTextEdit, QComboBox {{ color: {p.ink}; background: {p.paper};
        border: {t.HAIR}px solid {p.field_line}; border-radius: {t.RADIUS_CONTROL}px; padding: 0 {t.GROUP}px;
        min-height: {t.CONTROL_HEIGHT - 2}px; selection-background-color: {p.primary};
        selection-color: {p.on_primary}; }}
    QPlainTextEdit {{ padding: {t.TIGHT}px; }}
    QLineEdit:focus, QPlainTextEdit:focus, QComboBox:focus {{ border: {t.RING}px solid {p.focus}; }}
    QLineEdit[wrong="true"] {{ border: {t.RING}px solid {p.danger}; }}
    QLineEdit:focus, QComboBox:focus, QLineEdit[wrong="true"] {{
        padding: 0 {t.GROUP - t.RING + t.HAIR}px; min-height: {t.CONTROL_HEIGHT - 2 * t.RING}px; }}
    QPlainTextEdit:focus {{ padding: {t.TIGHT - t.RING + t.HAIR}px; min-height: {t.CONTROL_HEIGHT - 2 * t.RING}px; }}
    QLineEdit:disabled, QComboBox:disabled {{ color: {p.disabled_ink}; background: {p.disabled_ground}; }}
    QComboBox::drop-down {{ border: none; width: 28px; }}
    QComboBox QAbstractItemView {{ background: {p.paper}; color: {p.ink}; border: {t.HAIR}px solid {p.line};
        selection-background-color: {p.primary_soft}; selection-color: {p.primary}; outline: none; }}
    """


def _lists(p: t.Palette) -> str:
    return f"""
    QListView, QTableView {{ background: {p.paper}; color: {p.ink}; border: {t.HAIR}px solid {p.line};
        border-radius: {t.RADIUS_PANEL}px; outline: none; gridline-color: {p.line}; }}
    QListView:focus, QTableView:focus {{ border: {t.RING}px solid {p.focus}; }}
    QTableView::item {{ padding: 0 {t.GROUP}px; border-bottom: {t.HAIR}px solid {p.line}; }}
    QTableView::item:selected {{ background: {p.primary_soft}; color: {p.ink}; }}
    QHeaderView {{ background: {p.paper}; border: none; }}
    QHeaderView::section {{ background: {p.paper}; color: {p.secondary}; border: none;
        border-bottom: {t.HAIR}px solid {p.line}; padding: {t.GROUP}px; font-size: {t.SECONDARY_TEXT}px; }}
    QProgressBar {{ background: {p.raised}; border: none; border-radius: 3px; max-height: 6px; min-height: 6px; }}
    QProgressBar::chunk {{ background: {p.primary}; border-radius: 3px; }}
    """


def _tones(p: t.Palette) -> str:
    tones = {
        "info": (p.primary_soft, p.primary),
        "success": (p.success_soft, p.success),
        "warning": (p.warning_soft, p.warning),
        "danger": (p.danger_soft, p.danger),
    }
    rules = [
        f"""
        QFrame[frame="message"][tone="{tone}"] {{ background: {soft}; border: {t.HAIR}px solid {strong};
            border-radius: {t.RADIUS_CONTROL}px; }}
        QLabel[role="tag"][tone="{tone}"] {{ color: {strong}; background: {soft}; }}
        """
        for tone, (soft, strong) in tones.items()
    ]
    return (
        "".join(rules)
        + f"""
    QLabel[role="tag"] {{ color: {p.secondary}; background: {p.raised}; border-radius: {t.TIGHT}px;
        padding: 2px {t.GROUP}px; font-size: {t.SECONDARY_TEXT}px; font-weight: 600; }}
    QFrame[frame="choice"] {{ background: {p.paper}; border: {t.HAIR}px solid {p.field_line};
        border-radius: {t.RADIUS_PANEL}px; }}
    QFrame[frame="choice"][chosen="true"] {{ background: {p.primary_soft}; border: {t.RING}px solid {p.primary}; }}
    QFrame[frame="choice"][focused="true"] {{ border: {t.RING}px solid {p.focus}; }}
    QFrame[frame="emergency"] {{ background: {p.emergency}; border: none; }}
    QFrame[frame="regulation"] {{ background: {p.regulation}; border: none; }}
    QFrame[frame="emergency"] QLabel {{ color: {p.on_emergency}; }}
    QFrame[frame="regulation"] QLabel {{ color: {p.on_regulation}; }}
    """
    )
