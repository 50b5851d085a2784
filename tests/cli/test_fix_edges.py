"""What does `sixkeys fix` answer where a repository is not as one would like it? Nothing is ever lost.

Runs use a bare virtual environment that has pytest, and a plugin named like ours that cannot be loaded.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from html.parser import HTMLParser
from importlib.metadata import files
from pathlib import Path

import pytest

from sixkeys.cli import main
from sixkeys.cli.fix import FIXED, NOT_FOUND
from sixkeys.cli.fix_search import Selection, chosen, selection
from sixkeys.cli.fix_write import apply, branch_possible, diff_of
from sixkeys.envs.repo.interpreter import InterpreterError, ask
from sixkeys.envs.repo.project import ProjectError, read
from sixkeys.envs.repo.runner import Runner

SOURCE = Path(__file__).parents[2] / "src"
CALC = "def clamp(x, low, high):\n    if x > high:\n        return low\n    return max(low, x)\n"
RIGHT = CALC.replace("return low", "return high")
TESTS = """from calc import clamp


def test_inside():
    assert clamp(2, 1, 3) == 2


def test_high():
    assert clamp(9, 1, 3) == 3
"""
SHOP = {"calc.py": CALC, "test_calc.py": TESTS, "pytest.ini": "[pytest]\nmarkers = slow\n"}
SIGNED = CALC.replace("\n", "\n    '{sign}'\n", 1)
ENCODED = {
    "windows.py": SIGNED.format(sign="hello").replace("\n", "\r\n").encode(),
    "mixed.py": SIGNED.format(sign="hello").replace("high:\n", "high:\r\n").encode(),
    "marked.py": b"\xef\xbb\xbf" + SIGNED.format(sign="h\u00e9llo").encode(),
    "latin.py": ("# coding: latin-1\n" + SIGNED.format(sign="h\u00e9llo")).encode("latin-1"),
}
MENDED = {name: body.replace(b"return low", b"return high") for name, body in ENCODED.items()}


@pytest.fixture(autouse=True)
def own_cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch):
    """Pages go there, not where the user's are."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A Python with pytest and an installed plugin `sixkeys` that no run may load."""
    folder = tmp_path_factory.mktemp("environment")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True)
    site = next(folder.glob("lib/python*/site-packages"))
    for name in ("pytest", "pluggy", "iniconfig", "packaging", "pygments"):
        for file in files(name) or ():
            if file.suffix == ".py" or file.name == "METADATA":
                (site / file).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(str(file.locate()), site / file)
    (site / "trap.py").write_text("raise SystemExit('our plugin was loaded inside')\n")
    (site / "trap-1.0.dist-info").mkdir()
    (site / "trap-1.0.dist-info" / "METADATA").write_text("Metadata-Version: 2.1\nName: trap\nVersion: 1.0\n")
    (site / "trap-1.0.dist-info" / "entry_points.txt").write_text("[pytest11]\nsixkeys = trap\n")
    return str(folder / "bin" / "python")


def lay(root: Path, files: dict[str, str] | dict[str, bytes]) -> Path:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(text.encode() if isinstance(text, str) else text)
    return root


def git(root: Path, *words: str, given: bytes | None = None) -> str:
    identity = ["-c", "user.name=me", "-c", "user.email=me@example.org"]
    command = ["git", "-C", str(root), *identity, *words]
    return subprocess.run(command, check=True, capture_output=True, input=given).stdout.decode()


def all_bytes(root: Path) -> dict[str, bytes]:
    found = (path for path in root.rglob("*") if path.is_file() and ".git" not in path.parts)
    return {str(path.relative_to(root)): path.read_bytes() for path in found}


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


# --- long runs ---


def start(root: Path, python: str, *words: str) -> subprocess.Popen[str]:
    """`sixkeys fix` in a process group of its own, with a folder for temporary files of its own."""
    temporary = root.parent / "temporary"
    temporary.mkdir()
    environment = {**os.environ, "PYTHONPATH": str(SOURCE), "TMPDIR": str(temporary)}
    command = [sys.executable, "-m", "sixkeys.cli", "fix", str(root), "--python", python, *words]
    return subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment,
        start_new_session=True,
    )  # fmt: skip


