"""Every wrong setting, and the sentence that the operator reads: what is wrong, and what to do about it."""

import io
import json
import re
import socket
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

import handler
from audit import log
from audit.cli.commands import main
from audit.errors import AuditError
from audit.simulator import Response, Simulator, build_estate, serve
from tests.cloud.http.rude_server import answer, rude_server, says
from tests.evidence.store.s3_server import BUCKET, S3Server
from tests.pretend import AS_OF, Context, a_simulator, json_response, without_waiting

NO_KEYS = {"HUAWEICLOUD_SDK_AK": "", "HUAWEICLOUD_SDK_SK": ""}
SIGN_IN = "sign in with valid credentials for this project, and check that this machine's clock is right"
BUCKET_NAME = "a bucket has 3 to 63 small letters, digits and - (one with dots cannot be reached over HTTPS)"
NO_BUCKET = f"names no bucket: write obs://BUCKET/PREFIX without the endpoint; {BUCKET_NAME}"
ENDPOINT = "such as https://cbr.eu-west-101.myhuaweicloud.com"
NEEDS_KEYS = (
    "is in OBS, which needs access keys: set HUAWEICLOUD_SDK_AK and HUAWEICLOUD_SDK_SK (a token or a password works "
    "for CBR only)"
)
PERMISSION = (
    "give the user or agency read permission for CBR (the action cbr:tasks:list, or CBR ReadOnlyAccess), and check the "
    "project id"
)
CBR = "{cbr}/v3/{project}"
TASKS = f"{CBR}/operation-logs"
CHECK = "check the endpoint, the region and the network"
BY_KEYS = "(signed in with access keys)"
BY_TOKEN = "(signed in with token)"  # the name of a way to sign in


@dataclass
class Place:
    """A simulator, a store, and settings with which everything works."""

    simulator: Simulator
    settings: dict[str, str]
    names: dict[str, str]

    def run(self, *, code: int, **changed: str) -> str:
        """Run an audit that cannot work, and return the one line that it prints."""
        result = CliRunner().invoke(main, ["run", "--as-of", AS_OF.isoformat()], env={**self.settings, **changed})
        lines = [line for line in result.stderr.splitlines() if not line.startswith("Reading ")]
        assert (result.exit_code, result.stdout, len(lines)) == (code, "", 1), result.output
        return lines[0].removeprefix("cbr-audit: ")


@pytest.fixture
def place(s3: S3Server) -> Iterator[Place]:
    simulator = a_simulator("healthy", resources=1)
    with serve(simulator) as served, without_waiting():
        settings = {
            "CBR_AUDIT_ENDPOINT": served.url,
            "HUAWEICLOUD_SDK_IAM_ENDPOINT": served.url,
            "HUAWEICLOUD_SDK_PROJECT_ID": simulator.project_id,
            **s3.variables(f"wrong-{uuid.uuid4()}"),
        }
        hosts = {"cbr": served.url[7:], "obs": s3.url[7:]}
        yield Place(simulator, settings, {**hosts, "project": simulator.project_id})


@dataclass
class Wrong:
    """What is changed, and the sentence; ``code`` is the exit code."""

    changed: dict[str, str]
    sentence: str
    code: int = 2
    prepare: Callable[[Simulator], object] = field(default=lambda _simulator: None)


def web_page(simulator: Simulator) -> None:
    simulator.intercept = lambda _request, _number: Response(200, {}, b"<html>")


