"""Changes in the plans of a project between two audits, and what the second one must find.

There are two versions of an estate: a day ago, and now. In between, a resource was added to an old vault, one policy
was
moved to another hour, and another was saved again over a missed run. The runs of one more policy come at other hours
than planned all the time.
"""

import re
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Final

from audit.simulator import identifiers
from audit.simulator.estate import Estate
from audit.simulator.messages import Row
from audit.simulator.truth import DEFAULT

AGO: Final = timedelta(hours=26)  # what runs once a day has run since
_MOVED: Final = 8  # hours
_SHIFTED: Final = 9
_SAVED: Final = timedelta(minutes=30)
_DAY: Final = timedelta(days=1)
_RECENT: Final = 6 * _DAY
_SETTLED: Final = 3 * _DAY
_SHORTEST: Final = 5 * _DAY
_HOUR: Final = re.compile(r"(?<=BYHOUR=)[0-9]+")
_EVERY_DAY: Final = re.compile(r"FREQ=DAILY;INTERVAL=1;|;BYDAY=[A-Z]{2}(,[A-Z]{2}){6}(;|$)")


def replan(estate: Estate, *, seed: int = 1) -> tuple[Estate, Estate]:
    """Return two versions of an estate.

    Args:
        estate: the estate, which is not changed.
        seed: another one gives the new resource another id.

    Returns:
        The estate as an audit saw it a day ago, and now. The truth of the second, which is known for the default
        preset, assumes a run over the first.

    Raises:
        ValueError: something else is wrong with the estate, so that the result would be unknown.
    """
    if estate.scenario != "healthy" or not _relied_on(estate):
        raise ValueError("only a healthy estate that has policies can be told twice")
    now = deepcopy(estate)
    rng = Random(f"replan {seed}")
    found = [*_keeps_other_hours(now), *_lacks_a_run(now)]
    before = _a_day_ago(now)
    _moves(now)
    _saves_again(now, {resource_id for _control, kind, resource_id in found if kind == "resource"})
    _adds(now, rng)
    return before, replace(now, _truth={DEFAULT: _statement(found, estate)})


def _keeps_other_hours(estate: Estate) -> Iterator[tuple[str, str, str]]:
    """A policy plans nine hours before its runs come, in both versions, if there are enough runs to tell."""
    is_long = bool(estate.tasks) and estate.as_of - _when(estate.tasks[-1]["created_at"]) >= _SHORTEST
    for policy in _once_a_day(estate)[: int(is_long)]:
        _turn(policy, -_SHIFTED)
        yield "CBR-116", "policy", policy["id"]


def _lacks_a_run(estate: Estate) -> Iterator[tuple[str, str, str]]:
    """A run of the policy that runs most often never began."""
    for vault in _vaults_of(estate, _most_frequent(estate)):
        for held in vault["resources"]:
            lost = next(_spare(estate, held["id"]), None)
            if lost is not None:
                _forget(estate, lost)
                yield "CBR-102", "resource", held["id"]
                return


def _moves(estate: Estate) -> None:
    """A policy was moved to another hour a moment ago: harmless."""
    for policy in _once_a_day(estate)[1:2]:
        _turn(policy, _MOVED)


def _saves_again(estate: Estate, lacking: set[str]) -> None:
    """The policy with the missed run was saved again: its start time is newer, but the run is still missing."""
    policy = _most_frequent(estate)
    if any(held["id"] in lacking for vault in _vaults_of(estate, policy) for held in vault["resources"]):
        saved = (estate.as_of.astimezone(UTC) - _SAVED).replace(microsecond=0, tzinfo=None)
        policy["trigger"]["properties"]["start_time"] = saved.isoformat(sep=" ")


def _adds(estate: Estate, rng: Random) -> None:
    """A resource was put into an old vault two hours ago: its first backup is not due yet."""
    vault = _vaults_of(estate, _most_frequent(estate))[0]
    held = vault["resources"][0]
    new = {"id": identifiers.uuid(rng), "name": f"{held['name']}-new", "backup_count": 0, "backup_size": 0}
    vault["resources"].append({**deepcopy(held), **new, "protect_status": "available", "extra_info": {}})


