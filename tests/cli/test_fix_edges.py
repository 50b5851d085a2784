"""What does `sixkeys fix` answer where a repository is not as one would like it? Nothing is ever lost.

Runs use a bare virtual environment that has pytest, and a plugin named like ours that cannot be loaded.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest
from shops import CALC, RIGHT, SHOP, TESTS, all_bytes, lay

from sixkeys.cli import main
from sixkeys.cli.fix import FIXED, NOT_FOUND
from sixkeys.cli.fix_search import Selection, chosen, selection
from sixkeys.cli.fix_write import apply, branch_possible, diff_of
from sixkeys.envs.repo.interpreter import InterpreterError, ask
from sixkeys.envs.repo.project import ProjectError, read
from sixkeys.envs.repo.runner import Runner

pytestmark = pytest.mark.usefixtures("own_cache")
SIGNED = CALC.replace("\n", "\n    '{sign}'\n", 1)
ENCODED = {
    "windows.py": SIGNED.format(sign="hello").replace("\n", "\r\n").encode(),
    "mixed.py": SIGNED.format(sign="hello").replace("high:\n", "high:\r\n").encode(),
    "marked.py": b"\xef\xbb\xbf" + SIGNED.format(sign="h\u00e9llo").encode(),
    "latin.py": ("# coding: latin-1\n" + SIGNED.format(sign="h\u00e9llo")).encode("latin-1"),
}
MENDED = {name: body.replace(b"return low", b"return high") for name, body in ENCODED.items()}


def git(root: Path, *words: str, given: bytes | None = None) -> str:
    identity = ["-c", "user.name=me", "-c", "user.email=me@example.org"]
    command = ["git", "-C", str(root), *identity, *words]
    return subprocess.run(command, check=True, capture_output=True, input=given).stdout.decode()


# --- what is asked for ---


@pytest.mark.parametrize(
    ("words", "tests", "options"),
    [
        (["tests/test_a.py"], ["tests/test_a.py"], []),
        (["tests/test_a.py tests"], ["tests/test_a.py", "tests"], []),
        (["tests/test_a.py::test_b[it's a x]"], ["tests/test_a.py::test_b[it's a x]"], []),
        ([" -k", "a and not b"], [], ["-k", "a and not b"]),
        (["tests -k 'a and not b' -m slow"], ["tests"], ["-k", "a and not b", "-m", "slow"]),
        ([" -k=a", " -mslow"], [], ["-k", "a", "-m", "slow"]),
    ],
)
def test_what_is_asked_for_is_read_as_pytest_would(tmp_path: Path, words: list, tests: list, options: list):
    root = lay(tmp_path, {"tests/test_a.py": ""})
    assert selection(words, root) == Selection(tuple(tests), tuple(options))
    assert selection([f"{root}/tests/test_a.py::x"], root).tests == ("tests/test_a.py::x",)


@pytest.mark.parametrize(
    ("word", "said"),
    [
        ("no.py", "there is no no.py"),
        ("/etc/passwd", "there is no /etc/passwd"),
        (" -k", "needs an expression"),
        ("-p evil", "possible are files, node ids"),
        ("-k 'a", "No closing quotation"),
    ],
)
def test_what_cannot_be_asked_for_is_said(tmp_path: Path, word: str, said: str):
    with pytest.raises(ValueError, match=said):
        selection([word], tmp_path)


def test_expressions_choose_what_pytest_itself_chooses(tmp_path: Path, python: str):
    marked = TESTS.replace("def test_high", "import pytest\n\n\n@pytest.mark.slow\ndef test_high")
    project = read(lay(tmp_path, {**SHOP, "test_calc.py": marked}), python)
    high = ("test_calc.py::test_high",)
    with Runner(1, project=project) as runner:

        def those(*words: str) -> tuple[str, ...]:
            return chosen(runner, selection(words, project.root), 60.0)

        assert those(" -k high") == those("-m slow") == those("test_calc.py -k 'not inside'") == high
        assert those(" -k calc") == ("test_calc.py::test_inside", *high)
        with pytest.raises(ValueError, match=r"--test -k nothing: no test fits"):
            those(" -k nothing")
        with pytest.raises(ValueError, match=r"(?i)wrong expression passed to '-k': a and"):
            those(" -k 'a and'")


# --- environments ---


def test_a_python_that_will_not_do_is_named(tmp_path: Path, capsys: pytest.CaptureFixture):
    shop = lay(tmp_path / "shop", SHOP)
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(tmp_path / "bare")], check=True)
    assert main(["fix", str(shop), "--python", str(tmp_path / "bare/bin/python")]) == 2
    assert "has no pytest; install it there" in capsys.readouterr().err
    broken = lay(tmp_path, {"python": "#!/bin/sh\necho no such library >&2\nexit 127\n"}) / "python"
    with pytest.raises(InterpreterError, match="does not answer"):
        ask(str(broken))
    broken.chmod(0o755)
    with pytest.raises(InterpreterError, match="no such library; give another with --python"):
        ask(str(broken))
    (shop / ".venv/bin").mkdir(parents=True)
    (shop / ".venv/bin/python").symlink_to("/no/longer/there")
    with pytest.raises(InterpreterError, match=r"\.venv/bin/python does not answer"):
        read(shop)


def test_a_suite_that_hangs_is_given_up(tmp_path: Path, python: str, capsys: pytest.CaptureFixture):
    endless = TESTS + "\n\ndef test_endless():\n    while True:\n        pass\n"
    root = lay(tmp_path, {**SHOP, "test_calc.py": endless})
    assert main(["fix", str(root), "--python", python, "--suite-seconds", "2"]) == 2
    said = " ".join(capsys.readouterr().err.split())
    assert "did not end within 2 seconds" in said
    assert "test_calc.py::test_endless" in said
    assert "--suite-seconds" in said


# --- files as they are ---


class Seen(HTMLParser):
    """Tags and text of a page, which may not do or fetch anything."""

    def __init__(self, text: str):
        super().__init__()
        self.tags: list[str] = []
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list):
        self.tags.append(tag)
        assert not [name for name, _ in attrs if name.startswith("on") or name == "src"]

    def handle_data(self, data: str):
        self.text += data


def test_line_ends_encodings_and_hostile_names_are_kept(
    tmp_path: Path, python: str, capsys: pytest.CaptureFixture
):
    """Uncommitted bugs in four kinds of files, in one repository with an odd name."""
    root = tmp_path / "caf\u00e9 \u5e97 <b>"
    test = "import pytest\n\n\n"
    for stem in (name.removesuffix(".py") for name in ENCODED):
        test += f"@pytest.mark.parametrize('x', ['<script>&amp;'])\ndef test_{stem}(x):\n    import {stem}\n"
        test += f"    assert {stem}.clamp(9, 1, 3) == 3\n"
        test += f"    assert ord({stem}.clamp.__doc__[1]) in (233, 101)\n\n\n"
    lay(root, MENDED)
    git(root, "init", "-q")
    git(root, "add", ".")
    git(root, "commit", "-q", "-m", "all is well")
    lay(root, {**ENCODED, "test_new.py": test.encode(), "real/data.txt": b"x"})
    (root / "alias").symlink_to("real")
    (root / "outside").symlink_to("/etc/passwd")
    page = tmp_path / "page" / "report.html"
    assert main(["fix", str(root), "--python", python, "--apply", "--report", str(page)]) == FIXED
    said = capsys.readouterr().out
    assert "not copied: outside (a link that leads outside)" in said
    assert f"Full report: {page}" in said.replace("\n", "")
    assert "\r" not in said
    assert {name: (root / name).read_bytes() for name in MENDED} == MENDED
    assert sorted(os.listdir(root)) == sorted([".git", "alias", "outside", "real", "test_new.py", *MENDED])
    assert git(root, "status", "--porcelain", "-uno") == ""
    seen = Seen(page.read_text())
    assert "script" not in seen.tags
    assert "b" in seen.tags
    assert "test_windows[<script>&amp;]" in seen.text
    assert f"{root}" in seen.text
    assert "+        return high" in seen.text


def test_a_diff_is_what_git_takes(tmp_path: Path):
    root = lay(tmp_path / "a b \u00e9", {f"in \u00e9/{name}": body for name, body in ENCODED.items()})
    project = read(root)
    changed = {name: text.replace("return low", "return high") for name, text in project.sources().items()}
    assert len(changed) == 4
    before = all_bytes(root)
    diff = diff_of(project, changed).encode("utf-8", "surrogateescape")
    git(root, "init", "-q")
    git(root, "apply", given=diff)
    by_git = all_bytes(root)
    lay(root, before)
    apply(project, changed)
    assert all_bytes(root) == by_git == {f"in \u00e9/{name}": body for name, body in MENDED.items()}


@contextlib.contextmanager
def nobody() -> Iterator[None]:
    """Without root's right to write everywhere."""
    before = os.geteuid()
    os.seteuid(before or 65534)
    try:
        yield
    finally:
        os.seteuid(before)