SETTINGS: dict[str, Wrong] = {
    "neither a region nor an endpoint": Wrong(
        {"CBR_AUDIT_ENDPOINT": ""},
        "set --region (HUAWEICLOUD_SDK_REGION) or --endpoint (CBR_AUDIT_ENDPOINT) to say which CBR to read",
    ),
    "no region and no endpoint for OBS": Wrong(
        {"CBR_AUDIT_OBS_ENDPOINT": ""},
        "set --region (HUAWEICLOUD_SDK_REGION) or --obs-endpoint (CBR_AUDIT_OBS_ENDPOINT) to say where the bucket is",
    ),
    "a region that is none": Wrong(
        {"HUAWEICLOUD_SDK_REGION": "EU West"}, "--region (HUAWEICLOUD_SDK_REGION): a region looks like eu-west-101"
    ),
    "http instead of https": Wrong(
        {"CBR_AUDIT_ENDPOINT": "http://cbr.eu-west-101.myhuaweicloud.com"},
        "--endpoint (CBR_AUDIT_ENDPOINT): an endpoint must start with https:// (http:// is allowed for localhost only)",
    ),
    "http instead of https for OBS": Wrong(
        {"CBR_AUDIT_OBS_ENDPOINT": "http://obs.eu-west-101.myhuaweicloud.com"},
        "--obs-endpoint (CBR_AUDIT_OBS_ENDPOINT): an endpoint must start with https:// (http:// is allowed for "
        "localhost only)",
    ),
    "an endpoint without https": Wrong(
        {"CBR_AUDIT_ENDPOINT": "cbr.eu-west-101.myhuaweicloud.com"},
        f"--endpoint (CBR_AUDIT_ENDPOINT): an endpoint needs a host, {ENDPOINT}",
    ),
    "an endpoint with a path": Wrong(
        {"HUAWEICLOUD_SDK_IAM_ENDPOINT": "https://iam.eu-west-101.myhuaweicloud.com/v3"},
        f"--iam-endpoint (HUAWEICLOUD_SDK_IAM_ENDPOINT): an endpoint has only a scheme and a host, {ENDPOINT}",
    ),
    "a bucket in the path of the endpoint": Wrong(
        {"CBR_AUDIT_OBS_ENDPOINT": f"https://obs.eu-west-101.myhuaweicloud.com/{BUCKET}"},
        f"--obs-endpoint (CBR_AUDIT_OBS_ENDPOINT): an endpoint has only a scheme and a host, {ENDPOINT}",
    ),
    "a bucket in the name of the endpoint": Wrong(
        {"CBR_AUDIT_OBS_ENDPOINT": f"https://{BUCKET}.obs.eu-west-101.myhuaweicloud.com"},
        f"--obs-endpoint (CBR_AUDIT_OBS_ENDPOINT): https://{BUCKET}.obs.eu-west-101.myhuaweicloud.com contains the "
        "bucket; leave it out: https://obs.eu-west-101.myhuaweicloud.com",
    ),
    "a bucket behind the endpoint": Wrong(
        {"CBR_AUDIT_STORE": f"obs://obs.eu-west-101.myhuaweicloud.com/{BUCKET}"},
        f"'obs://obs.eu-west-101.myhuaweicloud.com/{BUCKET}' {NO_BUCKET}",
    ),
    "a bucket with dots": Wrong({"CBR_AUDIT_STORE": "obs://my.bucket/audits"}, f"'obs://my.bucket/audits' {NO_BUCKET}"),
    "a prefix in words": Wrong(
        {"CBR_AUDIT_STORE": f"obs://{BUCKET}/my audits"},
        f"'obs://{BUCKET}/my audits': a prefix has letters, digits and . _ = - / only, and no part begins with a dot",
    ),
    "another kind of store": Wrong(
        {"CBR_AUDIT_STORE": "s3://bucket/audits"},
        "'s3://bucket/audits' is not a store; give a folder, such as file:///var/lib/cbr-audit, or obs://bucket/prefix",
    ),
    "no store": Wrong({"CBR_AUDIT_STORE": ""}, "--store (CBR_AUDIT_STORE) is not set"),
    "no project": Wrong({"HUAWEICLOUD_SDK_PROJECT_ID": ""}, "--project-id (HUAWEICLOUD_SDK_PROJECT_ID) is not set"),
    "a token for a store in OBS": Wrong(
        {**NO_KEYS, "CBR_AUDIT_TOKEN": "MIItoken"},
        f"--store (CBR_AUDIT_STORE) {NEEDS_KEYS}",
    ),
    "half a pair of keys": Wrong(
        {"HUAWEICLOUD_SDK_SK": "", "CBR_AUDIT_STORE": "/tmp/never-written"},  # noqa: S108  # nothing is written
        "HUAWEICLOUD_SDK_SK is not set; access keys need both",
    ),
    "a secret with a line break": Wrong(
        {"HUAWEICLOUD_SDK_SK": "copied-with-its-end\n"},
        "HUAWEICLOUD_SDK_SK: contains a space, a line break or another character that is not allowed",
    ),
    "the name of a key instead of its id": Wrong(
        {"CBR_AUDIT_OBS_KMS_KEY": "our key for audits"},
        "CBR_AUDIT_OBS_KMS_KEY: a key id contains only letters, digits and : / - (see Key Management in the console)",
    ),
    "a lock of no days": Wrong(
        {"CBR_AUDIT_OBS_LOCK_DAYS": "0"}, "CBR_AUDIT_OBS_LOCK_DAYS: Input should be greater than or equal to 1"
    ),
    "a profile that is not there": Wrong(
        {"CBR_AUDIT_PROFILE": "none.yaml"},
        "cannot read the profile none.yaml: No such file or directory; give a file, or one of default, strict, "
        "cis-v8, iso27001, dora, mlps-2.0-l3",
    ),
}
REFUSED: dict[str, Wrong] = {
    "a wrong secret key": Wrong(
        {"HUAWEICLOUD_SDK_SK": "another-secret-key", "CBR_AUDIT_STORE": "/tmp/never-written"},  # noqa: S108  # as above
        f"{TASKS} answered 401 (APIGW.0301 Incorrect IAM authentication information: verify aksk signature fail); "
        f"{SIGN_IN} {BY_KEYS}",
    ),
    "a key that nobody knows": Wrong(
        {"HUAWEICLOUD_SDK_AK": "UNKNOWN", "CBR_AUDIT_STORE": "/tmp/never-written"},  # noqa: S108  # as above
        f"{TASKS} answered 401 (APIGW.0301 Incorrect IAM authentication information: ak *** not exist); "
        f"{SIGN_IN} {BY_KEYS}",
    ),
    "an expired token": Wrong(
        {**NO_KEYS, "CBR_AUDIT_TOKEN": "MIIexpired", "CBR_AUDIT_STORE": "/tmp/never-written"},  # noqa: S108  # as above
        f"{TASKS} answered 401 (APIGW.0301 Incorrect IAM authentication information: decrypt token fail); "
        f"{SIGN_IN} {BY_TOKEN}",
    ),
    "the project of somebody else": Wrong(
        {"HUAWEICLOUD_SDK_PROJECT_ID": "0123456789"},
        "{cbr}/v3/0123456789/operation-logs answered 403 (Forbidden The credentials are not valid for this project.); "
        f"{PERMISSION} {BY_KEYS}",
    ),
    "a missing permission": Wrong(
        {},
        f"{TASKS} answered 403 (Forbidden Policy doesn't allow cbr:tasks:list to be performed.); {PERMISSION} "
        f"{BY_KEYS}",
        prepare=lambda simulator: simulator.deny("cbr:tasks:list"),
    ),
    "an endpoint of something else": Wrong(
        {},
        f"http://{TASKS}: the answer for operation_logs is not JSON, it looks like a web page; check the endpoint",
        code=3,
        prepare=web_page,
    ),
    "an endpoint where nobody is": Wrong(
        {"CBR_AUDIT_ENDPOINT": "http://127.0.0.1:1"},
        "127.0.0.1:1/v3/{project}/operation-logs did not answer: no connection; " + CHECK,
        code=3,
    ),
    "a bucket that is not there": Wrong(
        {"CBR_AUDIT_STORE": "obs://another-bucket"},
        "{obs}/another-bucket/{project}/latest.json answered 404 (NoSuchBucket The specified bucket does not exist); "
        f"check the bucket's name in CBR_AUDIT_STORE, and its region {BY_KEYS}",
    ),
}


