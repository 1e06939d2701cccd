"""`cbr-audit fleet …`, from the plan to the verification."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import orjson
import pytest
from click.testing import CliRunner, Result

from audit.cli.commands import main
from audit.cli.fleet import print_roll_up
from audit.evidence.verify import Verification
from audit.evidence.verify.result import Fault
from audit.fleet.roll_up import FleetBefore, roll_up
from audit.simulator import Company, build_company, serve
from tests.fleet.builders import AS_OF, SHA, a_plan, a_target
from tests.fleet.test_function import configured


class Place:
    """A company, its fleet file, and the settings of the account that audits it."""

    def __init__(self, company: Company, url: str, folder: Path) -> None:
        self.company = company
        self.store = folder / "store"
        self.file = folder / "fleet.yaml"
        self.file.write_text(configured(company))
        self.settings = {
            "HUAWEICLOUD_SDK_AK": company.auditor.login.ak,
            "HUAWEICLOUD_SDK_SK": company.auditor.login.sk,
            "HUAWEICLOUD_SDK_REGION": "sim-1",
            "HUAWEICLOUD_SDK_PROJECT_ID": company.home.project_id,
            "HUAWEICLOUD_SDK_IAM_ENDPOINT": url,
            "CBR_AUDIT_STS_ENDPOINT": url,
            "CBR_AUDIT_ENDPOINT": url,
            "CBR_AUDIT_STORE": str(self.store),
            "CBR_AUDIT_FLEET": str(self.file),
        }

    def invoke(self, *args: str, **changed: str) -> Result:
        return CliRunner().invoke(main, ["fleet", *args], env={**self.settings, **changed})


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """A company of two accounts of which one denies its agency; it was audited once."""
    company = build_company(("audit", "shop"), resources=2, days=3, as_of=AS_OF, clock=lambda: datetime.now(UTC))
    company["shop"].agencies.clear()
    with serve(company) as served:
        place = Place(company, served.url, tmp_path_factory.mktemp("fleet"))
        damaged = place.store / f"fleet-all/{datetime.now(UTC):%Y/%m/%d}/a-run/plan.json"
        damaged.parent.mkdir(parents=True)
        damaged.write_text("{}")
        audited = place.invoke("run", "--as-of", AS_OF.isoformat())
        assert audited.exit_code == 3, audited.output
        (place.store / "audited.txt").write_text(audited.output)
        yield place


def test_a_run_tells_what_was_seen_and_names_what_was_not(place: Place) -> None:
    told = (place.store / "audited.txt").read_text()

    assert "/a-run could not be rolled up" in told
    assert "Auditing 2 targets in 2 accounts" in told
    assert "INCOMPLETE: 1 of 2 targets were audited." in told
    assert "Not everything was seen (1 doubt):" in told
    assert "denied: the agency" in told
    page = Path(told.rpartition("Page     ")[2].strip())
    assert page.is_file()


def test_the_latest_roll_up_is_shown_again(place: Place) -> None:
    told = place.invoke("show")
    report = orjson.loads(place.invoke("show", "--json").output)

    assert told.exit_code == 0
    assert "INCOMPLETE: 1 of 2 targets were audited." in told.output
    assert report["summary"]["by_status"]["denied"] == 1


def test_a_plan_is_shown_and_not_stored(place: Place) -> None:
    before = sorted(path for path in place.store.rglob("*") if path.is_file())
    told = place.invoke("plan")

    assert told.exit_code == 0, told.output
    assert "2 targets in 2 accounts would be audited:" in told.output
    assert "as iam::" in told.output
    assert orjson.loads(place.invoke("plan", "--json").output)["fleet"] == "all"
    assert sorted(path for path in place.store.rglob("*") if path.is_file()) == before


def test_a_plan_shows_what_the_fleet_file_says_in_vain(place: Place) -> None:
    told = place.invoke(
        "plan", CBR_AUDIT_FLEET=f"{configured(place.company)}rules: [{{profile: strict, tags: [gold]}}]\n"
    )

    assert "Remarks on the fleet file (1):" in told.output
    assert ": it can never count: no account that is listed has such a tag" in told.output


def test_a_fleet_and_its_targets_are_verified_together(place: Place) -> None:
    good = place.invoke("verify")
    assert good.exit_code == 0, good.output
    assert good.output.count("VERIFIED") == 2
    page = next(place.store.glob("fleet-all/*/*/*/*/fleet.html"))
    stored = page.read_bytes()
    page.write_bytes(stored + b" ")
    bad = place.invoke("verify", "--no-targets")
    page.write_bytes(stored)

    assert bad.exit_code == 10
    assert "fleet.html: the object is missing or was changed" in bad.output


def test_a_head_that_cannot_be_read_is_a_fault_and_no_error(place: Place) -> None:
    manifest = next(place.store.glob("fleet-all/*/*/*/*/manifest.json"))
    stored = manifest.read_bytes()
    manifest.write_bytes(b"{}")
    bad = place.invoke("verify")
    manifest.write_bytes(stored)

    assert bad.exit_code == 10
    assert "manifest.json: is missing or was changed" in bad.output


@pytest.mark.parametrize(
    ("args", "changed", "trouble"),
    [
        (("run",), {"CBR_AUDIT_FLEET": "", "CBR_AUDIT_STS_ENDPOINT": ""}, "set CBR_AUDIT_FLEET to the fleet file"),
        (("run",), {"CBR_AUDIT_STORE": ""}, "--store (CBR_AUDIT_STORE) is not set"),
        (("run", "--file", "/no/such/file"), {}, "/no/such/file"),
        (("show", "--name", "other"), {}, "has no roll-up of the fleet other"),
        (("verify", "--name", "other"), {}, "has no digest of the fleet other"),
        (("show", "/no/such/store"), {}, "has no fleets"),
    ],
)
def test_a_mistake_is_named_with_its_remedy(
    args: tuple[str, ...], changed: dict[str, str], trouble: str, place: Place
) -> None:
    told = place.invoke(*args, **changed)

    assert told.exit_code == 2
    assert trouble in told.output


def test_a_long_result_names_the_first_and_counts_the_rest(capsys: pytest.CaptureFixture[str]) -> None:
    gone, *targets = (a_target(number) for number in range(10, 32))
    plan, before = a_plan(*targets), FleetBefore(plan=a_plan(gone, *targets))
    print_roll_up(roll_up(plan, SHA, {}, before), "file:///store/run")
    told = capsys.readouterr().out

    assert "Not everything was seen (21 doubts):" in told
    assert "  and 1 more: see the page" in told
    assert "Gone since the run before: company-10, eu-west-101, eu-west-101" in told
    assert "Page     /store/run/fleet.html" in told


def test_a_verification_shows_the_first_faults_and_what_else_is_worth_knowing(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    faults = [Fault(f"object-{number:02}", "it was changed") for number in range(52)]
    result = Verification("fleet-all", digests=1, faults=faults, notes=["a note"])
    monkeypatch.setattr("audit.cli.fleet.verify_fleet", lambda *_args, **_options: result)
    told = place.invoke("verify", "--no-targets")

    assert "object-49: it was changed\n  and 2 more\n" in told.output
    assert "  Note: a note\n" in told.output
