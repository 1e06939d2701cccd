"""What of a profile was loosened or tightened."""

from typing import Any

import orjson
import pytest

from audit.profile import build_profile
from audit.profile.loosening import ORDERS, strength_of
from audit.subjects import Differences, compare

GOLD = {"name": "gold", "select": [{"vaults": ["blue"]}], "limits": {"max_backup_age_hours": 6}}
WAIVER = {"control": "CBR-101", "subject": "build-7", "owner": "Ana", "reason": "rebuilt", "until": "2027-03-31"}
PATCHES = {"name": "patches", "weekly": ["sunday"], "start": "22:00", "end": "04:00"}


def canonical(**written: Any) -> Any:
    return orjson.loads(build_profile(written, "p").canonical)


def compared(before: Any, after: Any) -> Differences:
    return compare(strength_of(before, after), strength_of(after, before), ORDERS)


def loosened(before: dict[str, Any], after: dict[str, Any]) -> dict[tuple[str, str], tuple[Any, Any]]:
    found = compared(canonical(**before), canonical(**after)).weaker
    return {(each.aspect.what, each.aspect.about): (each.before, each.after) for each in found}


def limit(**limits: Any) -> dict[str, Any]:
    return {"limits": limits}


@pytest.mark.parametrize(
    ("strict", "loose", "what", "values"),
    [
        (limit(grace_hours=6), limit(grace_hours=7), "grace_hours", (6, 7)),
        (limit(max_backup_age_hours=26), limit(), "max_backup_age_hours", (26, 30)),
        (limit(), limit(max_backup_age_hours=31), "max_backup_age_hours", (30, 31)),
        (limit(), limit(repair_within_hours=744), "repair_within_hours", (30, 744)),
        (limit(min_retention_days=7), limit(min_retention_days=6), "min_retention_days", (7, 6)),
        (limit(min_retention_days=7), limit(min_retention_days=None), "min_retention_days", (7, 0)),
        (limit(max_retention_days=7), limit(), "max_retention_days", (7, None)),
        (limit(min_backup_size_percent=50), limit(), "min_backup_size_percent", (50, 0)),
        (limit(weakened_days=8), limit(), "weakened_days", (8, 7)),
        (limit(), limit(weakened_days=0), "weakened_days", (7, 0)),
        (limit(), limit(max_agent_silence_hours=25), "max_agent_silence_hours", (24, 25)),
        (limit(), limit(trusted_projects=["p"]), "trusted_projects", ((), ("p",))),
        (limit(), limit(trusted_actors=["acme/eve"]), "trusted_actors", ((), ("acme/eve",))),
        (limit(), limit(watched_functions=[]), "watched_functions", (("cbr-audit",), ())),
        (limit(mass_deletions=4), limit(), "mass_deletions", (4, 5)),
        (limit(), limit(max_backups_looked_at=99), "max_backups_looked_at", (100, 99)),
        (limit(required_tags=["a", "b"]), limit(required_tags=["b"]), "required_tags", (("a", "b"), ("b",))),
        (limit(allowed_excluded_disks=[]), limit(allowed_excluded_disks=["d"]), "allowed_excluded_disks", ((), ("d",))),
        (limit(replication_regions=["a"]), limit(), "replication_regions", (("a",), ())),
        (
            limit(replication_regions=["a"]),
            limit(replication_regions=["a", "b"]),
            "replication_regions",
            (("a",), ("a", "b")),
        ),
        (
            {"controls": ["CBR-101", "CBR-102"]},
            {"controls": ["CBR-101"]},
            "controls",
            (("CBR-101", "CBR-102"), ("CBR-101",)),
        ),
        (
            {"controls": ["CBR-101", "CBR-102"]},
            {"controls": ["CBR-101", "CBR-102"], "skip": ["CBR-101"]},
            "controls",
            (("CBR-101", "CBR-102"), ("CBR-102",)),
        ),
        ({"look_back": "2d"}, {"look_back": "47h"}, "look_back_hours", (48, 47)),
        ({}, {"maintenance": [PATCHES]}, "maintenance", None),
        ({}, {"scope": {"exclude": [{"vaults": ["blue"]}]}}, "excluded", None),
        ({}, {"scope": {"include": [{"vaults": ["blue"]}]}}, "included", None),
        (
            {"scope": {"include": [{"vaults": ["blue"]}, {"vaults": ["red"]}]}},
            {"scope": {"include": [{"vaults": ["red"]}]}},
            "included",
            None,
        ),
    ],
)
def test_what_is_demanded_of_all_is_loosened_one_way_only(
    strict: dict[str, Any], loose: dict[str, Any], what: str, values: Any
) -> None:
    found = loosened(strict, loose)

    assert set(found) == {(what, "")}
    assert values in {None, found[what, ""]}
    assert loosened(loose, strict) == {}


@pytest.mark.parametrize(
    ("before", "after", "found"),
    [
        ({"levels": [GOLD]}, {"levels": [{**GOLD, "limits": {"max_backup_age_hours": 7}}]}, {"max_backup_age_hours"}),
        ({"levels": [GOLD]}, {}, {"max_backup_age_hours", "level_selects"}),
        ({"levels": [GOLD]}, {"levels": [{**GOLD, "select": [{"vaults": ["red"]}]}]}, {"level_selects"}),
        ({}, {"levels": [GOLD]}, set()),
        ({}, {"levels": [{**GOLD, "limits": {"max_backup_age_hours": 99}}]}, {"max_backup_age_hours"}),
    ],
)
def test_what_is_demanded_of_a_level_is_compared_with_what_was_demanded_of_it(
    before: dict[str, Any], after: dict[str, Any], found: set[str]
) -> None:
    assert {(what, "gold") for what in found} == loosened(before, after).keys()


@pytest.mark.parametrize(
    ("before", "after", "values"),
    [
        ([], [WAIVER], (None, "2027-03-31")),
        ([WAIVER], [{**WAIVER, "until": "2027-04-01"}], ("2027-03-31", "2027-04-01")),
        ([WAIVER], [{**WAIVER, "until": "2027-03-30"}], None),
        ([WAIVER], [{**WAIVER, "reason": "another"}], None),
        ([WAIVER], [], None),
    ],
)
def test_a_waiver_that_is_new_or_lasts_longer_accepts_more(before: list[Any], after: list[Any], values: Any) -> None:
    found = loosened({"waivers": before}, {"waivers": after})

    assert found == ({("waived_until", "CBR-101 build-7"): values} if values else {})


def test_what_only_changes_how_a_report_looks_is_no_difference() -> None:
    looks = {"timezone": "Europe/Berlin", "language": "zh", "formats": ["findings.csv"]}

    assert compared(canonical(), canonical(**looks)) == Differences((), ())


def test_what_an_older_version_did_not_know_is_not_compared() -> None:
    old = canonical()
    del old["limits"]["overstay_days"]

    assert compared(old, canonical(limits={"overstay_days": 99})) == Differences((), ())