def until(process: subprocess.Popen[str], words: str) -> str:
    """What is said up to the line with these words; fails where they never come."""
    said, guard = "", threading.Timer(240, process.kill)
    guard.start()
    for line in process.stdout or ():
        said += line
        if words in line:
            break
    guard.cancel()
    if words in said:
        return said
    pytest.fail(f"{words!r} was never said: {said}{process.communicate()[1]}")


def concerned(root: Path) -> list[str]:
    """Processes that name this folder in their command line."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                words = (entry / "cmdline").read_bytes()
            except OSError:
                continue
            found += [words.decode(errors="replace")] if os.fsencode(root) in words else []
    return found


def gone(root: Path) -> None:
    """Looks until the kernel has done away with what was killed; fails where something lives on."""
    for _ in range(1000):
        if not concerned(root):
            return
        os.sched_yield()
    assert concerned(root) == []


def test_an_interrupt_leaves_nothing_behind(tmp_path: Path, python: str):
    body = "".join(f"    if x == {n}:\n        x = x + {n}\n" for n in range(60))
    tree = {"calc.py": f"def f(x):\n{body}    return x\n", "pytest.ini": "[pytest]\n"}
    tree["test_calc.py"] = "from calc import f\n\n\ndef test_f():\n    assert f(1) == f(1) + 1\n"
    root = lay(tmp_path / "shop", tree)
    process = start(root, python, "--apply")
    until(process, "Suspicious lines")
    assert concerned(root)
    os.killpg(process.pid, signal.SIGINT)
    said, errors = process.communicate(timeout=60)
    assert process.returncode == 130, said + errors
    assert "stopped" in errors
    assert "Traceback" not in errors
    gone(root)
    assert list((tmp_path / "temporary").iterdir()) == []
    assert all_bytes(root) == {name: text.encode() for name, text in tree.items()}


def test_watch_runs_again_when_a_file_is_saved(tmp_path: Path, python: str):
    root = lay(tmp_path / "shop", {**SHOP, "calc.py": RIGHT})
    process = start(root, python, "--watch", "--apply")
    assert "Nothing fails: 2 tests ran." in until(process, "Waiting for a change")
    (root / "calc.py").write_text(CALC)
    assert "Verdict: Fix 1 failing test (calc.py:3)." in until(process, "Changed calc.py.")
    assert "Nothing fails: 2 tests ran." in until(process, "Nothing fails")
    os.killpg(process.pid, signal.SIGINT)
    process.communicate(timeout=60)
    assert process.returncode == 130
    assert (root / "calc.py").read_text() == RIGHT
    gone(root)


def test_pytest_offers_a_repair_after_a_failing_run(tmp_path: Path):
    root = lay(tmp_path, SHOP)
    environment = {**os.environ, "PYTHONPATH": str(SOURCE)}
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-p",
        "sixkeys.cli.plugin",
        "-p",
        "no:cacheprovider",
        "-k",
        "high",
    ]

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run([*command, *words], cwd=root, capture_output=True, text=True, env=environment)

    assert "sixkeys fix" not in run().stdout
    applied = run("--sixkeys-apply")
    assert applied.returncode == pytest.ExitCode.TESTS_FAILED
    assert "+        return high" in applied.stdout
    assert "Verdict: Fix 1 failing test (calc.py:3)." in applied.stdout
    assert "1 of 1 failing tests pass" in applied.stdout
    assert (root / "calc.py").read_text() == RIGHT
    green = run("--sixkeys")
    assert (green.returncode, "sixkeys fix" in green.stdout) == (0, False)


def test_the_plugin_brings_nothing_heavy_with_it():
    script = (
        "import sys; before = set(sys.modules); import sixkeys.cli.plugin; print(set(sys.modules) - before)"
    )
    environment = {**os.environ, "PYTHONPATH": str(SOURCE)}
    command = [sys.executable, "-c", script]
    said = subprocess.run(command, capture_output=True, text=True, check=True, env=environment).stdout
    assert not {"rich", "tyro", "numpy", "gymnasium", "jinja2", "jax", "pytest"} & set(eval(said))