def test_a_tree_that_cannot_be_written_stays_as_it_is():
    with tempfile.TemporaryDirectory() as folder:
        root = lay(Path(folder), {"a/one.py": CALC, "b/two.py": CALC, "pytest.ini": ""})
        project = read(root)
        for path, mode in ((root, 0o755), (root / "a", 0o777), (root / "b", 0o555)):
            path.chmod(mode)
        said = (
            r"b/two\.py cannot be written \(Permission denied\); nothing was changed.* --diff prints it alone"
        )
        with pytest.raises(ValueError, match=said), nobody():
            apply(project, {"a/one.py": RIGHT, "b/two.py": RIGHT})
        assert all_bytes(root) == {"a/one.py": CALC.encode(), "b/two.py": CALC.encode(), "pytest.ini": b""}
        (root / "b").chmod(0o755)


def test_a_file_keeps_its_owner(tmp_path: Path):
    if os.geteuid():
        pytest.skip("only root can give files away")
    root = lay(tmp_path, SHOP)
    os.chown(root / "calc.py", 1234, 4321)
    apply(read(root), {"calc.py": RIGHT})
    state = (root / "calc.py").stat()
    assert (state.st_uid, state.st_gid, (root / "calc.py").read_text()) == (1234, 4321, RIGHT)


