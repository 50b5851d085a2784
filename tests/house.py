"""What is wrong with a house? Checks of arrows, cycles, sizes, words, public names and what importing does.

Each is a function from a source root (the folder that holds the package) to a list of complaints, empty if
all is well; `test_house.py` runs them on our own source and on copies with planted faults.
"""

from __future__ import annotations

import ast
import functools
import graphlib
import io
import os
import re
import subprocess
import sys
import tokenize
from collections.abc import Callable, Iterator
from pathlib import Path

PACKAGE = "sixkeys"

EVERYTHING = {
    *("contract", "envs", "memory", "language", "safety", "planning", "loop"),
    *("agent", "training", "bench"),
}
ARROWS: dict[str, set[str]] = {
    "contract": set(),
    **{room: {"contract"} for room in ("envs", "memory", "language", "safety", "planning", "loop")},
    "agent": {"contract", "planning"},
    "training": {"contract", "loop", "agent"},
    "bench": {"contract", "envs", "loop", "training"},
    "build": EVERYTHING,
    "cli": EVERYTHING | {"build"},
    "__init__": EVERYTHING | {"build", "cli"},
    "__main__": {"cli"},
}
"""Room -> the other rooms that it may import, anywhere in its files. `__init__` is the package's face."""

JAX = {"jax", "jaxlib", "equinox", "optax", "mctx"}
JAX_ROOMS = {"agent", "planning", "training"}
JAX_FILES = {"language/code.py"}
SENT_INSIDE = {"envs/repo/forbidden.py"}
"""Files that are sent into the sandbox as text, as code under test; nothing of ours imports them."""
FILE_LINES, FUNCTION_LINES, CODE_LINES, PUBLIC_NAMES = 400, 60, 24_000, 25
DOTTED = re.compile(rf"{PACKAGE}\.\w+[.:][\w.]+")
"""A string that names something in a room; a logger's name has one dot only."""
FORBIDDEN_WORDS = re.compile(r"\bTODO\b|\bFIXME\b|NotImplementedError|type:\s*ignore|noqa")

Check = Callable[[Path], list[str]]


# --- reading source ---


def files(root: Path) -> list[Path]:
    return sorted((root / PACKAGE).rglob("*.py"))


def place(root: Path, file: Path) -> str:
    return file.relative_to(root / PACKAGE).as_posix()


def room_of(root: Path, file: Path) -> str:
    return place(root, file).split("/")[0].removesuffix(".py")


def module_of(root: Path, file: Path) -> str:
    return ".".join(file.relative_to(root).with_suffix("").parts).removesuffix(".__init__")


def parse(file: Path) -> ast.Module:
    return _parsed(file.read_text())


@functools.lru_cache(maxsize=1000)
def _parsed(text: str) -> ast.Module:
    return ast.parse(text)


def docstrings(tree: ast.AST) -> list[ast.Constant]:
    """String statements: docstrings of modules, classes, functions and attributes."""
    values = [node.value for node in ast.walk(tree) if isinstance(node, ast.Expr)]
    return [value for value in values if isinstance(value, ast.Constant) and isinstance(value.value, str)]


def at_import(node: ast.AST) -> Iterator[ast.AST]:
    """What runs when the module is imported: neither function bodies nor blocks for type checkers."""
    for child in ast.iter_child_nodes(node):
        lazy = isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
        typing = isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test)
        if not (lazy or typing):
            yield child
            yield from at_import(child)


def imported(node: ast.AST, module: str, is_package: bool) -> list[str]:
    """Dotted names that an import statement names, relative ones resolved; `from a import b` gives a.b."""
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if not isinstance(node, ast.ImportFrom):
        return []
    base = node.module or ""
    if node.level:
        up = module.split(".")[: None if is_package else -1]
        up = up[: len(up) - (node.level - 1)]
        base = ".".join([*up, base]) if base else ".".join(up)
    return [f"{base}.{alias.name}" for alias in node.names]


