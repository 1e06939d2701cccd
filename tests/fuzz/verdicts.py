"""What `cbr-audit check` says of a mutated row, and what it should say by the slow validator and a few plain rules."""

import json
from collections import Counter
from functools import cache
from random import Random
from typing import Any, Final

import jsonschema
import orjson

from audit.answers.check import check
from audit.answers.kinds import ANSWERS
from tests.fuzz.mutator import ROWS, good_rows, mutate
from tests.schemas.amended import load

PAGE: Final = 50
USED, DRIFTED, REFUSED = "used", "drifted", "refused"


def compare(seed: int, rows: int) -> tuple[Counter[str], list[str]]:
    """Mutate rows, check each alone and all in pages; count the verdicts and tell every disagreement."""
    chance = Random(seed)  # noqa: S311  # repeatable
    good = good_rows()
    counts: Counter[str] = Counter()
    wrong: list[str] = []
    while counts["rows"] < rows:
        kind = chance.choice(list(good))
        page = [mutate(chance, chance.choice(good[kind])) for _ in range(PAGE)]
        for row in page:
            verdict, expected = the_verdict(kind, row), the_expected(kind, row)
            counts.update(("rows", verdict))
            if verdict != expected:
                wrong.append(f"{kind}: {verdict}, expected {expected}: {row[:2000]}")
        if kind in ROWS:
            wrong += _check_page(kind, page)
            counts["pages"] += 1
    return counts, wrong


def the_verdict(kind: str, row: str) -> str:
    """What the program says of a row that comes alone."""
    found = check(answer(kind, row), kind)
    verdicts = [USED] * found.used + [DRIFTED] * found.drifted + [REFUSED] * found.refused
    assert len(verdicts) == found.rows == 1, row
    assert bool(found.rejected) == (verdicts == [REFUSED]), row
    assert bool(found.drift) == (verdicts == [DRIFTED]), row
    return verdicts[0]


def the_expected(kind: str, row: str) -> str:
    """What it should say: both validators agree, and nothing that was read with loss or names no resource is used."""
    value = json.loads(row)
    try:
        fast = orjson.loads(row)
    except orjson.JSONDecodeError:
        return REFUSED  # half a character, or a number that is none
    documented, required = (slow(kind, part).is_valid(value) for part in ("", ".required"))
    quick = ANSWERS[kind].documented.is_valid(fast), ANSWERS[kind].required.is_valid(fast)
    if quick != (documented, required):
        return f"the same from both validators, not {quick} against {(documented, required)}"
    if not required or (kind == "operation_logs" and _is_backup_of_nothing(value)):
        return REFUSED
    if documented:
        return USED
    return REFUSED if any(map(_may_be_rounded, _deviating(kind, value))) else DRIFTED


def answer(kind: str, *rows: str) -> bytes:
    """Write an answer that holds rows; an error is its own row."""
    if kind == "error":
        return rows[0].encode()
    return f'{{"{ROWS[kind]}": [{", ".join(rows)}], "count": {len(rows)}}}'.encode()


@cache
def slow(kind: str, part: str) -> jsonschema.Draft202012Validator:
    """The validator that is the authority, for one row."""
    given = ANSWERS[kind]
    schema = load(given.schema, part)
    return jsonschema.Draft202012Validator(
        {"$ref": f"#/$defs/{given.row}", "$defs": schema["$defs"]} if given.row else schema
    )


def _check_page(kind: str, page: list[str]) -> list[str]:
    found = check(answer(kind, *page), kind)
    if found.used + found.drifted + found.refused == found.rows == len(page):
        return []
    return [f"{kind}: {found.used} + {found.drifted} + {found.refused} is not {len(page)}"]


def _is_backup_of_nothing(task: Any) -> bool:
    extra = task.get("extra_info")
    resource = extra.get("resource") if isinstance(extra, dict) else None
    return task["operation_type"] == "backup" and not (isinstance(resource, dict) and resource.get("id"))


def _deviating(kind: str, value: Any) -> list[Any]:
    """The values that the slow validator finds at fault, those of unknown fields among them."""
    found = []
    for error in slow(kind, "").iter_errors(value):
        if error.validator == "additionalProperties":
            known = error.schema["properties"]
            found += [inner for name, inner in error.instance.items() if name not in known]
        elif error.validator != "required":
            found.append(error.instance)
    return found


def _may_be_rounded(value: Any) -> bool:
    if isinstance(value, dict | list):
        return any(map(_may_be_rounded, value.values() if isinstance(value, dict) else value))
    return isinstance(value, int | float) and not -(2**63) < value < 2**64
