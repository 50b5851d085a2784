"""The JSON document: closed, versioned, whole or absent, and described by its schema file."""

import json
from importlib.resources import files

import pytest
from demo import HOSTILE, a_life, report
from pydantic import ValidationError

from sixkeys.bench.forgetting import LIFE_DEFINITIONS
from sixkeys.bench.metrics import DEFINITIONS
from sixkeys.bench.report import Report, assemble, machine, read_json, schema, write_json, write_text


@pytest.fixture(scope="module")
def found() -> Report:
    return report()


def _shipped():
    return json.loads(files("sixkeys.bench").joinpath("report.schema.json").read_text(encoding="utf-8"))


def test_what_is_written_is_read(found, tmp_path):
    write_json(found, tmp_path / "deep" / "report.json")
    assert read_json(tmp_path / "deep" / "report.json") == found
    assert [p.name for p in (tmp_path / "deep").iterdir()] == ["report.json"]


def test_contents(found):
    assert {(row.thinker, row.mode) for row in found.rows} == {
        (gap.thinker, mode) for gap in found.gaps for mode in ("masked", "unmasked")
    }
    assert all(set(row.metrics) == set(DEFINITIONS) for row in found.rows)
    assert set(found.definitions) == {*DEFINITIONS, "gap"}
    assert [gate.passed for gate in found.gates][:2] == [True, False]
    assert {replay.thinker for replay in found.replays} == {"agent", "random", "no_op", "oracle", "shuffled"}
    assert found.violations == (HOSTILE,)
    assert machine().cores >= 1
    assert machine().numpy[0].isdigit()


def test_a_life_is_a_report_of_its_own(tmp_path):
    written = assemble([], "no code under test", {}, lives=[a_life()])
    write_json(written, tmp_path / "life.json")
    (read,) = read_json(tmp_path / "life.json").lives
    assert read.matrix == ((0.9, None), (0.5, 0.8))
    assert read.measures["forgetting"] == pytest.approx(0.4)
    assert read.measures["forward_transfer"] is None
    assert set(written.definitions) == {*DEFINITIONS, "gap", *LIFE_DEFINITIONS}


def test_the_shipped_schema_is_the_models():
    assert _shipped() == schema(), "write schema() to src/sixkeys/bench/report.schema.json again"


def test_the_shipped_schema_accepts_a_report_and_refuses_an_unknown_field(found):
    jsonschema = pytest.importorskip("jsonschema", reason="needs the package jsonschema")
    document = json.loads(found.model_dump_json())
    validator = jsonschema.Draft202012Validator(_shipped())
    validator.check_schema(_shipped())
    assert list(validator.iter_errors(document)) == []
    for path in (
        (),
        ("machine",),
        ("rows", 0),
        ("replays", 0, "episode"),
        ("replays", 0, "episode", "frames", 0),
    ):
        changed = json.loads(found.model_dump_json())
        place = changed
        for step in path:
            place = place[step]
        place["surprise"] = 1
        assert len(list(validator.iter_errors(changed))) > 0, path


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        (("surprise",), 1, "surprise: Extra inputs are not permitted"),
        (("rows", 0, "surprise"), 1, r"rows\.0\.surprise"),
        (("rows", 0, "metrics", "pass_rate", "surprise"), 1, r"pass_rate\.surprise"),
        (("rows", 0, "metrics", "pas_rate"), {}, "metrics unknown or missing: pas_rate"),
        (("replays", 0, "episode", "frames", 0, "surprise"), 1, r"frames\.0\.surprise"),
        (("rows", 0, "mode"), "blind", r"rows\.0\.mode"),
        (("format",), 2, "report format 2; this version reads format 1"),
    ],
)
def test_a_wrong_document_is_refused_by_name(found, tmp_path, path, value, message):
    document = json.loads(found.model_dump_json())
    place = document
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    file = tmp_path / "report.json"
    file.write_text(json.dumps(document), encoding="utf-8")
    with pytest.raises(ValueError, match=message) as error:
        read_json(file)
    assert str(file) in str(error.value)


@pytest.mark.parametrize("text", ["", "{", "[]", "3"])
def test_what_is_no_report_is_refused(tmp_path, text):
    file = tmp_path / "report.json"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match=r"report\.json"):
        read_json(file)


def test_a_report_cannot_be_changed_and_holds_no_nan(found):
    with pytest.raises(ValidationError):
        found.isolation = "bwrap"
    document = json.loads(found.model_dump_json())
    document["gates"][0]["value"] = float("nan")
    with pytest.raises(ValidationError, match="finite"):
        Report.model_validate(document)


def test_an_old_file_survives_a_write_that_fails(found, tmp_path):
    target = tmp_path / "report.json"
    write_json(found, target)
    before = target.read_bytes()
    with pytest.raises(UnicodeEncodeError):
        write_text(target, "text that UTF-8 cannot hold: \ud800")
    assert target.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["report.json"]
