import csv
import gzip
import json
import os
import pty
import runpy
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import click
import orjson
import pytest
import requests
from click.testing import CliRunner, Result

from audit import __version__
from audit.cli import commands as cli
from audit.cli.commands import main
from audit.controls import CONTROLS
from audit.judging.control_catalogue import OPT_IN
from audit.simulator import Response, Simulator, serve
from tests.evidence.forging import Change, forge, put_back, shelf_of
from tests.pretend import a_simulator, files_of, json_response, variables, without_waiting

AS_OF = "2026-11-23T12:00:00Z"
LATER = "2026-11-23T13:00:00Z"
SECONDS = 60


@pytest.fixture(autouse=True)
def _no_waiting() -> Iterator[None]:
    with without_waiting():
        yield


def invoke(*args: str | Path, **environment: str) -> Result:
    return CliRunner().invoke(main, [str(arg) for arg in args], env=environment)


@dataclass
class Place:
    """A simulator on a socket, a store, and the settings that join them."""

    simulator: Simulator
    url: str
    store: Path
    settings: dict[str, str] = field(default_factory=dict)

    def run(self, *args: str, **changed: str) -> Result:
        return invoke("run", "--as-of", AS_OF, *args, **{**self.settings, **changed})


@contextmanager
def a_place(folder: Path, scenario: str = "healthy") -> Iterator[Place]:
    simulator = a_simulator(scenario)
    with serve(simulator) as served:
        store = folder / "store"
        yield Place(simulator, served.url, store, variables(simulator, served.url, store))


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    with a_place(tmp_path) as found:
        yield found


def commands(group: click.Group, *path: str) -> Iterator[tuple[str, ...]]:
    yield path
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from commands(command, *path, name)
        else:
            yield (*path, name)


@pytest.mark.parametrize("command", list(commands(main)), ids=" ".join)
def test_every_command_explains_itself(command: tuple[str, ...]) -> None:
    for option in ("-h", "--help"):
        result = invoke(*command, option)
        assert result.exit_code == 0
        assert result.stdout.startswith("Usage: ")
        assert result.stderr == ""


def test_the_version_is_told() -> None:
    assert invoke("--version").stdout == f"cbr-audit, version {__version__}\n"


def test_an_unknown_command_or_option_is_wrong_use() -> None:
    assert invoke("audit").exit_code == 2
    assert invoke("run", "--regoin", "x").exit_code == 2


@pytest.mark.parametrize(
    ("scenario", "code", "verdict"),
    [("healthy", 0, "COMPLIANT: "), ("failing", 10, "NOT COMPLIANT: "), ("gapped", 3, "INCOMPLETE: ")],
)
def test_an_audit_shows_its_verdict_and_ends_with_its_code(
    tmp_path: Path, scenario: str, code: int, verdict: str
) -> None:
    with a_place(tmp_path, scenario) as place:
        result = place.run()

    assert result.exit_code == code
    assert result.stdout.startswith(verdict)
    assert "Reading tasks: page 1 of " in result.stderr
    report = Path(result.stdout.splitlines()[-1].partition("Report   ")[2])
    assert report.parent.is_relative_to(place.store)
    assert (report.parent / "report.json").is_file()


def test_options_go_before_the_environment(place: Place, tmp_path: Path) -> None:
    other = tmp_path / "with space"
    result = place.run("--store", other.as_uri(), "--workers", "1", "--since", "40d", CBR_AUDIT_STORE="s3://wrong")

    assert result.exit_code == 0
    assert f"Report   {other}/" in result.stdout
    assert "Window   2026-10-14T12:00:00Z to 2026-11-23T12:00:00Z" in result.stdout


def test_the_log_is_shown_on_demand_and_not_otherwise(place: Place, tmp_path: Path) -> None:
    options = ["run", "--as-of", AS_OF]
    quiet = invoke(*options, **place.settings)
    loud = invoke("--log", *options, "--store", tmp_path / "other", **place.settings)

    assert "run.started" not in quiet.output
    events = [json.loads(line)["event"] for line in loud.stderr.splitlines() if line.startswith("{")]
    assert events == ["run.started", "run.finished"]
    assert place.simulator.password not in loud.output


