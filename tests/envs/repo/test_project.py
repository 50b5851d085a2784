"""Is a repository read as it is, its runs like a cold pytest's, and is nothing of it touched?"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

from sixkeys.envs.repo import sandbox
from sixkeys.envs.repo.interpreter import InterpreterError, ask, here
from sixkeys.envs.repo.project import ProjectError, read
from sixkeys.envs.repo.runner import Runner

CONFTEST = """import pytest
from shop import total


@pytest.fixture(scope="session")
def prices(tmp_path_factory):
    return [1, 2, total([3])]
"""
BASKET = """import json


def total(prices):
    if not prices:
        return 0
    return sum(prices)
"""
TESTS = """import os
import pytest
from shop.basket import total


def test_sum(prices):
    assert total(prices) == 6


def test_empty():
    assert total([]) == 0


@pytest.mark.parametrize("n", [1, 2])
def test_many(n, monkeypatch, tmp_path):
    (tmp_path / "x").write_text("y")
    open("left_behind.txt", "w").close()
    assert total([n] * n) == n * n


@pytest.mark.slow
def test_slow():
    assert False


@pytest.mark.xfail
def test_wrong():
    assert total([1]) == 2


@pytest.mark.skipif(True, reason="no")
def test_skipped():
    pass


class TestThere:
    def test_data(self):
        assert open("data/one.txt").read() == "one"
"""
PYPROJECT = """[tool.pytest.ini_options]
markers = ["slow"]
addopts = "-m 'not slow' --strict-markers"
"""
FILES = {
    "pyproject.toml": PYPROJECT, "src/shop/__init__.py": "from shop.basket import total\n",
    "src/shop/basket.py": BASKET, "tests/conftest.py": CONFTEST, "tests/test_basket.py": TESTS,
    "data/one.txt": "one",
}  # fmt: skip
THREADED = "import threading, time\nthreading.Thread(target=time.sleep, args=(1e6,), daemon=True).start()\n"
AHEAD = """import os, sys
sys.path[:0] = sys.argv[1:]
import keeper
print(keeper.imported_ahead(["json", "no_such_module", "threaded"][:int(sys.argv.pop())]), flush=True)
os._exit(0)
"""
BROKEN = FILES["src/shop/basket.py"].replace("return 0", "return 1")
GREEN = {
    "tests/test_basket.py::test_sum": "passed",
    "tests/test_basket.py::test_empty": "passed",
    "tests/test_basket.py::test_many[1]": "passed",
    "tests/test_basket.py::test_many[2]": "passed",
    "tests/test_basket.py::test_wrong": "xfailed",
    "tests/test_basket.py::test_skipped": "skipped",
    "tests/test_basket.py::TestThere::test_data": "passed",
}


def written(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(text.encode())
    return root


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return written(tmp_path_factory.mktemp("a shop with spaces"), FILES)


@pytest.fixture(scope="module")
def runner(shop: Path):
    with Runner(1, seconds=60.0, project=read(shop / "tests" / "test_basket.py")) as made:
        yield made


def outcomes(result) -> dict[str, str]:
    return {test.node: test.outcome for test in result.outcomes}


def test_runs_are_like_cold_ones_again_and_again(runner: Runner, shop: Path):
    before = {path: path.stat().st_mtime_ns for path in shop.rglob("*")}
    assert outcomes(runner.cold({})) == GREEN
    for _ in range(2):
        result = runner.run({})
        assert (result.status, outcomes(result)) == ("finished", GREEN)
    assert {path: path.stat().st_mtime_ns for path in shop.rglob("*")} == before


def test_a_change_is_seen_once_and_then_gone(runner: Runner):
    changed = runner.run({"src/shop/basket.py": BROKEN})
    assert outcomes(changed) == {**GREEN, "tests/test_basket.py::test_empty": "failed"}
    assert outcomes(runner.run({})) == GREEN


def test_one_test_alone(runner: Runner):
    node = "tests/test_basket.py::test_many[2]"
    assert outcomes(runner.run({}, [node])) == {node: "passed"}


def test_a_traced_run_tells_which_lines_each_test_ran(runner: Runner):
    from sixkeys.envs.repo.localise import coverage, suspects

    result = runner.submit({"src/shop/basket.py": BROKEN}, trace=True).result()
    assert outcomes(result)["tests/test_basket.py::test_empty"] == "failed"
    tests = coverage(result).tests
    assert tests["src/shop/basket.py", 6] == {"tests/test_basket.py::test_empty"}
    many = {f"tests/test_basket.py::test_many[{n}]" for n in (1, 2)}
    assert many < tests["src/shop/basket.py", 7]
    assert not any(path.startswith("tests/") for path, _ in tests)
    failing = ["tests/test_basket.py::test_empty"]
    found = suspects(result, coverage(result), failing, list(runner.project.sources()))
    assert (found[0].path, found[0].line) == ("src/shop/basket.py", 6)


def test_the_copy_stands_where_the_repository_stands(runner: Runner, shop: Path):
    test = f"""import os
def test_here():
    assert os.getcwd() == {str(shop)!r}
    assert os.listdir({str(shop.parent)!r}) == [{shop.name!r}]
