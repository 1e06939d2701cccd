"""``cbr-audit doctor``: what is tried, what is said of what is missing, and that nothing stays behind."""

import json
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import certifi
import pytest
from click.testing import CliRunner, Result

from audit.cli.commands import main
from audit.simulator import Request, Response, Simulator, build_estate, serve
from tests.cloud.http.between import between
from tests.evidence.store.s3_server import BUCKET, S3Server
from tests.pretend import AS_OF, a_simulator, json_response, without_waiting

LISTS = ("operation-logs", "policies", "vaults", "backups")
STORE = ("store write", "store read", "store list")
NAMES = ("settings", "time", "sign-in", *LISTS, "traces", *STORE)


@dataclass
class Place:
    """A simulator and a store, the settings that join them, and the folder that the store keeps its objects in."""

    simulator: Simulator
    settings: dict[str, str]
    folder: Path

    def doctor(self, *args: str, **changed: str) -> Result:
        return CliRunner().invoke(main, ["doctor", *args], env={**self.settings, **changed})

    def lines(self, **changed: str) -> dict[str, str]:
        """What is said of each thing, and that the exit code fits."""
        result = self.doctor(**changed)
        *lines, last = result.stdout.splitlines()
        found = {line[:15].strip(): line[16:] for line in lines}
        is_fine = not any(text.startswith("MISSING") for text in found.values())
        assert (result.exit_code, last) == (
            (0, "Ready to audit.") if is_fine else (2, "Not ready: fix what is MISSING, then run doctor again.")
        )
        assert result.stderr == ""
        return found

    def left(self) -> list[Path]:
        return [path for path in self.folder.rglob("*") if path.is_file()]


@pytest.fixture
def place(s3: S3Server) -> Iterator[Place]:
    simulator, prefix = a_simulator(resources=1), f"doctor-{uuid.uuid4()}"
    with serve(simulator) as served, without_waiting():
        settings = {
            "CBR_AUDIT_ENDPOINT": served.url,
            "HUAWEICLOUD_SDK_IAM_ENDPOINT": served.url,
            "HUAWEICLOUD_SDK_PROJECT_ID": simulator.project_id,
            **s3.variables(prefix),
        }
        yield Place(simulator, settings, s3.folder / BUCKET / prefix)


def results(lines: dict[str, str]) -> dict[str, str]:
    return {name: text[:10].strip() for name, text in lines.items()}


def test_everything_that_is_there_is_ok_and_nothing_stays_behind(place: Place) -> None:
    lines = place.lines()

    assert results(lines) == dict.fromkeys(NAMES, "ok")
    assert lines["sign-in"].split(None, 1)[1] == "access keys"
    assert lines["backups"].split() == ["ok", "cbr:backups:list"]
    assert place.left() == []


def test_it_says_which_enterprise_projects_are_seen(place: Place) -> None:
    assert "every enterprise project that is granted, in Huawei Cloud, at " in place.lines()["settings"]
    routed = place.lines(CBR_AUDIT_PROXY="http://me:a-password@proxy:3128", CBR_AUDIT_CA_BUNDLE=certifi.where())
    assert routed["settings"].endswith(
        f", through the proxy proxy:3128, trusting the certificates of {certifi.where()}"
    )
    assert "through the proxy proxy" in place.lines(CBR_AUDIT_PROXY="https://proxy")["settings"]

    place.settings["CBR_AUDIT_ENTERPRISE_PROJECT_ID"] = "0"
    assert "the enterprise project 0, in Huawei Cloud, at " in place.lines()["settings"]

    place.simulator.quirks.knows_enterprise_projects = False
    assert "check CBR_AUDIT_ENTERPRISE_PROJECT_ID, too" in place.lines()["vaults"]

    del place.settings["CBR_AUDIT_ENTERPRISE_PROJECT_ID"]
    lines = place.lines()
    assert results(lines) == dict.fromkeys(NAMES, "ok")
    told = {
        name
        for name, text in lines.items()
        if "asked for without an enterprise project: the API does not accept that parameter" in text
    }
    assert told == {"operation-logs", "vaults", "backups"}