def one_clear_line(result: Result, code: int, *words: str) -> None:
    """An error is one line on standard error that says what and what to do, and nothing else is printed."""
    lines = [line for line in result.stderr.splitlines() if not line.startswith("Reading ")]
    assert result.exit_code == code, result.output
    assert len(lines) == 1, result.output
    assert lines[0].startswith("cbr-audit: ")
    assert result.stdout == ""
    for word in words:
        assert word in lines[0]
    assert "Traceback" not in result.output
    assert "internal error" not in result.output


UNSIGNED = {"CBR_AUDIT_USER": "", "CBR_AUDIT_PASSWORD": ""}
HTML = Response(200, {"Content-Type": "text/html"}, b"<html>\x1b[2J</html>")


def test_every_mistake_is_one_clear_line_and_leaves_earlier_runs_alone(place: Place, tmp_path: Path) -> None:
    assert place.run().exit_code == 0
    before = files_of(place.store)
    typo = tmp_path / "typo.yaml"
    typo.write_text("limit: {grace_hours: 1}\n", encoding="utf-8")
    with socket.create_server(("127.0.0.1", 0)) as closed:
        nobody = f"http://127.0.0.1:{closed.getsockname()[1]}"
    (tmp_path / "file").write_bytes(b"")

    one_clear_line(place.run(**UNSIGNED, CBR_AUDIT_TOKEN="wrong-token"), 2, "answered 401", "sign in with valid")
    one_clear_line(place.run(CBR_AUDIT_PASSWORD="wrong-password"), 2, "username or password is wrong")
    token = {**UNSIGNED, "CBR_AUDIT_TOKEN": place.simulator.token}
    one_clear_line(place.run("--project-id", "other", **token), 2, "answered 403", "check the project id")
    one_clear_line(place.run("--endpoint", nobody, **token), 3, "no connection", "check the endpoint")
    one_clear_line(
        place.run("--endpoint", "https://a..myhuaweicloud.eu", **token), 3, "eu/v3/", "cannot be asked", "check both"
    )
    one_clear_line(place.run("--profile", str(typo)), 2, str(typo), "limit is not a key", "did you mean limits?")
    one_clear_line(place.run("--profile", "none.yaml"), 2, "cannot read the profile none.yaml: No such file")
    one_clear_line(place.run("--since", "yesterday"), 2, "'yesterday' is not a time; write ")
    one_clear_line(place.run("--since", "2027-01-01"), 2, "the window is empty")
    one_clear_line(place.run("--store", str(tmp_path / "file")), 2, str(tmp_path / "file"), "Not a directory")
    one_clear_line(place.run("--store", "s3://bucket"), 2, "'s3://bucket' is not a store", "file:///")
    one_clear_line(place.run("--workers", "x"), 2, "--workers (CBR_AUDIT_WORKERS)", "valid integer")
    one_clear_line(place.run(**UNSIGNED, CBR_AUDIT_TOKEN="secret\n"), 2, "CBR_AUDIT_TOKEN: contains a space")
    for answer, words in ((HTML, "looks like a web page"), (json_response({"count": 0}), 'no list "operation_logs"')):
        place.simulator.intercept = lambda request, _number, answer=answer: answer if request.method == "GET" else None
        one_clear_line(place.run(), 3, place.url, words, "check the endpoint")

    assert files_of(place.store) == before


def test_everything_that_is_missing_is_named_at_once_with_its_option() -> None:
    one_clear_line(
        invoke("run"),
        2,
        "--project-id (HUAWEICLOUD_SDK_PROJECT_ID) is not set",
        "--store (CBR_AUDIT_STORE) is not set",
        "set --region (HUAWEICLOUD_SDK_REGION) or --endpoint (CBR_AUDIT_ENDPOINT)",
        "no credentials: set HUAWEICLOUD_SDK_AK and HUAWEICLOUD_SDK_SK",
    )


