"""Is a test file that was compiled before what pytest would make of it, whatever that pytest brings?"""

from __future__ import annotations

import ast

import pytest
from _pytest.assertion.rewrite import rewrite_asserts

from sixkeys.envs.repo.library import Library, compiled

SOURCE = b"def test_a():\n    assert [1] == [\n        2]\n"


@pytest.mark.parametrize("counts", [True, False])
def test_a_file_is_compiled_as_pytest_does_it(monkeypatch: pytest.MonkeyPatch, counts: bool):
    """Only newer ones keep where statements begin."""
    library = Library("/a")
    with monkeypatch.context() as without:
        if not counts:
            without.delattr("_pytest._code.source._statement_linenos", raising=False)
        found = compiled("/a/test_a.py", SOURCE)
        assert library.learn({"test_a.py": SOURCE.decode()})
    tree = ast.parse(SOURCE)
    rewrite_asserts(tree, SOURCE, "/a/test_a.py")
    assert found is not None
    assert found.code == compile(tree, "/a/test_a.py", "exec", dont_inherit=True)
    assert list(library.statements.values()) in ([found.statements], [])
    assert (found.statements == []) == (not library.statements)
    assert counts or not found.statements
