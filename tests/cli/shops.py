"""A small repository with a bug, laid into a folder, and what is there afterwards."""

from __future__ import annotations

from pathlib import Path

CALC = "def clamp(x, low, high):\n    if x > high:\n        return low\n    return max(low, x)\n"
RIGHT = CALC.replace("return low", "return high")
TESTS = """from calc import clamp


def test_inside():
    assert clamp(2, 1, 3) == 2


def test_high():
    assert clamp(9, 1, 3) == 3
"""
SHOP = {"calc.py": CALC, "test_calc.py": TESTS, "pytest.ini": "[pytest]\nmarkers = slow\n"}


def lay(root: Path, files: dict[str, str] | dict[str, bytes]) -> Path:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(text.encode() if isinstance(text, str) else text)
    return root


def all_bytes(root: Path) -> dict[str, bytes]:
    found = (path for path in root.rglob("*") if path.is_file() and ".git" not in path.parts)
    return {str(path.relative_to(root)): path.read_bytes() for path in found}