def test_a_store_that_cannot_be_written_ends_the_run(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Any, **__: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("audit.evidence.store.folder.os.fsync", full)

    one_clear_line(place.run(), 2, str(place.store), "No space left on device", "may be written")


def test_a_mistake_of_the_program_is_said_to_be_one(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise KeyError(f"\x1b[2J {place.simulator.password}")

    monkeypatch.setattr("audit.cli.commands.execute", fail)
    result = place.run()

    assert result.exit_code == 1
    assert result.stderr.splitlines()[0].startswith("cbr-audit: internal error, please report it: KeyError: ")
    assert "\x1b" not in result.output
    assert place.simulator.password not in result.output
    assert "--traceback" in result.stderr
    shown = invoke("--traceback", "run", **place.settings)
    assert isinstance(shown.exception, KeyError)


def test_an_unexpected_error_of_the_system_is_one_line_too(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise TimeoutError

    monkeypatch.setattr("audit.cli.commands.read_report", fail)
    result = invoke("show")
    assert (result.exit_code, result.stderr) == (2, "cbr-audit: \n")


def test_a_reader_that_goes_away_is_no_internal_error(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise BrokenPipeError(32, "Broken pipe")

    monkeypatch.setattr("audit.cli.commands.read_report", fail)
    result = invoke("show")
    assert result.exit_code == 1
    assert "internal error" not in result.output


def test_the_demo_shows_what_it_found_and_where(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    result = invoke("demo", "--as-of", AS_OF)

    assert result.exit_code == 0
    assert result.stdout.startswith("NOT COMPLIANT: ")
    assert "What to do now" in result.stdout
    assert "Auditing a simulated project (mixed, seed 1)" in result.stderr
    assert f"Report   {tmp_path}/cbr-audit-demo/" in result.stdout
    assert invoke("show").stdout == result.stdout
    page = Path(result.stdout.splitlines()[-1].partition("Report   ")[2]).read_text()
    assert "li-wei" in page  # who changed a policy


@pytest.mark.parametrize("as_of", ["soon", "0001-01-01T00:00:00+14:00"])
def test_a_time_that_makes_no_sense_is_wrong_use(as_of: str, tmp_path: Path) -> None:
    result = invoke("demo", "--out", tmp_path, "--as-of", as_of)

    assert result.exit_code == 2
    assert "Invalid value for '--as-of'" in result.stderr


def test_a_report_is_shown_from_the_store_the_project_or_the_run(place: Place) -> None:
    done = place.run().stdout
    folder = Path(done.splitlines()[-1].partition("Report   ")[2]).parent

    for where in (place.store, place.store.as_uri(), place.store / place.simulator.project_id, folder):
        result = invoke("show", where)
        assert result.exit_code == 0
        assert result.stdout == done


def test_of_several_projects_one_must_be_named(place: Place) -> None:
    place.run()
    pointer = orjson.loads((place.store / place.simulator.project_id / "latest.json").read_bytes())
    (place.store / "p2").mkdir()
    (place.store / "p2" / "latest.json").write_bytes(orjson.dumps({**pointer, "prefix": "p2/2026"}))

    one_clear_line(invoke("show", place.store), 2, "several projects; choose one with --project-id: ")
    assert invoke("show", place.store, "--project-id", place.simulator.project_id).exit_code == 0


def test_a_report_that_was_changed_is_not_shown(place: Place) -> None:
    place.run()
    (path,) = place.store.rglob("report.json")
    path.write_bytes(b"{}")

    one_clear_line(invoke("show", place.store), 2, "report.json is not the one that manifest.json names")


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"summary": []}, "report.json contradicts its run or itself: not a report of a known form"),
        ({"conclusion": "splendid"}, "report.json contradicts its run or itself: conclusion: manifest says "),
    ],
)
def test_a_forged_report_is_not_shown(place: Place, changed: Any, words: str) -> None:
    place.run()
    republish(place.store, report=lambda report: report.update(changed))

    one_clear_line(invoke("show", place.store), 2, words)


def test_a_report_that_a_later_version_wrote_otherwise_is_told(place: Place) -> None:
    place.run()
    republish(place.store, report=lambda report: report.update(changes=[1]))

    one_clear_line(invoke("show", place.store), 2, "the report is damaged or was written")


def test_that_a_report_is_a_what_if_is_said_before_its_verdict(place: Place) -> None:
    done = place.run().stdout
    in_run = lambda values: values["run"].update(what_if=True)  # noqa: E731  # used twice
    republish(place.store, report=in_run, manifest=in_run, digest=lambda digest: digest.update(kind="what_if"))

    first, *rest = invoke("show", place.store).stdout.splitlines()
    assert first.startswith("WHAT-IF: ")
    assert rest == done.splitlines()


def test_the_newest_run_is_shown_although_the_pointer_was_put_back_or_removed(place: Place) -> None:
    place.run()
    pointer = place.store / place.simulator.project_id / "latest.json"
    older = pointer.read_bytes()
    newest = place.run("--as-of", LATER, CBR_AUDIT_PROFILE="strict").stdout
    note = "Note: latest.json does not name this run, which is the newest; run `cbr-audit verify`.\n"

    pointer.write_bytes(older)
    stale = invoke("show", place.store)
    pointer.unlink()
    for shown in (stale, invoke("show", place.store), invoke("show", pointer.parent)):
        assert (shown.exit_code, shown.stdout, shown.stderr) == (0, newest, note)
    assert invoke("verify", place.store).stdout.startswith("VERIFIED")


def test_a_run_without_a_digest_is_not_shown(place: Place) -> None:
    done = place.run().stdout
    folder = Path(done.splitlines()[-1].partition("Report   ")[2]).parent
    for digest in place.store.rglob("digest/*.json"):
        digest.unlink()

    one_clear_line(invoke("show", folder.name, CBR_AUDIT_STORE=str(place.store)), 2, "no digest names it")
    one_clear_line(invoke("show", place.store), 2, "latest.json leads to no run of the chain")
    assert "whether a digest commits it was not checked" in invoke("show", folder).stderr


def test_every_finding_is_printed_as_csv(place: Place) -> None:
    place.run()
    (stored,) = place.store.rglob("findings.ndjson.gz")
    (prefix,) = {path.parent for path in place.store.rglob("report.json")}
    findings = gzip.decompress(stored.read_bytes()).splitlines()

    lines = [*csv.DictReader(invoke("show", place.store, "--csv").stdout.splitlines())]
    assert [(line["control"], line["subject_id"]) for line in lines] == [
        (each["control"], each["subject"]["id"]) for each in map(orjson.loads, findings)
    ]
    assert {line["outcome"] for line in lines} == {"pass", "not_applicable"}
    assert not (prefix / "findings.csv").exists()
    stored.unlink()
    one_clear_line(invoke("show", place.store, "--csv"), 2, "findings.ndjson.gz cannot be used: it is missing")


def republish(store: Path, **changes: Change) -> None:
    """Forge the only run, with all the hashes that belong to it."""
    put_back(forge(shelf_of(store), 1, **changes), store)


def test_a_run_is_shown_by_its_id(place: Place) -> None:
    done = place.run().stdout
    run_id = Path(done.splitlines()[-1]).parent.name

    assert invoke("show", run_id, CBR_AUDIT_STORE=str(place.store)).stdout == done
    one_clear_line(invoke("show", f"{run_id[:-3]}000", CBR_AUDIT_STORE=str(place.store)), 2, "has no run")


def test_without_a_place_the_store_of_the_settings_is_shown(place: Place) -> None:
    done = place.run().stdout

    assert invoke("show", CBR_AUDIT_STORE=str(place.store)).stdout == done


def test_a_place_without_a_report_says_so(tmp_path: Path) -> None:
    one_clear_line(invoke("show", tmp_path / "none"), 2, "has no report; run an audit first")


def test_names_of_the_cloud_do_not_command_the_terminal(place: Place) -> None:
    place.run()
    evil = "\x1b]0;owned\x07\x1b[2J\r[bold]\u202e"
    problem: dict[str, Any] = {
        "subject": {"kind": "vault", "id": "v", "name": evil},
        **dict.fromkeys(("severity", "reason", "error", "todo"), evil),
        "since": None,
        "or_earlier": False,
        "also": [],
        "explains": [],
    }

    def name_it(report: Any) -> None:
        report["problems"] = [problem]
        report["collection"]["gaps"] = [evil]
        report["summary"]["problems"] = report["trend"][-1]["problems"] = 1

    republish(place.store, report=name_it)

    master, slave = pty.openpty()
    received: list[bytes] = []
    listener = threading.Thread(target=_listen, args=(master, received))
    listener.start()
    command = [sys.executable, "-m", "audit.cli.commands", "show", str(place.store)]
    environment = {**os.environ, "TERM": "xterm", "NO_COLOR": "1"}
    with subprocess.Popen(command, stdout=slave, env=environment) as process:
        os.close(slave)
        assert process.wait(SECONDS) == 0
    listener.join()
    os.close(master)

    text = b"".join(received).decode()
    assert "[bold]" in text, "what looks like markup is text"
    assert not any(character in text for character in "\x07\u202e")
    assert "\x1b[2J" not in text
    assert "\x1b]" not in text


def _listen(descriptor: int, received: list[bytes]) -> None:
    try:
        while piece := os.read(descriptor, 65536):
            received.append(piece)
    except OSError:  # the program has ended
        return


def test_controls_are_listed_and_explained() -> None:
    *listed, blank, on_demand = invoke("controls").stdout.splitlines()
    assert [line.split()[0] for line in listed] == [control.id for control in CONTROLS]
    assert (blank, on_demand.partition(": ")[2].split(", ")) == ("", sorted(OPT_IN))

    for name in ("CBR-101", "cbr-101", "Recent-Backup"):
        explained = invoke("controls", name).stdout
        assert explained.startswith("CBR-101 recent-backup")
        assert "How to fix it" in explained
        assert "Severity: " in explained
    one_clear_line(invoke("controls", "CBR-999"), 2, "unknown control 'CBR-999'", "`cbr-audit controls`")


def test_what_the_controls_say_of_a_standard_is_listed() -> None:
    listed = invoke("controls", "--framework", "mlps-2.0-l3").stdout

    assert listed.startswith("MLPS 2.0, GB/T 22239-2019, level 3 (mlps-2.0-l3)\nRead in: ")
    assert "check the numbers against the standard.\n\n8.1.4.9 a: " in listed
    assert "  cannot be shown CBR-109, CBR-206\n  left open       CBR copies backups at intervals" in listed
    assert "  partly by       CBR-501, CBR-502, CBR-503, CBR-504\n" in listed
    assert "  cannot be shown no control\n" in listed
    assert "  supported by    CBR-101" in invoke("controls", "--framework", "cis-v8").stdout


@pytest.mark.parametrize(
    ("arguments", "words"),
    [(["--framework", "cis"], "is not one of 'nist-800-53'"), (["CBR-101", "--framework", "dora"], "not both")],
)
def test_a_standard_that_is_not_known_or_not_alone_is_refused(arguments: list[str], words: str) -> None:
    refused = invoke("controls", *arguments)

    assert refused.exit_code == 2
    assert words in refused.stderr


@pytest.fixture
def vaults() -> dict[str, Any]:
    """An answer of the API as documented."""
    simulator = a_simulator()
    with serve(simulator) as served:
        answer = requests.get(
            f"{served.url}/v3/{simulator.project_id}/vaults",
            headers={"X-Auth-Token": simulator.token},
            timeout=SECONDS,
        )
    content: dict[str, Any] = answer.json()
    return content


def test_saved_answers_are_checked(tmp_path: Path, vaults: dict[str, Any]) -> None:
    good, packed, drifting, broken, html, damaged = (
        tmp_path / name for name in ("good", "packed", "drifting", "broken", "html", "damaged")
    )
    good.write_bytes(orjson.dumps(vaults))
    packed.write_bytes(gzip.compress(orjson.dumps(vaults)))
    row = vaults["vaults"][0]
    drifting.write_bytes(orjson.dumps({**vaults, "vaults": [{**row, "new\x1b[2J": "\x1b"}], "\x07more": 1}))
    broken.write_bytes(orjson.dumps({**vaults, "vaults": [{**row, "id": "\x1b[2J", "name": 5, "resources": 5}, 5]}))
    html.write_bytes(b"<html>")
    damaged.write_bytes(gzip.compress(orjson.dumps(vaults))[:-20])

    def check(*files: Path) -> tuple[int, str]:
        result = invoke("check", *files)
        assert "\x1b" not in result.output
        assert "\x07" not in result.output
        return result.exit_code, result.output

    assert check(good) == (0, f"{good}: vaults, {len(vaults['vaults'])} rows, 0 rejected, 0 kinds of drift\n")
    assert check(packed)[0] == 0
    code, text = check(drifting)
    assert code == 4
    assert "unknown field in 1 row, first " in text
    assert "unknown field in the answer itself" in text
    code, text = check(broken)
    assert code == 3
    assert "2 rejected" in text
    assert "  rejected  row 0 ?[2J " in text
    assert check(html)[0] == 2
    assert "gzipped and damaged" in check(damaged)[1]
    assert check(good, drifting)[0] == 4
    assert check(good, broken, drifting)[0] == 3
    assert check(good, broken, html, drifting)[0] == 2
    assert check(tmp_path / "none")[0] == 2


def test_what_a_check_finds_can_be_read_by_programs(tmp_path: Path, vaults: dict[str, Any]) -> None:
    (tmp_path / "odd").write_bytes(orjson.dumps({**vaults, "more": 1}))
    (tmp_path / "one").write_bytes(orjson.dumps({"vault": {**vaults["vaults"][0], "id": ""}}))
    (tmp_path / "web").write_bytes(b"<html>")

    result = invoke("check", "--json", *(tmp_path / name for name in ("odd", "one", "web")))
    odd, one, web = map(orjson.loads, result.stdout.splitlines())

    assert (result.exit_code, result.stderr) == (2, "")
    found = {"path": "more", "problem": "unknown field", "count": 1, "first_id": "", "example": "1"}
    rows = len(vaults["vaults"])
    assert odd == {
        "file": str(tmp_path / "odd"),
        "kind": "vaults",
        "error": None,
        "rows": rows,
        "used": rows,
        "drifted": 0,
        "refused": 0,
        "rejected": [],
        "drift": [found],
    }
    assert one["rejected"] == [{"row": 0, "id": "", "path": "id", "message": "'' should be non-empty"}]
    assert web["kind"] is None
    assert "web page" in web["error"]


def test_a_file_can_be_checked_as_the_kind_that_it_must_be(tmp_path: Path, vaults: dict[str, Any]) -> None:
    saved = tmp_path / "saved"
    saved.write_bytes(orjson.dumps(vaults))

    assert invoke("check", "--kind", "vaults", saved).exit_code == 0
    wrong = invoke("check", "--kind", "policies", saved)
    assert (wrong.exit_code, wrong.stdout) == (2, "")
    assert 'the answer has no list "policies"' in wrong.stderr


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_simulated_project_is_served_until_it_is_stopped(tmp_path: Path, number: signal.Signals) -> None:
    truth = tmp_path / "truth.json"
    command = [sys.executable, "-m", "audit.cli.commands", "simulate", "--scenario", "failing", "--resources", "4"]
    command += ["--days", "5", "--as-of", AS_OF, "--truth", str(truth), "--preset", "strict"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        line = json.loads(process.stdout.readline())
        settings = {
            "CBR_AUDIT_ENDPOINT": line["url"],
            "HUAWEICLOUD_SDK_PROJECT_ID": line["project_id"],
            "HUAWEICLOUD_SDK_AK": line["ak"],
            "HUAWEICLOUD_SDK_SK": line["sk"],
            "CBR_AUDIT_STORE": str(tmp_path / "store"),
        }
        result = invoke("run", "--as-of", line["as_of"], **settings)
        process.send_signal(number)
        rest, errors = process.communicate(timeout=SECONDS)

    assert (process.returncode, rest, errors) == (0, b"", b"")
    assert result.exit_code == 10
    stated = json.loads(truth.read_bytes())
    assert stated["conclusion"] == "non_compliant"
    assert "CBR-303" in {finding["control"] for finding in stated["expected"]}, "only the strict preset has it"
    assert {"token", "user", "password", "domain"} <= line.keys()


@pytest.mark.parametrize(
    "more",
    [
        (),
        ("--tampered",),
        ("--scenario", "healthy", "--riddles"),
        ("--scenario", "healthy", "--ghosts"),
        ("--scenario", "healthy", "--replanned", "now"),
    ],
)
def test_serving_ends_with_the_signal(monkeypatch: pytest.MonkeyPatch, more: tuple[str, ...]) -> None:
    class Stopped(threading.Event):
        """Is waited for, and gets the signal just then."""

        def wait(self, timeout: float | None = None) -> bool:
            signal.raise_signal(signal.SIGTERM)
            return super().wait(timeout)

    monkeypatch.setattr("audit.cli.commands.threading", SimpleNamespace(Event=Stopped))
    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        result = invoke("simulate", "--resources", "1", *more)
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)

    assert result.exit_code == 0
    assert json.loads(result.stdout)["url"].startswith("http://127.0.0.1:")


def test_the_module_can_be_run_as_a_program(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["cbr-audit", "--version"])

    with pytest.raises(SystemExit, match="0"):
        runpy.run_path(str(cli.__file__), run_name="__main__")

    assert __version__ in capsys.readouterr().out


def test_a_simulated_project_that_cannot_be_served_says_why(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        one_clear_line(invoke("simulate", "--port", port, "--resources", "1"), 2, "in use")
    one_clear_line(
        invoke("simulate", "--resources", "1", "--truth", tmp_path / "none" / "truth.json"), 2, "No such file", "none"
    )


@pytest.mark.parametrize("unknown", [("--preset", "strict"), ("--scenario", "drifting")])
def test_tampering_is_for_what_its_truth_is_known_of(unknown: tuple[str, str]) -> None:
    result = invoke("simulate", "--resources", "1", "--tampered", *unknown)

    one_clear_line(result, 2, "--tampered needs --preset default and --scenario healthy or mixed or failing")


@pytest.mark.parametrize(
    "more",
    [("now",), ("now", "--scenario", "healthy", "--riddles"), ("before", "--scenario", "healthy", "--truth", "x")],
)
def test_only_a_healthy_project_is_told_twice(more: tuple[str, ...]) -> None:
    result = invoke("simulate", "--resources", "1", "--replanned", *more)

    one_clear_line(result, 2, "--replanned needs --preset default and --scenario healthy, without")


@pytest.mark.parametrize("more", [(), ("--scenario", "healthy", "--preset", "strict")])
def test_riddles_are_for_a_healthy_project(more: tuple[str, ...]) -> None:
    result = invoke("simulate", "--resources", "1", "--riddles", *more)

    one_clear_line(result, 2, "--riddles needs --preset default and --scenario healthy")


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ((), "--ghosts needs --preset default and --scenario healthy, without"),
        (("--scenario", "healthy", "--riddles"), "--ghosts needs --preset default and --scenario healthy, without"),
        (
            ("--scenario", "healthy", "--resources", "0"),
            "--ghosts: an estate without backups cannot get",
        ),
    ],
)
def test_ghosts_are_for_a_healthy_project_with_backups(more: tuple[str, ...], said: str) -> None:
    one_clear_line(invoke("simulate", "--ghosts", *more), 2, said)


