"""A control of what a cloud lacks is not applicable there, and says why; what the evidence shows there is judged."""

import gzip
import re
from pathlib import Path
from typing import Any

import orjson
import pytest

from audit.answers.intake import Intake
from audit.app.replay import replay
from audit.app.run import assess
from audit.clouds import CLOUDS, HUAWEI, Feature
from audit.collection import Kind
from audit.controls import CONTROLS
from audit.errors import ChainError
from audit.evidence.agreement import in_report
from audit.evidence.read_forms import Manifest, read_form
from audit.evidence.store import open_store
from audit.history import History
from audit.judging.findings import Finding, Outcome
from audit.profile import build_profile
from audit.profile.applied import lists_of
from audit.simulator import Request, Response
from tests.builders import DAY, NOW, a_backup_row, a_page, a_policy_row, a_reading, a_task, a_vault_row, run_facts
from tests.pretend import a_simulator, audit

STRICT = build_profile({"controls": ["default", "CBR-206", "CBR-207"]}, "p")
G42 = {"cloud": "G42 Cloud", "lacks": "replication of backups", "shown_by": CLOUDS["g42"].lacks[Feature.REPLICATION]}
COPYING = {"operation_type": "replication", "id": "copies", "associated_vaults": []}
SHOWN: dict[str, tuple[Kind, dict[str, Any]]] = {
    "a policy": (Kind.POLICIES, a_policy_row(**COPYING)),
    "a vault for copies": (Kind.VAULTS, a_vault_row(id="replica")),
    "a copy": (Kind.BACKUPS, a_backup_row(image_type="replication")),
}
SHOWN["a vault for copies"][1]["billing"]["protect_type"] = "replication"


def judged(cloud: str, *rows: tuple[Kind, dict[str, Any]], gap: Kind | None = None, **task: Any) -> dict[str, Finding]:
    """What the controls of replication say of a resource and its vault."""
    intake = Intake(History([a_task(created_at=NOW - DAY, **task)]))
    kinds: dict[Kind, list[dict[str, Any]]] = {Kind.VAULTS: [a_vault_row()], Kind.POLICIES: [a_policy_row()]}
    for kind, row in rows:
        kinds.setdefault(kind, []).append(row)
    for kind, listed in kinds.items():
        intake.accept(a_page(*listed, kind=kind))
    readings = tuple(a_reading(kind, *(["a page is missing"] * (kind is gap))) for kind in lists_of(STRICT, cloud))
    report = assess(run_facts(cloud=cloud), STRICT, intake, readings)
    return {each.control: each for each in report.findings if each.id in {"vault-1", "server-1", "project-1"}}


def test_what_a_cloud_lacks_is_not_applicable_and_the_finding_says_which_cloud_and_why() -> None:
    here, there = judged(HUAWEI), judged("g42")

    assert (here["CBR-206"].outcome, there["CBR-206"].outcome) == (Outcome.FAIL, Outcome.NOT_APPLICABLE)
    assert there["CBR-109"].outcome is Outcome.NOT_APPLICABLE
    assert (there["CBR-206"].reason, there["CBR-206"].facts) == ("the cloud does not have it", G42)
    assert {each.outcome for control, each in there.items() if control not in {"CBR-109", "CBR-206"}} == {
        each.outcome for control, each in here.items() if control not in {"CBR-109", "CBR-206"}
    }


@pytest.mark.parametrize("shown", SHOWN.values(), ids=SHOWN)
def test_what_the_evidence_shows_there_all_the_same_is_judged(shown: tuple[Kind, dict[str, Any]]) -> None:
    assert judged("g42", shown)["CBR-206"].outcome is Outcome.FAIL


def test_a_task_that_copied_shows_it_too() -> None:
    assert judged("g42", operation="replication")["CBR-206"].outcome is Outcome.FAIL


@pytest.mark.parametrize("gap", [Kind.POLICIES, Kind.VAULTS])
def test_a_list_that_could_not_be_read_excuses_nothing(gap: Kind) -> None:
    assert judged("g42", gap=gap)["CBR-206"].outcome is not Outcome.NOT_APPLICABLE


def test_a_policy_of_an_organisation_shows_that_there_is_one() -> None:
    row = a_policy_row(id="given", policy_type="organization_policy_v2")

    assert judged("otc")["CBR-207"].outcome is Outcome.NOT_APPLICABLE
    assert judged("otc", (Kind.POLICIES, row))["CBR-207"].outcome is Outcome.UNKNOWN


@pytest.mark.parametrize("cloud", CLOUDS)
def test_no_control_of_what_a_cloud_lacks_fails_or_passes_there(cloud: str) -> None:
    found = judged(cloud)
    lacking = {control.id for control in CONTROLS if control.about in CLOUDS[cloud].lacks} & found.keys()

    assert {found[each].outcome for each in lacking} <= {Outcome.NOT_APPLICABLE}
    assert {found[each].facts["cloud"] for each in lacking} <= {CLOUDS[cloud].title}


def test_a_run_asks_for_no_list_of_it_and_can_be_recomputed(tmp_path: Path) -> None:
    simulator = a_simulator("healthy")
    simulator.intercept = lambda request, _number: (
        Response(500) if "organization" in Request.split(request).path else None
    )
    profile = "{controls: [default, CBR-207], formats: [report.html, findings.ocsf.ndjson]}"
    done = audit(simulator, tmp_path, CBR_AUDIT_CLOUD="otc", CBR_AUDIT_PROFILE=profile)
    files = {name: (tmp_path / done.prefix / name).read_bytes() for name in ("report.json", "manifest.json")}

    (found,) = (each for each in done.report.findings if each.control == "CBR-207")
    assert (found.outcome, found.facts["cloud"]) == (Outcome.NOT_APPLICABLE, "Open Telekom Cloud")
    assert done.report.collection.complete
    assert [orjson.loads(data)["run"]["cloud"] for data in files.values()] == ["otc", "otc"]
    events = gzip.decompress((tmp_path / done.prefix / "findings.ocsf.ndjson.gz").read_bytes()).splitlines()
    assert {orjson.loads(event)["cloud"]["provider"] for event in events} == {"Open Telekom Cloud"}
    assert "<dt>Cloud</dt><dd>Open Telekom Cloud</dd>" in (tmp_path / done.prefix / "report.html").read_text()
    again = replay(open_store(str(tmp_path)), simulator.project_id, done.report.run.id)
    assert (again.differing, again.reasons) == ((), ())


def test_a_cloud_that_only_one_of_report_and_manifest_names_is_a_contradiction(tmp_path: Path) -> None:
    done = audit(a_simulator("healthy"), tmp_path, CBR_AUDIT_CLOUD="g42")
    report, manifest = ((tmp_path / done.prefix / name).read_bytes() for name in ("report.json", "manifest.json"))
    named = read_form(manifest, "m", Manifest)

    assert not [*in_report(named, report)]
    silent = re.sub(rb'"cloud": *"g42",', b"", report)
    assert [*in_report(named, silent)] == ["cloud: manifest says g42, report says huawei"]
    with pytest.raises(ChainError, match=r"run\.cloud"):
        read_form(manifest.replace(b'"g42"', b'"moon"'), "m", Manifest)
