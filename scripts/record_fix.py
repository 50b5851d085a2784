"""What does `sixkeys fix` look like? Its output on a copy of examples/invoice, as the picture of the README.

python scripts/record_fix.py docs/fix.svg
"""

from __future__ import annotations

import re
import shutil
import sys
import tempfile
from pathlib import Path

from rich._export_format import CONSOLE_SVG_FORMAT
from rich.console import Console

from sixkeys.cli import common

EXAMPLE = Path(__file__).parent.parent / "examples" / "invoice"
FONTS = re.compile(r"@font-face \{\{.*?\}\}\n", re.DOTALL)
"""Fonts that the picture would fetch from elsewhere."""


def record(path: Path) -> int:
    """Writes the picture; the exit code of `sixkeys fix`."""
    console = common.console = Console(record=True, width=96, color_system="truecolor", force_terminal=False)
    from sixkeys.cli.fix import main

    with tempfile.TemporaryDirectory() as folder:
        root = Path(shutil.copytree(EXAMPLE, Path(folder) / "invoice"))
        common.say("$ sixkeys fix invoice", style="bold")
        code = main([str(root), "--report", str(Path(folder) / "invoice.html")])
    picture = console.export_svg(title="sixkeys fix", code_format=FONTS.sub("", CONSOLE_SVG_FORMAT))
    shorter = re.sub(rf' textLength="[^"]*"([^>]*>[^<]*){re.escape(folder)}/', r"\1", picture)
    path.write_text(shorter, encoding="utf-8")
    return code


if __name__ == "__main__":
    sys.exit(record(Path(sys.argv[1])))