"""
    result = runner.run({"tests/test_here.py": test}, ["tests/test_here.py"])
    assert result.passed, result.output


@pytest.mark.parametrize(("modules", "said"), [(2, ""), (3, "keeps 1 threads running")])
def test_imports_that_start_threads_are_noticed(tmp_path: Path, modules: int, said: str):
    written(tmp_path, {"threaded.py": THREADED})
    folder = Path(sandbox.__file__).parent
    command = [sys.executable, "-P", "-c", AHEAD, str(tmp_path), str(folder), str(modules)]
    environment = sandbox.environment(sandbox.place_inside())
    said_so = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
    told = said_so.stdout.strip()
    assert said in told
    assert bool(said) == bool(told)


def test_what_git_ignores_is_left_out(tmp_path: Path):
    root = written(tmp_path, {**FILES, ".gitignore": "secret.txt\n", "secret.txt": "s", "new.py": "x = 1\n"})
    subprocess.run(["git", "init", "-q", str(root)], check=True)
    assert set(read(root).files) == {*FILES, ".gitignore", "new.py"}


def test_folders_of_tools_are_left_out_without_git(tmp_path: Path):
    root = written(
        tmp_path, {**FILES, "__pycache__/x.pyc": "", "node_modules/y.py": "", "pkg.egg-info/z": ""}
    )
    (root / "tests" / "outside").symlink_to("/etc")
    (root / "tests" / "inside.txt").symlink_to("../data/one.txt")
    project = read(root)
    assert set(project.files) == set(FILES)
    assert dict(project.links) == {"tests/inside.txt": "../data/one.txt"}


def test_imports_from_elsewhere_are_known(shop: Path):
    assert read(shop).imports() == ["json", "os", "pytest"]


@pytest.mark.parametrize("files", [{}, {"readme.txt": "x"}])
def test_a_folder_without_python_is_refused(tmp_path: Path, files: dict[str, str]):
    with pytest.raises(ProjectError, match="no Python file"):
        read(written(tmp_path, {"setup.cfg": "", **files}))


def test_a_path_that_does_not_exist_is_refused(tmp_path: Path):
    with pytest.raises(ProjectError, match="does not exist"):
        read(tmp_path / "nowhere")


def test_another_python_is_asked(tmp_path: Path):
    assert ask(sys.executable)._replace(paths=()) == here()._replace(paths=())
    assert set(here().paths) <= set(ask(sys.executable).paths)
    with pytest.raises(InterpreterError, match="does not answer"):
        ask(str(tmp_path / "python"))
    bare = tmp_path / "bare"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(bare)], check=True)
    with pytest.raises(InterpreterError, match="has no pytest; install it there"):
        ask(str(bare / "bin" / "python"))
    assert os.path.exists(bare / "bin" / "python")


@pytest.mark.parametrize("version", ["6.2.5", "7.2.2"])
def test_a_pytest_that_is_too_old_is_refused_with_what_to_do(tmp_path: Path, version: str):
    bare = tmp_path / "bare"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(bare)], check=True)
    (site,) = bare.glob("lib/python*/site-packages")
    (site / "pytest.py").write_text(f"__version__ = {version!r}\n")
    with pytest.raises(InterpreterError, match=rf"pytest {version}; 7\.3 or newer .* --upgrade pytest"):
        ask(str(bare / "bin" / "python"))
    (site / "pytest.py").write_text("__version__ = '7.3.0rc1'\n")
    assert ask(str(bare / "bin" / "python")).pytest == "7.3.0rc1"


NEEDED = ("pytest", "pytest-*", "_pytest", "pluggy*", "iniconfig*", "packaging*", "pygments*")
OWN = "def pytest_report_header(config):\n    return 'own'\n\n\ndef f():\n    return 3\n"


def test_a_repository_that_is_a_plugin_of_its_own_pytest_begins_each_run_anew(tmp_path: Path):
    """Installed in place: pytest cannot start without it, nor see an edit of what it has imported. What runs
    say of statements, of single tests and of an end at the first failure is as in forks."""
    tests = "import own\n\ndef test_a():\n    assert own.f() == 2\n\ndef test_b():\n    pass\n"
    root = written(tmp_path / "own", {"src/own.py": OWN, "tests/test_a.py": tests})
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(tmp_path / "env")], check=True)
    (site,) = (tmp_path / "env").glob("lib/python*/site-packages")
    there = Path(sysconfig.get_path("purelib"))
    for path in [there / "py.py", *(one for name in NEEDED for one in there.glob(name))]:
        (shutil.copy if path.is_file() else shutil.copytree)(path, site / path.name)
    (site / "own.pth").write_text(f"{root}/src\n")
    (site / "own-1.0.dist-info").mkdir()
    (site / "own-1.0.dist-info" / "METADATA").write_text("Metadata-Version: 2.1\nName: own\nVersion: 1.0\n")
    (site / "own-1.0.dist-info" / "entry_points.txt").write_text("[pytest11]\nown = own\n")
    from sixkeys.envs.repo.localise import coverage

    a, b = "tests/test_a.py::test_a", "tests/test_a.py::test_b"
    with Runner(1, project=read(root, str(tmp_path / "env" / "bin" / "python"))) as runner:
        traced = runner.submit({}, [], 60.0, trace=True).result()
        assert outcomes(traced) == {a: "failed", b: "passed"}
        assert coverage(traced).tests["src/own.py", 6] == {a}
        assert outcomes(runner.run({"src/own.py": OWN.replace("3", "2")}, [], 60.0)) == dict.fromkeys(
            (a, b), "passed"
        )
        assert outcomes(runner.run({}, [b], 60.0)) == {b: "passed"}
        assert outcomes(runner.submit({}, [a, b], 60.0, first=True).result()) == {a: "failed"}
        assert outcomes(runner.cold({}, [])) == {a: "failed", b: "passed"}
        assert "without the repository" in runner.note
