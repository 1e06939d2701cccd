import copy
import json
import re
from collections.abc import Iterator
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
import jsonschema_rs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.schemas.amended import CBR, NAMES, amended, load, text

HERE = Path(__file__).parent
PARTS = ("", ".documented", ".required")
LISTS = ("operation_logs", "policies", "vaults", "backups", "agents", "members")
OTHER_LISTS = [("protectables", "instances"), ("organization_policies", "policies"), ("deployments", "policies")]
# The folder of an example says whether it fits the schema, and whether it fits the required one.
FOLDERS = {"accept": (True, True), "drift": (False, True), "reject": (False, False)}
OTHERS: tuple[Any, ...] = (None, "", "x\n", -1, 1.5, True, [], {}, [{}])
EXAMPLES = sorted(path for folder in FOLDERS for path in HERE.glob(f"*/{folder}/*.json"))


class Pair:
    """One schema in both validators, which must agree."""

    def __init__(self, schema: dict[str, Any]) -> None:
        self._slow = jsonschema.Draft202012Validator(schema)
        self._fast = jsonschema_rs.Draft202012Validator(schema)

    def fits(self, answer: Any) -> bool:
        slow, fast = self._slow.is_valid(answer), self._fast.is_valid(answer)
        assert slow == fast, answer
        return fast


TIMESTAMPS = Pair(
    {"type": "string", "$ref": "#/$defs/Timestamp", "$defs": load("operation_logs", ".required")["$defs"]}
)


@cache
def pair(name: str, part: str = "") -> Pair:
    return Pair(load(name, part))


def objects(schema: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield from (each for each in (schema, *schema["$defs"].values()) if "properties" in each)


def one_row(answer: dict[str, Any]) -> dict[str, Any]:
    return {key: value[:1] if isinstance(value, list) else value for key, value in answer.items()}


def changed(answer: Any) -> Iterator[Any]:
    """Yield the answer with each of its values left out, or replaced by one of another kind."""
    keys = list(answer) if isinstance(answer, dict) else range(len(answer)) if isinstance(answer, list) else []
    for key in keys:
        without = copy.copy(answer)
        del without[key]
        yield without
        for other in OTHERS:
            replaced = copy.copy(answer)
            replaced[key] = other
            yield replaced
        for inner in changed(answer[key]):
            outer = copy.copy(answer)
            outer[key] = inner
            yield outer


@pytest.mark.parametrize("name", NAMES)
def test_documented_with_its_amendments_is_the_schema(name: str) -> None:
    assert text(amended(name)) == (CBR / f"{name}.json").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", NAMES)
def test_every_amendment_says_why_and_from_where(name: str) -> None:
    for amendment in load(name, ".amendments"):
        assert list(amendment) == ["because", "source", "patch"]
        assert all(amendment.values()), amendment


@pytest.mark.parametrize("name", NAMES)
def test_every_amendment_is_told_where_people_read(name: str) -> None:
    told = (CBR.parent / "SOURCES.md").read_text(encoding="utf-8")

    for amendment in load(name, ".amendments")[1:]:  # the first one only names the schema
        assert f"- {amendment['because']} *({amendment['source']})*" in told


def test_every_contradiction_of_the_sources_is_decided() -> None:
    """A: inside the page; B: the page and newer sources; C: definitions and recorded answers; D: strictness."""
    told = (CBR.parent / "SOURCES.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| ([A-D]\d*) \| (.+) \| (.+) \|$", told, re.MULTILINE)

    numbers = {"A": 13, "B": 11, "C": 24}
    expected = [f"{part}{number}" for part, last in numbers.items() for number in range(1, last + 1)] + ["D"]
    assert [row[0] for row in rows] == expected
    assert all(matter.strip() and decision.strip() for _, matter, decision in rows)
    assert "not read yet" not in told


@pytest.mark.parametrize("name", NAMES)
def test_every_schema_has_its_parts_and_each_is_a_valid_schema(name: str) -> None:
    for part in PARTS:
        jsonschema.Draft202012Validator.check_schema(load(name, part))
        jsonschema_rs.meta.validate(load(name, part))


def test_no_two_schemas_have_the_same_name() -> None:
    names = [load(name, part)["$id"] for name in NAMES for part in PARTS]

    assert len(set(names)) == len(names)


@pytest.mark.parametrize("part", ["", ".documented"])
@pytest.mark.parametrize("name", NAMES)
def test_every_object_is_closed_and_every_field_says_where_it_comes_from(name: str, part: str) -> None:
    for each in objects(load(name, part)):
        assert each["additionalProperties"] is False
        assert set(each.get("required", ())) <= set(each["properties"])
        assert all(field["$comment"] for field in each["properties"].values())


@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize("name", NAMES)
def test_every_reference_leads_to_a_definition_of_the_same_file(name: str, part: str) -> None:
    schema = load(name, part)
    references = re.findall(r'"\$ref": "([^"]*)"', json.dumps(schema))

    assert {reference.removeprefix("#/$defs/") for reference in references} <= set(schema["$defs"])


@pytest.mark.parametrize("part", PARTS)
def test_the_task_of_the_single_answer_is_the_task_of_the_list(part: str) -> None:
    assert load("operation_log", part)["$defs"]["OperationLog"] == load("operation_logs", part)["$defs"]["OperationLog"]


@pytest.mark.parametrize("folder", FOLDERS)
@pytest.mark.parametrize("name", NAMES)
def test_every_schema_has_examples_of_every_verdict(name: str, folder: str) -> None:
    assert any(path.parent == HERE / name / folder for path in EXAMPLES)


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: str(path.relative_to(HERE)))
def test_an_example_gets_the_verdict_of_its_folder_from_both_validators(path: Path) -> None:
    name, verdicts = path.parts[-3], FOLDERS[path.parts[-2]]
    answer = json.loads(path.read_text(encoding="utf-8"))

    assert (pair(name).fits(answer), pair(name, ".required").fits(answer)) == verdicts


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.no_cover
def test_whatever_fits_the_schema_has_what_the_audit_cannot_do_without(name: str) -> None:
    """Both validators also agree on every one of these answers, since `fits` compares them."""
    for path in (path for path in EXAMPLES if path.parent == HERE / name / "accept"):
        for answer in changed(one_row(json.loads(path.read_text(encoding="utf-8")))):
            assert pair(name, ".required").fits(answer) or not pair(name).fits(answer), answer