def test_a_branch_that_cannot_be_made_is_refused_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path))
    root = lay(tmp_path / "shop", SHOP)
    with pytest.raises(ValueError, match=r"git rev-parse refused: .*not a git repository"):
        branch_possible(root, "repair")
    git(root, "init", "-q", "-b", "main")
    with pytest.raises(ValueError, match="git rev-parse refused"):
        branch_possible(root, "repair")
    git(root, "add", ".")
    git(root, "commit", "-q", "-m", "all")
    monkeypatch.setenv("GIT_COMMITTER_NAME", "me")
    monkeypatch.setenv("GIT_COMMITTER_EMAIL", "me@example.org")
    branch_possible(root, "repair")
    with pytest.raises(ValueError, match="there is a branch main already"):
        branch_possible(root, "main")
    with pytest.raises(ValueError, match="git check-ref-format refused"):
        branch_possible(root, "no..name")


# --- odd trees ---


def test_trees_that_are_too_large_or_empty_are_refused(tmp_path: Path):
    for number in range(14):
        lay(tmp_path, {f"large/{number}.bin": b""})
        os.truncate(tmp_path / f"large/{number}.bin", 7 << 20)
    lay(tmp_path, {"large/pytest.ini": "", "huge/a.py": "", "huge/pytest.ini": "", "huge/film.bin": b""})
    os.truncate(tmp_path / "huge/film.bin", 9 << 20)
    with pytest.raises(
        ProjectError, match=r"more than 96 MB in the sandbox; let git ignore what no test needs"
    ):
        read(tmp_path / "large")
    assert read(tmp_path / "huge").left_out == ("film.bin (larger than 8 MB)",)
    (tmp_path / "empty").mkdir()
    with pytest.raises(ProjectError, match="holds no Python file"):
        read(tmp_path / "empty")
    (tmp_path / "huge/many").mkdir()
    for number in range(20_001):
        os.mknod(tmp_path / f"huge/many/{number}")
    with pytest.raises(ProjectError, match=r"more than 20,000 files; let git ignore"):
        read(tmp_path / "huge")


def test_what_does_not_parse_is_named(tmp_path: Path, python: str, capsys: pytest.CaptureFixture):
    """A source and a test with syntax errors, and a test that fails only in company, beside a healthy one."""
    tree = {
        "calc.py": "def clamp(x:\n    return x\n", "test_calc.py": TESTS,
        "test_half.py": "def test_half(:\n    pass\n", "fine.py": "x = []\n",
        "test_order.py": "import fine\n\n\ndef test_first():\n    fine.x.append(1)\n\n\n"
        "def test_second():\n    assert fine.x == []\n",
    }  # fmt: skip
    root = lay(tmp_path, tree)
    assert main(["fix", str(root), "--python", python, "--apply"]) == NOT_FOUND
    said = capsys.readouterr().out
    assert "flaky, so left alone: test_order.py::test_second failed and then passed" in said
    assert "No repair was found" in said
    assert "it does not parse, and that is for you to mend: calc.py:1  SyntaxError: '(' was never" in said
    assert "test_half.py:1  SyntaxError: invalid syntax" in said
    assert all_bytes(root) == {name: text.encode() for name, text in tree.items()}