@pytest.mark.parametrize("wrong", [*SETTINGS.values(), *REFUSED.values()], ids=[*SETTINGS, *REFUSED])
def test_a_wrong_setting_is_one_sentence_with_its_remedy(place: Place, wrong: Wrong) -> None:
    wrong.prepare(place.simulator)

    assert place.run(code=wrong.code, **wrong.changed) == wrong.sentence.format(**place.names)


def test_temporary_keys_without_their_token_and_after_their_end_are_told_apart(place: Place, tmp_path: Path) -> None:
    pair = place.simulator.temporary_keys()
    keys = {"HUAWEICLOUD_SDK_AK": pair.ak, "HUAWEICLOUD_SDK_SK": pair.sk, "CBR_AUDIT_STORE": str(tmp_path)}
    without = place.run(code=2, **keys)
    place.simulator.expire_keys()
    ended = place.run(code=2, **keys, HUAWEICLOUD_SDK_SECURITY_TOKEN=pair.token)

    start = TASKS.format(**place.names) + " answered 401 (APIGW.0301 Incorrect IAM authentication information: "
    assert without == f"{start}the security token is not that of the ak); {SIGN_IN} {BY_KEYS}"
    assert ended == f"{start}the security token is expired); {SIGN_IN} (signed in with temporary access keys)"


