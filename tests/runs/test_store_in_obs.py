"""A whole audit that reads a simulator and stores its report in a real S3 server, and the report read from there."""

import json
import re
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

import handler
from audit.cli.commands import main
from audit.errors import SettingsError
from audit.reports import latest_report, open_reports
from audit.simulator import serve
from tests.evidence.store.s3_server import BUCKET, S3Server
from tests.pretend import AS_OF, Context, a_simulator, without_waiting


@dataclass
class Place:
    """Settings for a simulator and a store, and the folder that the store keeps its objects in."""

    settings: dict[str, str]
    folder: Path

    def invoke(self, *args: str, **changed: str) -> Result:
        return CliRunner().invoke(main, args, env={**self.settings, **changed})


@pytest.fixture
def place(s3: S3Server) -> Iterator[Place]:
    simulator, prefix = a_simulator("healthy"), f"run-{uuid.uuid4()}"
    with serve(simulator) as served, without_waiting():
        settings = {
            "CBR_AUDIT_ENDPOINT": served.url,
            "HUAWEICLOUD_SDK_PROJECT_ID": simulator.project_id,
            **s3.variables(prefix),
        }
        yield Place(settings, s3.folder / BUCKET / prefix)


def one_line(result: Result, code: int) -> str:
    lines = [line for line in result.stderr.splitlines() if not line.startswith("Reading ")]
    assert (result.exit_code, result.stdout, len(lines)) == (code, "", 1), result.output
    return lines[0]


def test_a_report_is_stored_and_shown_again(place: Place) -> None:
    done = place.invoke("run", "--as-of", AS_OF.isoformat())

    assert done.exit_code == 0, done.output
    store = place.settings["CBR_AUDIT_STORE"]
    address = done.stdout.splitlines()[-1].removeprefix("Report   ")
    assert re.fullmatch(rf"{store}/[0-9a-z]+/2026/11/23/20261123T120000Z-[0-9a-f]{{12}}/report\.html", address)
    run = address.rpartition("/")[0]
    assert (place.folder / address.removeprefix(f"{store}/")).is_file()
    assert place.invoke("show").stdout == done.stdout
    assert place.invoke("show", run.rpartition("/")[2]).stdout == done.stdout
    assert place.invoke("show", run, HUAWEICLOUD_SDK_PROJECT_ID="", CBR_AUDIT_ENDPOINT="").stdout == done.stdout


def test_programs_read_the_reports_of_a_store_in_obs(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    assert place.invoke("run", "--as-of", AS_OF.isoformat()).exit_code == 0
    store = place.settings["CBR_AUDIT_STORE"]
    with pytest.raises(SettingsError, match="AK"):
        latest_report(store)
    for name, value in place.settings.items():
        monkeypatch.setenv(name, value)

    (run,) = open_reports(store)

    assert (run.as_of, run.report.conclusion) == (AS_OF, "compliant")
    assert [*latest_report(store).findings()]


def test_what_is_stored_is_verified_recomputed_and_compared(place: Place) -> None:
    done = place.invoke("run", "--as-of", AS_OF.isoformat())
    run = done.stdout.rsplit("/", 2)[1]

    verified, replayed, compared = place.invoke("verify"), place.invoke("replay", run), place.invoke("diff", run)
    assert (verified.exit_code, replayed.exit_code, compared.exit_code) == (0, 0, 0), verified.output + replayed.output
    assert verified.stdout.startswith("VERIFIED")
    assert replayed.stdout.endswith("The report follows from its evidence.\n")
    assert compared.stdout.startswith("New failures: 0\n")
    assert place.invoke("replay", run, "--profile", "strict").stdout.count("What the other profile changes:") == 1


def test_a_report_that_was_changed_in_the_store_is_not_shown(place: Place) -> None:
    place.invoke("run", "--as-of", AS_OF.isoformat())
    report = next(place.folder.rglob("report.json"))
    report.write_bytes(report.read_bytes().replace(b"compliant", b"complaint", 1))

    assert "report.json is not the one that manifest.json names" in one_line(place.invoke("show"), 2)


def test_an_empty_place_says_so(place: Place) -> None:
    assert "has no report; run an audit first" in one_line(place.invoke("show"), 2)


def test_the_function_stores_with_the_keys_of_its_agency(place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    keys = (place.settings.pop("HUAWEICLOUD_SDK_AK"), place.settings.pop("HUAWEICLOUD_SDK_SK"), "STS-of-the-agency")
    handler.initializer(Context())
    answer = handler.handler({"as_of": AS_OF.isoformat()}, Context(place.settings, keys=keys))

    assert answer["conclusion"] == "compliant"
    assert all((place.folder / key).is_file() for key in answer["keys"])
    first = json.loads(capsys.readouterr().out.splitlines()[0])
    assert (first["sign_in"], first["store"]) == (
        "temporary keys of the function",
        place.settings["CBR_AUDIT_STORE"],
    )


def test_nothing_is_read_from_the_cloud_when_the_function_has_no_time_to_store(place: Place) -> None:
    keys = (place.settings.pop("HUAWEICLOUD_SDK_AK"), place.settings.pop("HUAWEICLOUD_SDK_SK"), "STS-of-the-agency")

    with pytest.raises(Exception, match="used up"):
        handler.handler({}, Context(place.settings, keys=keys, remaining=5_000))

    assert not place.folder.exists()
