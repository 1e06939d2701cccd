"""A small estate with every outcome, whose reports are kept in golden/; run this module to write them anew."""

from collections.abc import Iterable, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

from audit.collection import Kind
from audit.controls import CONTROLS
from audit.judging.evaluate import evaluate
from audit.records import Actor, Deed, Policy, Trace
from audit.report.contents import Report, compose
from audit.report.day_states import LETTERS
from audit.report.formats import csv_report, findings_report, json_report, metrics_report, ocsf_report
from audit.report.models import PlannedPart
from audit.subjects import SubjectKind, Subjects, Trail
from tests.builders import (
    DAY,
    HOUR,
    NOW,
    a_backup,
    a_collection,
    a_drift,
    a_point,
    a_policy,
    a_protected,
    a_reading,
    a_rejected,
    a_trace,
    a_vault,
    a_window,
    arranged,
    limits,
    requirements,
    run_facts,
)

GOLDEN: Final = Path(__file__).parent / "golden"
RENDERED: Final = {
    "report.json": json_report.render,
    "findings.ndjson": findings_report.render,
    "findings.csv": csv_report.render,
    "findings.ocsf.ndjson": ocsf_report.render,
    "metrics.prom": metrics_report.render,
}


def left_behind() -> Policy:
    """A policy of an organisation that the account left, which copied to a vault of another account."""
    return a_policy(
        "policy-2",
        enabled=False,
        name="unused",
        vault_ids=frozenset(),
        policy_type="organization_policy_removed",
        cross_account_urn="cbr::other:vault:safe",
    )


def who_removed() -> Trace:
    """The trace of the removal, by somebody whose name tries to be a formula."""
    return a_trace(
        operation="removeResources",
        deed=Deed.REMOVE_RESOURCES,
        at=NOW - 2 * DAY,
        actor=Actor(
            name='=cmd|"/C calc"!A0',
            id="user-1",
            account="acme",
            account_id="account-1",
            urn="sts::account-1:assumed-agency:ops/eve",
            access_key_id="HPUA0EXAMPLE",
            invoked_by="obs",
            source_ip="192.0.2.7",
        ),
    )


def an_estate() -> Subjects:
    tasks = [
        *(a_backup(day * DAY + HOUR, incremental=True) for day in range(3)),
        a_backup(4 * DAY, resource_id="disk-1"),
        a_backup(
            DAY,
            "failed",
            task_id="failure",
            resource_id="disk-1",
            error_code="BackupService.6114",
        ),
        a_backup(30 * HOUR, "running", task_id="stuck", resource_id="disk-1"),
        a_backup(2 * DAY, task_id="odd", resource_id="lost", resource_name='=HYPERLINK("http://x")', vault_id=None),
        a_backup(2 * DAY, task_id="removal", operation="remove_resource", resource_id=None, removed=("left",)),
    ]
    names = {"server-1": "web-1", "disk-1": 'Ünïcode, "quoted"\nand broken', "new": "@SUM(A1)"}
    held = tuple(a_protected(resource_id, name=name) for resource_id, name in names.items())
    vaults = [
        a_vault(resources=held),
        a_vault("vault-2", "copy", name="-green", protect_type="replication", created_at=None),
    ]
    policies = [a_policy(), left_behind()]
    readings = (
        a_reading(Kind.TASKS, duplicates=1),
        a_reading(Kind.POLICIES, "policies: 2 distinct rows came, and the cloud says it has 3", distinct=2),
        a_reading(Kind.VAULTS, passes=1),
    )
    rejected = (a_rejected(Kind.POLICIES, id="policy-3", row=2, path="enabled"),)
    collection = a_collection(
        window=a_window(3),
        readings=readings,
        rejected=rejected,
        drift=(a_drift(),),
        trail=Trail.of([who_removed()], NOW - 6 * DAY),
    )
    return arranged(tasks, policies, vaults, collection, backups=[a_point(9 * DAY, resource_id="new")])


def former_resource(part: Mapping[str, Any]) -> dict[str, Any]:
    """Return a resource of a report.json in the form of version 0.1."""
    words = {letter: day.value for day, letter in LETTERS.items()}
    planned = part["planned"] and dict(PlannedPart(**part["planned"]))
    return {**part, "planned": planned, "days": [words[letter] for letter in part["days"]]}


def former_findings(lines: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return the findings of a report.json in the form of version 0.1."""
    more = ("run", "as_of", "collection_complete", "enterprise_projects")
    kinds = [*SubjectKind]
    return sorted(
        ({name: part for name, part in line.items() if name not in more} for line in lines),
        key=lambda each: (each["control"], kinds.index(each["subject"]["kind"]), each["subject"]["id"]),
    )


def a_report(subjects: Subjects | None = None, **demanded: Any) -> Report:
    subjects = subjects or an_estate()
    judged = requirements(
        limits(max_backup_age=timedelta(hours=30), success_rate_period=3 * DAY, skipped_runs_period=3 * DAY),
        **demanded,
    )
    return compose(run_facts(), subjects, CONTROLS, evaluate(subjects, CONTROLS, judged), judged)


if __name__ == "__main__":
    for name, render in RENDERED.items():
        (GOLDEN / name).write_bytes(render(a_report()))