def test_a_folder_is_tried_too_and_needs_no_permission(place: Place, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    for folder in (tmp_path / "new" / "folder", tmp_path / "mine"):
        lines = place.lines(CBR_AUDIT_STORE=str(folder))
        assert results(lines) == dict.fromkeys(NAMES, "ok")
        assert lines["store write"].split() == ["ok", folder.as_uri()]

    assert [path.name for path in tmp_path.iterdir()] == ["mine"]


def test_everything_may_be_had_as_json(place: Place) -> None:
    place.simulator.deny("cbr:vaults:list")
    result = place.doctor("--json")
    told = json.loads(result.stdout)

    assert (result.exit_code, told["ok"]) == (2, False)
    assert [check["name"] for check in told["checks"]] == list(NAMES)
    missing = [check for check in told["checks"] if check["result"] == "MISSING"]
    assert [check["action"] for check in missing] == ["cbr:vaults:list"]
    assert "the action cbr:vaults:list, or CBR ReadOnlyAccess" in missing[0]["detail"]
    place.simulator.deny()
    assert json.loads(place.doctor("--json").stdout)["ok"] is True


@pytest.mark.parametrize("name", LISTS)
def test_each_missing_permission_is_named_alone(place: Place, name: str) -> None:
    action = f"cbr:{'tasks' if name == 'operation-logs' else name}:list"
    place.simulator.deny(action)

    lines = place.lines()

    assert results(lines) == {**dict.fromkeys(NAMES, "ok"), name: "MISSING"}
    assert f"Policy doesn't allow {action}" in lines[name]


def test_what_the_profile_reads_beside_is_tried_too(place: Place) -> None:
    place.settings["CBR_AUDIT_PROFILE"] = "strict"
    names = dict.fromkeys((*NAMES, "agents", "org-policies", "storage_usage", "protectables", "members"), "ok")

    assert results(place.lines()) == names
    place.simulator.deny("cbr:vaults:listProtectables")
    lines = place.lines()
    assert results(lines) == {**names, "protectables": "MISSING"}
    assert "Policy doesn't allow cbr:vaults:listProtectables" in lines["protectables"]
    place.simulator.deny("cbr:member:list")
    assert results(place.lines()) == {**names, "members": "MISSING"}


@pytest.mark.parametrize("minutes", [-20, 20])
def test_a_wrong_clock_is_named_although_requests_are_signed_all_the_same(place: Place, minutes: int) -> None:
    estate = build_estate("healthy", resources=1, days=2, as_of=AS_OF)
    with serve(Simulator(estate, clock=lambda: datetime.now(UTC) + timedelta(minutes=minutes))) as served:
        lines = place.lines(CBR_AUDIT_ENDPOINT=served.url, HUAWEICLOUD_SDK_PROJECT_ID=estate.project_id)

    assert results(lines) == {**dict.fromkeys(NAMES, "ok"), "time": "MISSING"}
    where = "behind" if minutes > 0 else "ahead of"
    assert f"this machine's clock is 20 minutes {where} the cloud's; correct it" in lines["time"]


def test_a_cloud_without_a_clock_is_named(place: Place) -> None:
    def no_date(request: Request, _number: int) -> Response | None:
        return Response(404) if request.split().path == "/" else None

    place.simulator.intercept = no_date
    assert "the response has no valid Date header" in place.lines()["time"]


def test_without_an_answer_of_cbr_only_the_store_is_tried(place: Place) -> None:
    lines = place.lines(CBR_AUDIT_ENDPOINT="http://127.0.0.1:1")

    expected = {**dict.fromkeys(NAMES, "ok"), "time": "MISSING"}
    assert results(lines) == {**expected, **dict.fromkeys(("sign-in", *LISTS, "traces"), "not tried")}
    assert "127.0.0.1:1/ did not answer: no connection; check the endpoint" in lines["time"]


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"HUAWEICLOUD_SDK_SK": "wrong-secret-key-of-somebody"}, "verify aksk signature fail"),
        ({"HUAWEICLOUD_SDK_AK": "", "HUAWEICLOUD_SDK_SK": "", "CBR_AUDIT_TOKEN": "MIIended"}, "decrypt token fail"),
        (
            {
                "HUAWEICLOUD_SDK_AK": "",
                "HUAWEICLOUD_SDK_SK": "",
                "CBR_AUDIT_USER": "auditor",
                "CBR_AUDIT_PASSWORD": "wrong-pass-of-somebody",
            },
            "username or",
        ),
    ],
)
def test_after_a_refused_sign_in_nothing_else_is_tried(
    place: Place, tmp_path: Path, changed: dict[str, str], words: str
) -> None:
    lines = place.lines(**changed, CBR_AUDIT_STORE=str(tmp_path))

    expected = {**dict.fromkeys(NAMES, "ok"), "sign-in": "MISSING"}
    assert results(lines) == {**expected, **dict.fromkeys((*LISTS, "traces"), "not tried")}
    assert words in lines["sign-in"]
    assert "sign in with valid credentials" in lines["sign-in"]
    assert place.simulator.requests == 2, "one for the time"
    assert not any(str(secret) in str(lines) for secret in changed.values() if len(secret) > 8)


def test_without_traces_it_says_what_is_lost_and_is_ready(place: Place) -> None:
    place.simulator.deny("cts:trace:list")

    lines = place.lines()

    assert results(lines) == {**dict.fromkeys(NAMES, "ok"), "traces": "without"}
    assert "give the user or agency the permission cts:trace:list. Audits run without it: " in lines["traces"]