def _most_frequent(estate: Estate) -> Row:
    return max(_relied_on(estate), key=lambda row: len(row["trigger"]["properties"]["pattern"]))


def _relied_on(estate: Estate) -> list[Row]:
    return [row for row in estate.policies if row["operation_type"] == "backup" and row["associated_vaults"]]


def _once_a_day(estate: Estate) -> list[Row]:
    """Return the policies that vaults rely on and that run at one time every day."""
    first = _most_frequent(estate)["id"]
    others = (row for row in _relied_on(estate) if row["id"] != first)
    return [row for row in others if _is_once_a_day(row["trigger"]["properties"]["pattern"])]


def _is_once_a_day(patterns: list[str]) -> bool:
    return len(patterns) == 1 and _EVERY_DAY.search(patterns[0]) is not None


def _turn(policy: Row, hours: int) -> None:
    """Let a policy plan so many hours later."""
    properties = policy["trigger"]["properties"]
    properties["pattern"] = [
        _HOUR.sub(lambda found: str((int(found[0]) + hours) % 24), text) for text in properties["pattern"]
    ]


def _vaults_of(estate: Estate, policy: Row) -> list[Row]:
    ids = [link["vault_id"] for link in policy["associated_vaults"]]
    return [vault for vault in estate.vaults if vault["id"] in ids]


def _spare(estate: Estate, resource_id: str) -> Iterator[Row]:
    """Return incremental backups of some days ago whose neighbours belong to the policy, too, and succeeded."""
    own = [row for row in estate.tasks if row["operation_type"] == "backup" and _resource(row) == resource_id]
    for newer, row, older in zip(own, own[1:], own[2:], strict=False):
        age = estate.as_of - _when(row["created_at"])
        is_sound = all(each["policy_id"] and each["status"] == "success" for each in (newer, row, older))
        is_spare = row["extra_info"]["backup"]["incremental"] == "true" and _SETTLED < age < _RECENT
        if is_sound and is_spare and not _is_restored(estate, row):
            yield row


def _is_restored(estate: Estate, made: Row) -> bool:
    """Whether the backup of a task was restored: such a test counts for months."""
    backup_id = made["extra_info"]["backup"]["backup_id"]
    restores = (row for row in estate.tasks if row["operation_type"] == "restore")
    return any(backup_id in str(row["extra_info"]) for row in restores)


def _forget(estate: Estate, lost: Row) -> None:
    """Remove a run with its backup and everything done with it."""
    backup_id = lost["extra_info"]["backup"]["backup_id"]
    estate.backups[:] = [row for row in estate.backups if row["id"] != backup_id]
    estate.tasks[:] = [row for row in estate.tasks if backup_id not in str(row["extra_info"])]


def _a_day_ago(estate: Estate) -> Estate:
    """Return what an audit saw a day ago: what ended later was still running."""
    at = estate.as_of - AGO
    tasks = [_open(row, at) for row in estate.tasks if _when(row["created_at"]) <= at]
    begun = [row for row in estate.backups if _when(row["created_at"]) <= at]
    return deepcopy(replace(estate, as_of=at, tasks=tasks, backups=begun, _truth={}))


def _open(row: Row, at: datetime) -> Row:
    if row["ended_at"] is None or _when(row["ended_at"]) <= at:
        return row
    return {**row, "status": "running", "ended_at": None, "updated_at": row["created_at"]}


def _statement(found: list[tuple[str, str, str]], estate: Estate) -> Row:
    expected = [
        {"control": control, "subject": {"kind": kind, "id": subject}, "outcome": "fail"}
        for control, kind, subject in sorted(found)
    ]
    before = estate.truth(DEFAULT)
    return {**before, "conclusion": "non_compliant" if found else before["conclusion"], "expected": expected}


def _resource(row: Row) -> str:
    return str((row["extra_info"].get("resource") or {}).get("id", ""))


def _when(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)