@pytest.mark.parametrize(("name", "rows"), [*((name, name) for name in LISTS), *OTHER_LISTS])
def test_the_envelope_can_be_checked_without_its_rows(name: str, rows: str) -> None:
    schema = load(name, ".required")
    envelope = Pair({"$ref": "#/$defs/Envelope", "$defs": schema["$defs"]})

    assert envelope.fits({rows: [None], "count": 1})
    assert not envelope.fits({rows: {}, "count": 1})


@given(st.from_regex(load("operation_logs", ".required")["$defs"]["Timestamp"]["pattern"], fullmatch=True))
def test_every_accepted_timestamp_can_be_read(stamp: str) -> None:
    assert datetime.fromisoformat(stamp).year >= 1000
    assert TIMESTAMPS.fits(stamp)


@given(st.text("0123456789-:T Z.+\n", min_size=1, max_size=30))
def test_both_validators_agree_on_what_is_almost_a_timestamp(tail: str) -> None:
    TIMESTAMPS.fits(tail)
    TIMESTAMPS.fits(f"2026-01-05T22:00:03{tail}")
    TIMESTAMPS.fits(f"2026-01-05{tail}")


@pytest.mark.parametrize(
    "stamp",
    [
        "",
        "2026-01-05",
        "2026-01-05T22:00",
        "2026-01-05T22:00:03\n",
        "\n2026-01-05T22:00:03",
        "2026-01-05T22:00:03.\n",
        "2026-01-05T22:00:03.",
        "2026-01-05T22:00:03.1234567890",
        "2026-01-05T22:00:03z",
        "2026-01-05t22:00:03",
        "2026-01-05T22:00:03+0800",
        "2026-01-05T22:00:03+24:00",
        "2026-01-05T24:00:00",
        "2026-01-05T22:60:00",
        "2026-01-05T22:00:60",
        "2026-13-05T22:00:00",
        "2026-00-05T22:00:00",
        "2026-04-31T22:00:00",
        "2026-02-29T22:00:00",
        "2100-02-29T22:00:00",
        "0000-01-05T22:00:00",
        "9999-12-31T23:59:59-01:00",
        "\uff12026-01-05T22:00:03",
        "1767650403",
    ],
)
def test_what_is_not_a_timestamp_is_refused(stamp: str) -> None:
    assert not TIMESTAMPS.fits(stamp)


@pytest.mark.parametrize("name", [*LISTS, "operation_log", "protectables", "organization_policies", "deployments"])
def test_a_timestamp_means_the_same_everywhere(name: str) -> None:
    expected = load("operation_logs")["$defs"]["Timestamp"]

    found = [load(name, part)["$defs"].get("Timestamp", expected) for part in PARTS]

    assert found == [expected] * len(PARTS)
