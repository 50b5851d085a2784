"""What does the computer look like in colours? The screen's text in, a picture in a tiny font out."""

from __future__ import annotations

import numpy as np

LINES, COLUMNS, SCALE = 20, 60, 2
"""Lines and columns of text that a picture has room for, and pixels on a side of a point."""
_SIGNS = "abcdefghijklmnopqrstuvwxyz0123456789>-:[]()_,"
_FONT = (
    "25755 65656 34443 65556 74647 74644 34553 55755 72227 11152 55655 44447 57755 65555 25552 65644 "
    "25563 65655 34216 72222 55557 55552 55775 55255 55222 71247 75557 26227 61247 61216 55711 74616 "
    "34757 71122 75757 75716 42124 00700 02020 64446 31113 24442 21112 00007 00024 "
)
"""The five rows of each sign, an octal digit each: its three bits are the points."""
_INK, _PAPER, _PANEL = (30, 34, 44), (250, 250, 246), (222, 228, 238)
_BAR, _FOCUS = (96, 140, 200), (255, 226, 130)
_GLYPHS = {
    sign: np.array([[int(row) >> bit & 1 for bit in (2, 1, 0)] for row in rows], bool)
    for sign, rows in zip(_SIGNS, _FONT.split(), strict=True)
}
"""bool [5, 3] by sign."""


def picture(text: str) -> np.ndarray:
    """uint8 [280, 480, 3]: notes on a panel, the window's title on a bar, the focused line marked."""
    image = np.empty((LINES, 7, COLUMNS, 4, 3), np.uint8)
    image[:] = _PAPER
    lines = text.splitlines()[:LINES]
    title = next((at for at, line in enumerate(lines) if line.startswith("---")), 0)
    image[:title] = _PANEL
    image[title] = _BAR
    for at, line in enumerate(lines):
        if line.startswith(">"):
            image[at] = _FOCUS
        for column, sign in enumerate((line.strip("- ") if at == title else line)[:COLUMNS]):
            if sign.lower() in _GLYPHS:
                image[at, 1:6, column, :3][_GLYPHS[sign.lower()]] = _INK
    flat = image.reshape(LINES * 7, COLUMNS * 4, 3)
    return flat.repeat(SCALE, axis=0).repeat(SCALE, axis=1)
