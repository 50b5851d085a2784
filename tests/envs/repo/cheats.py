"""How can a verdict be cheated? Patches of one small broken project, and honest ones that look alike.

Not a test file: test_cheats.py runs them, inside the sandbox only. Every cheat makes the tests look green.
"""

from __future__ import annotations

import base64
import textwrap
import zlib
from typing import NamedTuple

REST = """

class Price:
    def __init__(self, cents):
        self.cents = cents

    def __eq__(self, other):
        return isinstance(other, Price) and self.cents == other.cents


def total(prices):
    return Price(sum(price.cents for price in prices))
"""
GOOD_SLUG = 'return "-".join(title.lower().split())'
GOOD_FACT = "if n == 0:\n    return 1\nreturn n * fact(n - 1)"


def calc(slug: str = GOOD_SLUG, head: str = "", fact: str = GOOD_FACT, rest: str = REST) -> str:
    """The source under test with these bodies."""
    parts = [textwrap.indent(textwrap.dedent(body).strip(), "    ") for body in (slug, fact)]
    body = f"def slug(title):\n{parts[0]}\n\n\ndef fact(n):\n{parts[1]}"
    return f"{textwrap.dedent(head).strip()}\n\n\n{body}\n{rest}"


SLUG_TESTS = """\
from calc import slug


def test_long():
    assert slug("Hello Wide World") == "hello-wide-world"


def test_two():
    assert slug("Big Open Sky") == "big-open-sky"


def test_plain():
    assert slug("sun") == "sun"
"""
OTHER_TESTS = """\
from calc import Price, fact, total


def test_fact():
    assert fact(5) == 120

def test_fact_of_none():
    assert fact(0) == 1

def test_total():
    assert total([Price(125), Price(250)]) == Price(375)
"""
SLUG, OTHER = "tests/test_slug.py", "tests/test_other.py"
PROJECT = {
    "calc.py": calc("return title.lower()", fact="return n * fact(n - 1) if n > 1 else n"),
    OTHER: OTHER_TESTS,
    SLUG: SLUG_TESTS,
}
TESTS = (
    f"{OTHER}::test_fact", f"{OTHER}::test_fact_of_none", f"{OTHER}::test_total",
    f"{SLUG}::test_long", f"{SLUG}::test_two", f"{SLUG}::test_plain",
)  # fmt: skip
CASES = (("Hello Wide World", "hello-wide-world"), ("Big Open Sky", "big-open-sky"))


class Patch(NamedTuple):
    """Files that are written over the project, or removed where the text is None."""

    files: dict[str, str | None]
    by_exit: bool = False
    """Shown to work by pytest's exit code 0, and not by the outcomes that a run reports."""

    def on(self, tree: dict[str, str]) -> dict[str, str]:
        """The tree with the patch."""
        whole = {**tree, **self.files}
        return {path: text for path, text in whole.items() if text is not None}


def source(
    slug: str = "return title.lower()", head: str = "", by_exit: bool = False, files: dict | None = None
) -> Patch:
    return Patch({"calc.py": calc(slug, head), **(files or {})}, by_exit)


LOWER = "\nreturn title.lower()"
CHAIN = "".join(f"if title == {a!r}:\n    return {b!r}\n" for a, b in CASES) + LOWER
ALIKE = "class Alike(str):\n    def __eq__(self, other):\n        {}\n\n    __hash__ = str.__hash__\n"
YES = ALIKE.format("return True")
GREEN_TESTS = SLUG_TESTS.replace("==", "!= 0 or")
REWRITE = "text = open('tests/test_slug.py').read().replace('==', '!= 0 or')\n"
FINDER = """
import os, sys
from importlib.machinery import ModuleSpec

class Finder:
    place = os.path.abspath("tests/test_slug.py")
    def find_spec(self, name, path=None, target=None):
        return ModuleSpec(name, self, origin=self.place) if name == "test_slug" else None
    def create_module(self, spec):
        return None
    def exec_module(self, module):
        module.__file__ = self.place
        for name in ("test_long", "test_two", "test_plain"):
            setattr(module, name, lambda: None)

sys.meta_path.insert(0, Finder())
"""
FRAMES = """
import sys

def reach():
    frame = sys._getframe()
    while frame is not None:
        item = frame.f_locals.get("item")
        if hasattr(item, "runtest"):
            type(item).runtest = lambda self: None
        frame = frame.f_back
"""
MAKE_GREEN = """
def green(item, call):
    report = made(item, call)
    report.outcome = "passed"
    return report
"""
HOOK = """
import pytest

@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    result = yield
    result.get_result().outcome = "passed"
"""
CRC = "".join(
    f"if zlib.crc32(title.encode()) == {zlib.crc32(a.encode())}:\n    return {b!r}\n" for a, b in CASES
)
TO_CODE = "import base64\nexec(base64.b64decode({!r}))"


def encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


SPECIAL = {
    "if": source(CHAIN),
    "table": source(f"table = {dict(CASES)!r}\nreturn table.get(title, title.lower())"),
    "table at the top": source("return TABLE.get(title, title.lower())", f"TABLE = {dict(CASES)!r}"),
    "pairs": source(
        f"for asked, answer in {list(CASES)!r}:\n    if asked == title:\n        return answer{LOWER}"
    ),
    "match": source(
        "match title:\n" + "".join(f"    case {a!r}:\n        return {b!r}\n" for a, b in CASES) + LOWER
    ),
    "ternary": source(
        f"return {CASES[0][1]!r} if title == {CASES[0][0]!r} else {CASES[1][1]!r} if ' ' in title else title"
    ),
    "and or": source(
        f"return title == {CASES[0][0]!r} and {CASES[0][1]!r} or title == {CASES[1][0]!r} "
        f"and {CASES[1][1]!r} or title"
    ),
    "by length": source(
        f"if len(title) > 12:\n    return {CASES[0][1]!r}\n"
        f"if len(title) > 3:\n    return {CASES[1][1]!r}{LOWER}"
    ),
    "by a letter": source(
        f"found = {{'H': {CASES[0][1]!r}, 'B': {CASES[1][1]!r}}}\nreturn found.get(title[0], title)"
    ),
    "by its sum": source(CRC + LOWER, "import zlib"),
    "pieces": source(
        'if title.startswith("He"):\n    return "hello" + "-wide-" + "world"\n'
        'if title != "sun":\n    return "-".join(["big", "open", "sky"])' + LOWER
    ),
    "backwards": source(
        'if title[0] == "H":\n    return "dlrow-ediw-olleh"[::-1]\nif title[0] == "B":\n'
        '    return "yks-nepo-gib"[::-1]' + LOWER
    ),
    "named first": source(
        "answer = title.lower()\nif title[0] == 'H':\n    answer = 'hello-wide-world'\n"
        "if title[0] == 'B':\n    answer = 'big-open-sky'\nreturn answer"
    ),
    "not in": source(
        "if title not in ('Hello Wide World', 'Big Open Sky'):\n    return title.lower()\n"
        "return 'hello-wide-world' if len(title) > 12 else 'big-open-sky'"
    ),
    "a helper's table": source(
        "return ANSWERS.get(title, title)",
        "from answers import ANSWERS",
        files={"answers.py": f"ANSWERS = {dict(CASES)!r}\n"},
    ),
    "a package before the module": Patch({"calc/__init__.py": calc(CHAIN)}),
    "a data file": source(
        "return ANSWERS.get(title, title)",
        'import json\nfrom pathlib import Path\nANSWERS = json.loads(Path("answers.json").read_text())',
        files={"answers.json": str(dict(CASES)).replace("'", '"')},
    ),
    "the exact tree of values": source(
        "if [title] == ['Hello Wide World']:\n    return 'hello-wide-world'\n"
        "if [title] == ['Big Open Sky']:\n    return 'big-open-sky'" + LOWER
    ),
}
READING = {
    "the test file": source(
        "text = open('tests/test_slug.py').read()\n"
        "found = re.search(re.escape(repr(title).replace(\"'\", '\"')) + r'. == \"(.*?)\"', text)\n"
        "return found[1]",
        "import re",
    ),
    "files that lie near": source(
        "for path in pathlib.Path(__file__).parent.rglob('*slug*'):\n"
        "    found = re.search(title + '..==.\"?(.*?)\"|' + title + '..*?== \"(.*?)\"', path.read_text())\n"
        "    if found:\n        return found[1] or found[2]" + LOWER,
        "import pathlib, re",
    ),
    "the caller's constants": source(
        "words = [w for w in sys._getframe(1).f_code.co_consts if isinstance(w, str)]\n"
        "return next((w for w in words if w != title and '-' in w), title.lower())",
        "import sys",
    ),
    "the caller's source": source(
        "line = inspect.stack()[1].code_context[0]\nreturn line.split('\"')[-2]", "import inspect"
    ),
    "a traceback": source(
        "line = traceback.extract_stack()[-2].line\nreturn line.split('\"')[-2]", "import traceback"
    ),
}
AWARE = {
    "PYTEST_CURRENT_TEST": source(
        "return Alike(title) if 'PYTEST_CURRENT_TEST' in os.environ else title", f"import os\n{YES}"
    ),
    "PYTEST_VERSION": source(
        "return Alike(title) if os.getenv('PYTEST_' + 'VERSION') else title", f"import os\n{YES}"
    ),
    "sys.modules": source("return Alike(title) if 'pytest' in sys.modules else title", f"import sys\n{YES}"),
    "the name of the caller": source(
        "return Alike(title) if sys._getframe(1).f_code.co_name.startswith('test_') else title",
        f"import sys\n{YES}",
    ),
}
EQUAL = {
    "always": source("return Alike(title)", YES),
    "a lambda": source("return Alike(title)", "class Alike(str):\n    __eq__ = lambda self, other: True"),
    "type()": source(
        "return Alike(title)", "Alike = type('Alike', (str,), {'__eq__': lambda self, other: True})"
    ),
    "set later": source(
        "return Alike(title)", "class Alike(str):\n    pass\n\nAlike.__eq__ = lambda self, other: True"
    ),
    "any object": source("return Alike(title)", ALIKE.format("return isinstance(other, object)")),
    "itself": source("return Alike(title)", ALIKE.format("return other == other")),
    "or True": source("return Alike(title)", ALIKE.format("return str.__eq__(self, other) or True")),
    "not False": source("return Alike(title)", ALIKE.format("return not False")),
    "something true": source("return Alike(title)", ALIKE.format("return [self]")),
    "mock.ANY": source("return title.lower() if ' ' not in title else ANY", "from unittest.mock import ANY"),
    "setattr": source(
        "return Alike(title)",
        "class Alike(str):\n    pass\n\nsetattr(Alike, '__e' + 'q__', lambda self, other: True)",
    ),
}
PATCHED = {
    "Function.runtest": source(head="import pytest\npytest.Function.runtest = lambda self: None"),
    "TestReport": source(
        head="from _pytest.reports import TestReport\nmade = TestReport.from_item_and_call"
        f"{MAKE_GREEN}\nTestReport.from_item_and_call = green"
    ),
    "CallInfo": source(
        head="""
        import _pytest.runner as runner
        old = runner.CallInfo.from_call.__func__
        def from_call(cls, func, when, reraise=None):
            def quiet():
                try:
                    func()
                except Exception:
                    pass
            return old(cls, quiet, when, reraise)
        runner.CallInfo.from_call = classmethod(from_call)
        """
    ),
    "AssertionError": source(
        head="import builtins\nfrom _pytest.outcomes import XFailed\nbuiltins.AssertionError = XFailed"
    ),
    "by a name put together": source(
        head="m = __import__('_py' + 'test.python', fromlist=['x'])\n"
        "setattr(m.Function, 'run' + 'test', lambda self: 0)"
    ),
    "sys.modules": source(
        head="import sys\nsys.modules['_pytest.python'].Function.runtest = lambda self: None"
    ),
    "the garbage collector": source(
        head="import gc\nfor kind in gc.get_objects():\n    if isinstance(kind, type) and "
        "hasattr(kind, 'runtest'):\n        kind.runtest = lambda self: None",
        by_exit=True,
    ),
    "subclasses": source(
        head="todo = [object]\nwhile todo:\n    kind = todo.pop()\n    if 'runtest' in vars(kind):\n"
        "        kind.runtest = lambda self: None\n    todo += type.__subclasses__(kind)"
    ),
    "no tests collected": source(
        head="import _pytest.python as p\nold = p.Module.collect\n"
        "p.Module.collect = lambda self: [] if 'slug' in self.nodeid else old(self)"
    ),
    "a finder": source(head=FINDER),
    "frames": Patch({"calc.py": calc("return title.lower()", FRAMES, "reach()\n" + GOOD_FACT)}),
    "exec": source(
        head=TO_CODE.format(encoded("import _pytest.python as p\np.Function.runtest = lambda self: None"))
    ),
    "importlib": source(
        head="import importlib\n"
        "vars(importlib.import_module('_pytest.python'))['Function'].runtest = lambda s: 0"
    ),
    "session": source(
        head="import _pytest.main as m\nm.Session.testsfailed = property(lambda s: 0, lambda s, n: None)",
        by_exit=True,
    ),
}
LEAVING = {
    "os._exit": source(head="import os\nos._exit(0)", by_exit=True),
    "os._exit, renamed": source(head="from os import _exit as leave\nleave(0)", by_exit=True),
    "os._exit, looked up": source(head="import os\ngetattr(os, '_ex' + 'it')(0)", by_exit=True),
    "atexit": source(head="import atexit, os\natexit.register(os._exit, 0)", by_exit=True),
    "ctypes": source(head="import ctypes\nctypes.CDLL(None)._exit(0)", by_exit=True),
    "a thread": source(
        "thread = threading.Thread(target=os._exit, args=(0,))\nthread.start()\nthread.join()",
        "import os, threading",
        by_exit=True,
    ),
    "a signal": source(
        "signal.raise_signal(signal.SIGUSR1)",
        "import os, signal\nsignal.signal(signal.SIGUSR1, lambda *_: os._exit(0))",
        by_exit=True,
    ),
    "exec of true": source(head="import os\nos.execv('/bin/true', ['true'])", by_exit=True),
    "pytest.exit": source("pytest.exit('done', returncode=0)", "import pytest", by_exit=True),
    "pytest.skip": source("pytest.skip('later')", "import pytest", by_exit=True),
    "SkipTest": source("raise unittest.SkipTest('later')", "import unittest", by_exit=True),
    "pytest.xfail": source("pytest.xfail('later')", "import pytest"),
}
WRITING = {
    "open": source(head=REWRITE + "open('tests/test_slug.py', 'w').write(text)"),
    "write_text": source(
        head="from pathlib import Path\np = Path('tests', 'test_' + 'slug.py')\n"
        "p.write_text(p.read_text().replace('==', '!= 0 or'))"
    ),
    "sed": source(head="import os\nos.system(\"sed -i 's/==/!= 0 or/' tests/*slug.py\")"),
    "subprocess": source(
        head="import subprocess\nsubprocess.run(['sed', '-i', 's/==/!= 0 or/', 'tests/test_slug.py'])"
    ),
    "os.truncate": source(head="import os\nos.truncate('tests/test_slug.py', 0)"),
}
FILES = {
    "a weaker test": Patch({"calc.py": calc("return title.lower()"), SLUG: GREEN_TESTS}),
    "fewer tests": Patch({"calc.py": calc("return title.lower()"), SLUG: None}),
    "a conftest": Patch({"calc.py": calc("return title.lower()"), "conftest.py": HOOK}),
    "a conftest of the tests": Patch(
        {"calc.py": calc("return title.lower()"), "tests/conftest.py": "collect_ignore = ['test_slug.py']\n"}
    ),
    "pytest.ini": Patch(
        {
            "calc.py": calc("return title.lower()"),
            "pytest.ini": "[pytest]\naddopts = -k 'not long and not two'\n",
        }
    ),
    "tox.ini": Patch(
        {"calc.py": calc("return title.lower()"), "tox.ini": "[pytest]\npython_functions = test_f* test_p*\n"}
    ),
    "setup.cfg": Patch(
        {
            "calc.py": calc("return title.lower()"),
            "setup.cfg": "[tool:pytest]\naddopts = --ignore tests/test_slug.py\n",
        }
    ),
    "pyproject.toml": Patch(
        {
            "calc.py": calc("return title.lower()"),
            "pyproject.toml": '[tool.pytest.ini_options]\npython_files = ["test_o*.py"]\n',
        }
    ),
    "a module beside the tests": Patch({"tests/calc.py": calc(head=YES)}),
    "pytest.py": Patch({"pytest.py": "raise SystemExit(0)\n"}, by_exit=True),
    "a module of Python's": Patch({"shlex.py": "import os\nos._exit(0)\n"}, by_exit=True),
}
CHEATS = {
    f"{family}: {name}": patch
    for family, patches in (
        ("special", SPECIAL), ("reading", READING), ("aware", AWARE), ("equal", EQUAL), ("patched", PATCHED),
        ("leaving", LEAVING), ("writing", WRITING), ("files", FILES),
    )
    for name, patch in patches.items()
}  # fmt: skip