def test_a_region_that_has_no_such_endpoint_is_told(
    place: Place, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def nobody(name: str, *_: Any, **__: Any) -> Any:
        raise socket.gaierror(-2, f"Name or service not known: {name}")

    monkeypatch.setattr("socket.getaddrinfo", nobody)
    here = {"CBR_AUDIT_STORE": str(tmp_path)}
    said = place.run(code=3, CBR_AUDIT_ENDPOINT="", HUAWEICLOUD_SDK_REGION="eu-wset-101", **here)

    host = "cbr.eu-wset-101.myhuaweicloud.com"
    assert said == f"{host}/v3/{place.names['project']}/operation-logs did not answer: its name is not known; {CHECK}"


ELSEWHERE = "obs.eu-west-0.myhuaweicloud.com"
LOOK = "obs:object:GetObject (and obs:bucket:ListBucket, without which OBS does not tell what is not there)"
ANSWERS = {
    "a bucket in another region": (
        "301 Moved Permanently",
        f"<Code>PermanentRedirect</Code><Message>Elsewhere.</Message><Endpoint>{ELSEWHERE}</Endpoint>",
        f"301 (PermanentRedirect Elsewhere. {ELSEWHERE})",
        "the bucket is in another region; set CBR_AUDIT_OBS_ENDPOINT to its endpoint",
    ),
    "a missing permission": (
        "403 Forbidden",
        "<Code>AccessDenied</Code><Message>Access Denied</Message>",
        "403 (AccessDenied Access Denied)",
        f"allow the action {LOOK} on the place of CBR_AUDIT_STORE, and check the bucket's policy",
    ),
    "an address instead of a name": (
        "403 Forbidden",
        "<Code>VirtualHostDomainRequired</Code>",
        "403 (VirtualHostDomainRequired)",
        "name the endpoint in CBR_AUDIT_OBS_ENDPOINT by its host name, not by an address",
    ),
    "keys that have ended": (
        "403 Forbidden",
        "<Code>ExpiredToken</Code>",
        "403 (ExpiredToken)",
        "the temporary access keys have ended; get new ones",
    ),
}


@pytest.mark.parametrize(("status", "error", "told", "remedy"), ANSWERS.values(), ids=ANSWERS)
def test_what_obs_refuses_is_one_sentence_with_its_remedy(
    place: Place, status: str, error: str, told: str, remedy: str
) -> None:
    """The S3 server of the tests has one region and no permissions: these answers are those of the documents."""
    body = f"<Error>{error}</Error>".encode()
    with rude_server(says(answer(body, "Connection: close", status=status))) as obs:
        said = place.run(code=2, CBR_AUDIT_OBS_ENDPOINT=obs.url)

    assert re.sub(r"^\S+ answered ", "", said) == f"{told}; {remedy} {BY_KEYS}"


def ahead(minutes: int, **options: Any) -> Simulator:
    estate = build_estate("healthy", resources=1, days=5, as_of=AS_OF)
    return Simulator(estate, clock=lambda: datetime.now(UTC) + timedelta(minutes=minutes), **options)


def test_a_clock_that_is_20_minutes_off_is_corrected_and_told_in_the_log(place: Place, tmp_path: Path) -> None:
    simulator, said = ahead(20), io.StringIO()
    with serve(simulator) as served:
        settings = {**place.settings, "CBR_AUDIT_ENDPOINT": served.url, "CBR_AUDIT_STORE": str(tmp_path)}
        settings["HUAWEICLOUD_SDK_PROJECT_ID"] = simulator.project_id
        result = CliRunner().invoke(main, ["--log", "run", "--as-of", AS_OF.isoformat()], env=settings)

    said.write(result.stderr)
    told = [json.loads(line) for line in said.getvalue().splitlines() if line.startswith("{")]
    assert result.exit_code == 0
    corrected = next(line for line in told if line["event"] == "clock.corrected")
    assert (corrected["level"], abs(corrected["seconds"] - 1200) <= 2) == ("warning", True)


def test_a_clock_that_nobody_corrects_is_a_sentence(place: Place) -> None:
    refusal = json_response({"error_code": "APIGW.0301", "error_msg": "the signature is expired"}, 401)
    place.simulator.intercept = lambda _request, _number: refusal

    said = place.run(code=2)

    start = f"{TASKS.format(**place.names)} answered 401 (APIGW.0301 the signature is expired)"
    assert said == f"{start}; {SIGN_IN} {BY_KEYS}"


def test_a_function_without_an_agency_says_what_it_lacks() -> None:
    data = {
        "HUAWEICLOUD_SDK_REGION": "eu-west-101",
        "HUAWEICLOUD_SDK_PROJECT_ID": "p1",
        "CBR_AUDIT_STORE": "obs://audits/daily",
    }
    try:
        with pytest.raises(AuditError) as error:
            handler.handler({}, Context(data))
    finally:
        log.silence()

    assert str(error.value) == (
        "the event or the settings cannot be used: no credentials: set HUAWEICLOUD_SDK_AK and HUAWEICLOUD_SDK_SK, or "
        "CBR_AUDIT_TOKEN, or CBR_AUDIT_USER and CBR_AUDIT_PASSWORD (a function gets them from its agency); "
        f"CBR_AUDIT_STORE {NEEDS_KEYS}"
    )