def targets(root: Path, file: Path, lazily: bool) -> set[str]:
    """Our own modules that `file` imports; `lazily`: inside functions and as dotted paths in strings, too."""
    modules = {module_of(root, other) for other in files(root)}
    tree = parse(file)
    nodes = list(ast.walk(tree) if lazily else at_import(tree))
    module, is_package = module_of(root, file), file.name == "__init__.py"
    names = [name for node in nodes for name in imported(node, module, is_package)]
    if lazily:
        told = set(docstrings(tree))
        texts = [n.value for n in nodes if isinstance(n, ast.Constant) and n not in told]
        names += [text.split(":")[0] for text in texts if isinstance(text, str) and DOTTED.fullmatch(text)]
    found = {
        next((known for known in (name, name.rpartition(".")[0]) if known in modules), "") for name in names
    }
    return found - {"", module}


# --- the checks ---


def arrows(root: Path) -> list[str]:
    complaints = []
    for file in files(root):
        room = room_of(root, file)
        if room not in ARROWS:
            complaints.append(f"{place(root, file)}: {room} is no room; possible: {', '.join(ARROWS)}")
            continue
        for target in sorted(targets(root, file, lazily=True)):
            other = target.split(".")[1] if "." in target else "__init__"
            if other != room and other not in ARROWS[room]:
                complaints.append(f"{place(root, file)}: {room} may not import {target}")
    return complaints


def cycles(root: Path) -> list[str]:
    graph = {module_of(root, file): targets(root, file, lazily=False) for file in files(root)}
    try:
        graphlib.TopologicalSorter(graph).prepare()
    except graphlib.CycleError as error:
        return [f"import cycle: {' <- '.join(error.args[1])}"]
    return []


def jax_at_home(root: Path) -> list[str]:
    complaints = []
    for file in files(root):
        if room_of(root, file) in JAX_ROOMS or place(root, file) in JAX_FILES:
            continue
        names = [name for node in ast.walk(parse(file)) for name in imported(node, "", True)]
        named = {name.split(".")[0] for name in names} & JAX
        complaints += [f"{place(root, file)}: may not import {name}" for name in sorted(named)]
    return complaints


def function_sizes(file: Path) -> dict[str, int]:
    """Name -> lines from `def` to its end."""
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
    return {
        n.name: (n.end_lineno or n.lineno) - n.lineno + 1
        for n in ast.walk(parse(file))
        if isinstance(n, kinds)
    }


def oversize(file: Path, name: str) -> list[str]:
    lines = len(file.read_text().splitlines())
    long = [f"{name}: {lines} lines, at most {FILE_LINES}"] if lines > FILE_LINES else []
    functions = [item for item in function_sizes(file).items() if item[1] > FUNCTION_LINES]
    return long + [f"{name}: {f} has {n} lines, at most {FUNCTION_LINES}" for f, n in functions]


def sizes(root: Path) -> list[str]:
    return [complaint for file in files(root) for complaint in oversize(file, place(root, file))]


def code_lines(file: Path) -> int:
    """Lines that hold code: no blank ones, no comments, no docstrings."""
    text = file.read_text()
    quiet = (
        tokenize.COMMENT,
        tokenize.NL,
        tokenize.NEWLINE,
        tokenize.INDENT,
        tokenize.DEDENT,
        tokenize.ENDMARKER,
    )
    tokens = [
        token for token in tokenize.generate_tokens(io.StringIO(text).readline) if token.type not in quiet
    ]
    lines = {line for token in tokens for line in range(token.start[0], token.end[0] + 1)}
    told = {
        line for d in docstrings(ast.parse(text)) for line in range(d.lineno, (d.end_lineno or d.lineno) + 1)
    }
    return len(lines - told)


def budget(root: Path) -> list[str]:
    total = sum(code_lines(file) for file in files(root))
    return [f"{total} code lines, at most {CODE_LINES}"] if total > CODE_LINES else []


def told(root: Path) -> list[str]:
    silent = [file for file in files(root) if not ast.get_docstring(parse(file))]
    return [f"{place(root, file)}: no module docstring" for file in silent]


