from datetime import UTC, datetime

import pytest

from audit.profile import build, find_source
from audit.profile.remarks import remarks
from audit.profile.starter import starter

NOW = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)


def remarks_on(text: str) -> tuple[str, ...]:
    source = find_source(f"version: 1\n{text}\n")
    return remarks(source, build(source), NOW)


def a_waiver(**changes: str) -> str:
    values = {"control": "CBR-101", "subject": "web-1", "owner": "Ana", "reason": "x", "until": "2027-03-31", **changes}
    return f"waivers: [{{{', '.join(f'{key}: {value!r}' for key, value in values.items())}}}]"


def a_level(limits: str) -> str:
    return f"levels:\n- name: gold\n  select: [{{vaults: [a]}}]\n  limits: {limits}"


def a_drill(**changes: str) -> str:
    values = {"resource": "web-1", "date": "2026-11-05", "by": "Ana", "checked": "x", "valid_until": "2027-01-31"}
    return f"drills: [{{{', '.join(f'{key}: {value!r}' for key, value in {**values, **changes}.items())}}}]"


@pytest.mark.parametrize(
    "text",
    [
        a_drill(),
        a_drill(valid_until="2026-11-23"),
        "maintenance: [{name: a, dates: [2026-11-23, 12-25]}]",
        "maintenance: [{name: a, dates: [12-25]}]",
        "",
        "skip: [CBR-101]",
        "limits: {max_waiver_days: 90, grace_hours: 5}",
        a_level("{grace_hours: 1}"),
        "controls: [CBR-115]\nlimits: {trusted_actors: [acme/ci, 'iam::a1:user:ci', 0123456789abcdef0123456789abcdef]}",
        a_waiver(),
        a_waiver(until="2027-11-23"),
        "maintenance: [{name: a, start: 2026-11-23T00:00, end: 2026-11-23T05:00}]",
        "maintenance: [{name: a, weekly: [saturday, sunday, monday], start: 00:00, end: 00:00}]",
        "maintenance: [{name: a, weekly: [monday], start: 22:00, end: 04:00}]",
    ],
)
def test_what_has_an_effect_needs_no_remark(text: str) -> None:
    assert remarks_on(text) == ()


@pytest.mark.parametrize(
    ("text", "remark"),
    [
        ("controls: [CBR-103]\nskip: [CBR-101]", "line 3: CBR-101 would not be applied anyway"),
        (
            "controls: [CBR-115]\nlimits:\n  trusted_actors:\n  - ci",
            "line 5: ci is whoever is called so, in any account; write ACCOUNT/ci, or the id or URN",
        ),
        (
            "skip: [CBR-904]\nlimits:\n  max_waiver_days: 90",
            "line 4: max_waiver_days has no effect: none of the controls that use it is applied (CBR-904)",
        ),
        (a_level("{}"), "line 3: the level gold changes no limit"),
        (a_drill(date="2026-11-24"), "line 2: the drill of web-1 is in the future and does not count yet"),
        (a_drill(valid_until="2026-11-22"), "line 2: the drill of web-1 no longer counts: its last day is over"),
        (
            a_drill(date="2026-08-24"),
            "line 2: the drill of web-1 no longer counts: it is older than restore_test_days (90)",
        ),
        ("maintenance: [{name: a, dates: [2026-11-21]}]", "line 2: a is over"),
        ("maintenance:\n- {name: a, start: 2026-11-23T00:00, end: 2026-11-23T04:00}", "line 3: a is over"),
        (
            "maintenance: [{name: a, weekly: [friday, saturday, sunday, monday], start: 00:00, end: 21:01}]",
            "line 2: a covers more than half of every week: runs due in it are never judged",
        ),
        (a_waiver(until="2026-11-22"), "line 2: the waiver of CBR-101 web-1 would fail CBR-904: it has expired"),
        (a_waiver(until="2027-11-25"), "line 2: the waiver of CBR-101 web-1 would fail CBR-904: it ends too far ahead"),
        (
            a_waiver(subject="w*"),
            "line 2: the waiver of CBR-101 w* would fail CBR-904: its subject is too short and fits nearly anything",
        ),
        (
            f"skip: [CBR-101]\n{a_waiver()}",
            "line 3: the waiver of CBR-101 web-1 has no effect: its control is not applied",
        ),
    ],
)
def test_what_will_be_unused_is_said_with_its_line(text: str, remark: str) -> None:
    assert remarks_on(text) == (remark,)


def test_remarks_come_in_the_order_of_the_file_and_of_values_without_a_line() -> None:
    found = remarks_on(f"{a_waiver(until='2026-11-22')}\ncontrols: [CBR-101]\nskip: [CBR-103]")

    assert [remark.partition(":")[0] for remark in found] == ["line 2", "line 4"]
    source = find_source("strict")
    assert remarks(source, build(source), NOW) == ()


def test_a_first_profile_needs_no_remark() -> None:
    source = find_source(starter("default"))

    assert remarks(source, build(source), NOW) == ()
