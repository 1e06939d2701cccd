"""What a published report passes on to the next run: what it saw and missed, and since when."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from audit.collection import Kind
from audit.records.keys import key_of
from audit.subjects import Aspect, Memory, PastRules, SubjectKind, Taken, Terms, Value, VaultTrace, Weakened, Weakening
from audit.subjects.kept_plan import KeptPlan
from audit.timestamps import instant


def memory_of(report: Mapping[str, Any]) -> Memory:
    """Read a report.json as the memory of its run.

    Raises:
        LookupError, TypeError, ValueError: the report is damaged or of another version of cbr-audit.
    """
    complete, seen = complete_lists(report), seen_lists(report)
    until = instant(report["run"]["window"]["until"])
    return Memory(
        run=report["run"]["id"],
        until=until,
        policies={part["id"]: (part["mark"], _moment(part["known_since"])) for part in report["policies"]},
        resources={
            part["id"]: (tuple(map(_text, part["follows"] or ())), _moment(part["known_since"]))
            for part in report["resources"]
            if part["vaults"]
        },
        taken={part["id"]: tuple(map(int, part.get("taken_mb", ()))) for part in report["resources"]},
        weakened=_weakened(report.get("weakened", ())),
        terms={part["id"]: tuple(map(_terms, part.get("terms", ()))) for part in report["policies"]},
        missed=tuple(map(_taken, report.get("missed", ()))),
        vaults={part["id"]: _trace(part, until) for part in report.get("vaults", ())},
        plans={part["id"]: tuple(map(_plan, part["plans"])) for part in report["policies"] if part.get("plans")},
        awaited={part["id"]: instant(since) for part in report["resources"] if (since := part.get("awaited_since"))},
        overdue=frozenset([part["id"] for part in report["resources"] if _is_overdue(part, until)]),
        policies_complete=Kind.POLICIES in complete,
        vaults_complete=Kind.VAULTS in complete,
        unseen=frozenset({Kind.POLICIES, Kind.VAULTS} - seen),
    )


def complete_lists(report: Mapping[str, Any]) -> frozenset[str]:
    """Return the lists without a missing response, an unaccepted unusable row or a hidden vault.

    Raises:
        LookupError, TypeError: the report is damaged or of another version of cbr-audit.
    """
    return _without(report, (row for row in report["collection"]["rejected_rows"] if not row.get("waiver")))


def seen_lists(report: Mapping[str, Any]) -> frozenset[str]:
    """Return the lists of which nothing was missing, not even an accepted row.

    Raises:
        LookupError, TypeError: the report is damaged or of another version of cbr-audit.
    """
    return _without(report, report["collection"]["rejected_rows"])


def hidden_vaults(report: Mapping[str, Any]) -> frozenset[str]:
    """Return the vaults that were hidden; version 0.1 did not look for them.

    Raises:
        LookupError, TypeError: the report is damaged or of another version of cbr-audit.
    """
    return frozenset(report["collection"].get("hidden_vaults", ()))


def accepted_rows(report: Mapping[str, Any]) -> frozenset[str]:
    """Return the marks of the accepted unusable rows; version 0.1 had none.

    Raises:
        LookupError, TypeError: the report is damaged or of another version of cbr-audit.
    """
    return frozenset(row["mark"] for row in report["collection"]["rejected_rows"] if row.get("waiver"))


def _without(report: Mapping[str, Any], rows: Iterable[Mapping[str, Any]]) -> frozenset[str]:
    readings = report["collection"]["readings"]
    missing = {part["kind"] for part in readings if not part["complete"]} | {row["kind"] for row in rows}
    missing |= {Kind.VAULTS} if hidden_vaults(report) else set()
    return frozenset({part["kind"] for part in readings} - missing)


def _trace(part: Mapping[str, Any], until: datetime) -> VaultTrace:
    return VaultTrace(
        id=part["id"],
        name=part["name"],
        enterprise_project_id=part["enterprise_project_id"],
        listed=part["listed"],
        missing_since=_moment(part["missing_since"]),
        last_seen=until if part["listed"] else _moment(part.get("last_seen")),
        past_rules=tuple(map(_past_rules, part.get("past_rules", ()))),
    )


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError("patterns and ids are texts")
    return value


def _plan(part: Mapping[str, Any]) -> KeptPlan:
    return KeptPlan(
        patterns=tuple(map(_text, part["patterns"])),
        start_time=_moment(part["start_time"]),
        start_window=timedelta(minutes=part["start_window_minutes"]),
        enabled=part["enabled"],
        vault_ids=frozenset(part["vaults"]),
        seen=instant(part["seen"]),
        since=_moment(part["since"]),
        until=_moment(part["until"]),
        clear_since=_moment(part["clear_since"]),
    )


def _is_overdue(part: Mapping[str, Any], until: datetime) -> bool:
    """Whether its newest backup was older than allowed; one without a known backup may still be awaited."""
    limit, last = part["timeline"]["limit_seconds"], part["last_success"] or part.get("awaited_since")
    return limit is not None and (last is None or until - instant(last) > timedelta(seconds=limit))


def _moment(text: str | None) -> datetime | None:
    return instant(text) if text is not None else None


def _weakened(parts: Iterable[Mapping[str, Any]]) -> Mapping[tuple[SubjectKind, str], Weakened]:
    """Return what became weaker, by subject; reports older than that list have none."""
    found: dict[tuple[SubjectKind, str], list[Weakening]] = defaultdict(list)
    names: dict[tuple[SubjectKind, str], str] = {}
    for part in parts:
        key = SubjectKind(part["subject"]["kind"]), part["subject"]["id"]
        names[key] = part["subject"]["name"]
        found[key].append(
            Weakening(
                aspect=Aspect(part["what"], part["about"] or ""),
                before=_value(part["before"]),
                after=_value(part["after"]),
                since=instant(part["since"]),
                tasks=tuple(part["tasks"]),
            )
        )
    return {
        key: Weakened(kind=key[0], id=key[1], name=names[key], weakenings=tuple(each)) for key, each in found.items()
    }


def _value(value: Any) -> Value:
    return tuple(value) if isinstance(value, list) else value


def _terms(part: Mapping[str, Any]) -> Terms:
    return Terms(instant(part["since"]), instant(part["until"]), part["days"], part["number"])


def _past_rules(part: Mapping[str, Any]) -> PastRules:
    return PastRules(part["policy"], tuple(map(_terms, part["terms"])), instant(part["until"]))


def _taken(part: Mapping[str, Any]) -> Taken:
    return Taken(
        id=part["backup"],
        key=key_of(part["backup"]),
        vault_id=part["vault"],
        resource_id=part["resource"],
        made=instant(part["made"]),
        end=_moment(part["end"]),
        by_policy=part["by_policy"],
        is_copy=part["is_copy"],
        gone=instant(part["gone"]),
    )