def test_a_simulated_project_can_deny_known_actions_only() -> None:
    result = invoke("simulate", "--deny", "cbr:backup:list")

    assert result.exit_code == 2
    assert "'cbr:backup:list' is not one of 'cbr:tasks:list'" in result.stderr


def test_a_schema_is_derived_from_a_page(tmp_path: Path) -> None:
    page = Path(__file__).parents[1] / "schemas" / "page"
    source = next(path for path in sorted(page.rglob("*")) if path.suffix in {".md", ".txt", ".rst", ".html"})
    out = tmp_path / "schema.json"

    printed = invoke("schemas", "derive", source)
    written = invoke("schemas", "derive", source, "--out", out)

    assert (printed.exit_code, written.exit_code, written.output) == (0, 0, "")
    assert printed.stdout_bytes == out.read_bytes()
    assert "$defs" in json.loads(printed.stdout)


@pytest.mark.parametrize(
    ("content", "words"), [(b"\xff\xfe", "is not UTF-8 text: byte 0"), (b"nothing", "page.md: line 1")]
)
def test_a_page_that_cannot_be_understood_is_named(tmp_path: Path, content: bytes, words: str) -> None:
    page = tmp_path / "page.md"
    page.write_bytes(content)

    one_clear_line(invoke("schemas", "derive", page), 2, words)


def run_for_real(*args: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "audit.cli.commands", *args],
        capture_output=True,
        text=True,
        check=False,
        timeout=SECONDS,
        env={**os.environ, **environment},
    )


def test_the_program_itself_ends_with_the_same_codes(place: Place) -> None:
    good = run_for_real("run", "--as-of", AS_OF, **place.settings)
    wrong = run_for_real("run", "--as-of", AS_OF, **{**place.settings, "CBR_AUDIT_PASSWORD": "wrong-password"})

    assert (good.returncode, wrong.returncode) == (0, 2)
    assert good.stdout.startswith("COMPLIANT: ")
    assert wrong.stdout == ""
    assert wrong.stderr.count("\n") == 1
    assert "wrong-password" not in wrong.stderr
    assert "\x1b" not in good.stdout + good.stderr, "no colours where nobody looks"