def test_a_list_that_cannot_be_read_does_not_hide_the_others(place: Place) -> None:
    def odd(request: Request, _number: int) -> Response | None:
        path = request.split().path
        answers = {
            "policies": Response(200, {}, b"<html>"),
            "vaults": json_response({"vaults": 5}),
            "logs": Response(503),
        }
        return next((answer for end, answer in answers.items() if path.endswith(end)), None)

    place.simulator.intercept = odd
    lines = place.lines()

    assert results(lines) == {**dict.fromkeys(NAMES, "ok"), **dict.fromkeys(LISTS[:3], "MISSING")}
    assert "answered 503" in lines["operation-logs"]
    for name in ("policies", "vaults"):
        assert "answered with something else than a list; check the endpoint" in lines[name]


def test_settings_that_cannot_be_used_are_the_only_line(place: Place) -> None:
    lines = place.lines(CBR_AUDIT_STORE="", HUAWEICLOUD_SDK_AK="")
    assert list(lines) == ["settings"]
    assert "--store (CBR_AUDIT_STORE) is not set; HUAWEICLOUD_SDK_AK is not set; access keys" in lines["settings"]
    assert list(place.lines(CBR_AUDIT_STORE="obs://my.bucket/x")) == ["settings"]
    assert list(place.lines(CBR_AUDIT_PROFILE="none.yaml")) == ["settings"]


def test_a_store_that_cannot_be_written_is_named(place: Place, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")

    lines = place.lines(CBR_AUDIT_STORE=str(tmp_path / "file"))

    assert lines["store write"].startswith("MISSING    cannot write ")
    assert results(lines)["store read"] == results(lines)["store list"] == "not tried"


def refused(method: bytes, piece: bytes) -> bytes:
    """Spoil the signature of requests of one method, which the server then refuses."""
    return piece.replace(b"SignedHeaders=", b"SignedHeaders=x;", 1) if piece.startswith(method) else piece


def test_what_may_be_written_but_not_read_is_named_and_removed(place: Place, s3: S3Server) -> None:
    with between(s3.url, to_server=lambda piece: refused(b"GET", piece)) as proxy:
        lines = place.lines(CBR_AUDIT_OBS_ENDPOINT=proxy.url)

    assert results(lines) == {**dict.fromkeys(NAMES, "ok"), "store read": "MISSING", "store list": "MISSING"}
    assert place.left() == []


def test_an_object_that_changes_by_itself_is_named(place: Place, s3: S3Server) -> None:
    with between(s3.url, to_client=lambda piece: piece.replace(b"Written by", b"Changed by")) as proxy:
        lines = place.lines(CBR_AUDIT_OBS_ENDPOINT=proxy.url)

    assert "reads back different from what was written; is another writer there?" in lines["store read"]


def test_an_object_that_may_not_be_removed_is_told_and_is_no_fault(place: Place, s3: S3Server) -> None:
    with between(s3.url, to_server=lambda piece: refused(b"DELETE", piece)) as proxy:
        lines = place.lines(CBR_AUDIT_OBS_ENDPOINT=proxy.url)

    assert results(lines) == {**dict.fromkeys(NAMES, "ok"), "store clean": "LEFT"}
    assert "/cbr-audit-doctor.txt by hand (audits need no permission to delete)" in lines["store clean"]
    assert [path.name for path in place.left()] == ["cbr-audit-doctor.txt"]


def test_an_answer_that_is_lost_leaves_nothing_either(place: Place, s3: S3Server) -> None:
    """The object got there, and neither the answer to that nor to looking for it came."""

    def lose(piece: bytes) -> bytes | None:
        return None if b"PUT" in asked or b"GET" in asked else piece

    asked: list[bytes] = []

    def remember(piece: bytes) -> bytes:
        asked[:] = [piece.split(b" ", 1)[0]] if piece[:3] in {b"PUT", b"GET", b"DEL"} else asked
        return piece

    with between(s3.url, to_server=remember, to_client=lose) as proxy:
        lines = place.lines(CBR_AUDIT_OBS_ENDPOINT=proxy.url)

    assert results(lines)["store write"] == "MISSING"
    assert place.left() == []


def test_locking_is_not_tried_and_its_permission_named(place: Place) -> None:
    lines = place.lines(CBR_AUDIT_OBS_LOCK_DAYS="30")
    told = json.loads(place.doctor("--json", CBR_AUDIT_OBS_LOCK_DAYS="30").stdout)

    assert lines["store lock"].startswith("not tried  a locked test object could not be removed")
    assert told["checks"][-1]["action"] == "obs:object:PutObjectRetention"