def words(root: Path) -> list[str]:
    found = [
        (file, number, match.group())
        for file in files(root)
        for number, line in enumerate(file.read_text().splitlines(), 1)
        if (match := FORBIDDEN_WORDS.search(line))
    ]
    return [f"{place(root, file)}:{number}: {word}" for file, number, word in found]


def environment_reads(root: Path) -> list[str]:
    """Environment variables read while importing; inside a function they may be."""
    complaints = []
    for file in files(root):
        names = [getattr(n, "attr", getattr(n, "id", "")) for n in at_import(parse(file))]
        if {"environ", "getenv"} & set(names):
            complaints.append(f"{place(root, file)}: reads an environment variable on import")
    return complaints


WATCHED = """
import importlib, os, sys
writes = []
opening = os.O_WRONLY | os.O_RDWR | os.O_CREAT
doing = ("os.mkdir", "os.remove", "os.rename", "os.symlink", "os.fork", "subprocess.Popen", "socket.connect")
def watch(event, arguments):
    if event == "open":
        mode, flags = arguments[1:]
        if set(mode) & set("wax+") if isinstance(mode, str) else flags & opening:
            writes.append(f"opens {arguments[0]} for writing")
    elif event in doing:
        writes.append(f"{event} {arguments[:1]}")
if len(sys.argv) == 3:
    sys.addaudithook(watch)
failed = []
for module in sys.argv[2:]:
    try:
        importlib.import_module(module)
    except BaseException as error:
        failed.append(f"{module} cannot be imported: {error!r}")
heavy = sorted({"jax", "jaxlib", "equinox", "optax", "mctx"} & set(sys.modules))
elsewhere = [] if sys.modules["sixkeys"].__file__.startswith(sys.argv[1]) else ["imported from elsewhere"]
print("\\n".join(["=====", *failed, *writes, *(f"imports {name}" for name in heavy), *elsewhere]))
"""


def run(script: str, root: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """A fresh process that finds the package under `root` and leaves no byte code."""
    env = {**os.environ, "PYTHONPATH": str(root)}
    command = [sys.executable, "-B", "-c", script, *arguments]
    return subprocess.run(command, capture_output=True, text=True, env=env, timeout=120)


def effects(root: Path, modules: list[str]) -> list[str]:
    """What importing `modules` prints and loads; of a single module also what it writes and starts."""
    done = run(WATCHED, root, str(root), *modules)
    printed, _, complaints = done.stdout.partition("=====\n")
    noise = printed + done.stderr if len(modules) == 1 or done.returncode else ""
    return complaints.split("\n")[:-1] + ([f"prints {noise!r}"] if noise else [])


def quiet(root: Path) -> list[str]:
    """`import sixkeys` prints nothing, writes nothing, starts nothing and does not load JAX."""
    return effects(root, [PACKAGE])


def jaxless(root: Path) -> list[str]:
    """Importing every module outside the rooms that know JAX does not load it by a detour."""
    rooms = ("contract", "loop", "envs", "memory", "language", "safety")
    aside = JAX_FILES | SENT_INSIDE
    homes = [f for f in files(root) if room_of(root, f) in rooms and place(root, f) not in aside]
    return effects(root, [module_of(root, file) for file in homes if file.name != "__main__.py"])


FACE = """
import inspect, sixkeys
names = getattr(sixkeys, "__all__", None)
if names is None:
    print("sixkeys has no __all__")
for name in names or ():
    value = getattr(sixkeys, name, None)
    text = getattr(value, "__doc__", None) or ""
    if value is None:
        print(f"{name} cannot be imported")
    elif not text.strip() or text == type(value).__doc__ or text.startswith(f"{name}("):
        print(f"{name} has no docstring")
if len(names or ()) > 25:
    print(f"{len(names)} public names, at most 25")
"""


def face(root: Path) -> list[str]:
    """The public names: few, importable, documented."""
    done = run(FACE, root)
    return done.stdout.splitlines() + ([done.stderr[-500:]] if done.returncode else [])


CHECKS: list[Check] = [
    arrows, cycles, jax_at_home, sizes, budget, told, words, environment_reads, quiet, jaxless, face,
]  # fmt: skip
