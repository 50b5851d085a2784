"""What does the computer look like in colours? The screen's text in, a picture in a tiny font out."""

from __future__ import annotations

import numpy as np

LINES, COLUMNS, SCALE = 20, 60, 2
"""Lines and columns of text that a picture has room for, and pixels on a side of a point."""
_FONT = {
    "a": "25755", "b": "65656", "c": "34443", "d": "65556", "e": "74647", "f": "74644", "g": "34553",
    "h": "55755", "i": "72227", "j": "11152", "k": "55655", "l": "44447", "m": "57755", "n": "65555",
    "o": "25552", "p": "65644", "q": "25563", "r": "65655", "s": "34216", "t": "72222", "u": "55557",
    "v": "55552", "w": "55775", "x": "55255", "y": "55222", "z": "71247", "0": "75557", "1": "26227",
    "2": "61247", "3": "61216", "4": "55711", "5": "74616", "6": "34757", "7": "71122", "8": "75757",
    "9": "75716", ">": "42124", "-": "00700", ":": "02020", "[": "64446", "]": "31113", "(": "24442",
    ")": "21112", "_": "00007", ",": "00024",
}  # fmt: skip
"""A sign's five rows, an octal digit each: its three bits are the points."""
_INK, _PAPER, _PANEL, _BAR, _FOCUS = (
    (30, 34, 44),
    (250, 250, 246),
    (222, 228, 238),
    (96, 140, 200),
    (255, 226, 130),
)


def _glyph(sign: str) -> np.ndarray:
    """bool [6, 4]: a sign's points with room around them; none where the font has no such sign."""
    points = np.zeros((6, 4), bool)
    rows = [int(digit) for digit in _FONT.get(sign.lower(), "00000")]
    points[:5, :3] = np.array(rows)[:, None] >> np.array([2, 1, 0]) & 1
    return points


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
        shown = line.strip("- ") if at == title else line
        for column, sign in enumerate(shown[:COLUMNS]):
            image[at, 1:, column][_glyph(sign)] = _INK
    flat = image.reshape(LINES * 7, COLUMNS * 4, 3)
    return flat.repeat(SCALE, axis=0).repeat(SCALE, axis=1)
