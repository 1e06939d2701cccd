"""What is special about a store in OBS, tried on a real S3 server wherever that can show it."""

import base64
import hashlib
import re
import socket
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import responses

from audit.cloud.http.cloud_clock import CloudClock
from audit.cloud.http.renewable import Fresh, Keys
from audit.cloud.http.transport import RequestLimits, Transport
from audit.errors import ChainError, SettingsError, StoreError, StoreRefusedError, StoreUnreachableError
from audit.evidence.store.keys import largest
from audit.evidence.store.obs import Obs, Seal
from audit.evidence.store.obs_auth import ObsAuth
from audit.evidence.store.obs_dialect import OBS
from audit.evidence.store.obs_place import BucketPlace, place
from audit.evidence.store.plain_xml import XmlError, root_of, texts
from tests.cloud.http.between import between
from tests.cloud.http.rude_server import answer, keeps_silent, rude_server, says
from tests.evidence.store.s3_server import AK, BUCKET, SK, S3Server, obs, s3_server
from tests.pretend import Clock

EU = ".obs.eu-west-101.myhuaweicloud.eu"
HOST = f"https://{BUCKET}.obs.eu-west-101.myhuaweicloud.eu"
KEY = "p1/2026/11/23/run-1/report.json"


def a_prefix() -> str:
    return f"obs/{uuid.uuid4()}"


@pytest.mark.parametrize(
    ("url", "endpoint", "region", "found"),
    [
        (
            "obs://abc",
            None,
            "eu-west-101",
            BucketPlace("abc", "", "https://abc.obs.eu-west-101.myhuaweicloud.eu", "eu-west-101"),
        ),
        ("obs://abc/", None, "r1", BucketPlace("abc", "", "https://abc.obs.r1.myhuaweicloud.com", "r1")),
        ("obs://abc/a/b=1/", None, "r1", BucketPlace("abc", "a/b=1/", "https://abc.obs.r1.myhuaweicloud.com", "r1")),
        (
            "obs://abc/a",
            "https://obs.eu-west-101.myhuaweicloud.eu",
            "r1",
            BucketPlace("abc", "a/", "https://abc.obs.eu-west-101.myhuaweicloud.eu", "eu-west-101"),
        ),
        (
            "obs://abc",
            "https://s3.example.com:9000",
            "r1",
            BucketPlace("abc", "", "https://abc.s3.example.com:9000", "r1"),
        ),
        ("obs://abc", "https://10.0.0.1:9000", None, BucketPlace("abc", "", "https://10.0.0.1:9000/abc", "us-east-1")),
        ("obs://abc", "http://localhost:9000", None, BucketPlace("abc", "", "http://localhost:9000/abc", "us-east-1")),
        ("obs://abc", "http://[::1]:9000", None, BucketPlace("abc", "", "http://[::1]:9000/abc", "us-east-1")),
    ],
)
def test_the_bucket_is_a_part_of_the_host_name_unless_there_is_only_an_address(
    url: str, endpoint: str | None, region: str | None, found: BucketPlace
) -> None:
    assert place(url, endpoint, region) == found
    assert found.url == url.rstrip("/")


@pytest.mark.parametrize(
    ("url", "endpoint", "words"),
    [
        ("obs://", None, "names no bucket: write obs://BUCKET/PREFIX"),
        ("obs:///prefix", None, "names no bucket"),
        ("obs://ab", None, "3 to 63 small letters"),
        ("obs://Bucket", None, "small letters"),
        ("obs://my.bucket/p", None, "one with dots cannot be reached over HTTPS"),
        ("obs://obs.eu-west-101.myhuaweicloud.com/abc", None, "without the endpoint"),
        ("obs://user:word@abc/p", None, "names no bucket"),
        ("obs://abc/../p", None, "a prefix has letters, digits and . _ = - / only, and no part begins with a dot"),
        ("obs://abc//p", None, "a prefix has letters"),
        ("obs://abc/a b", None, "a prefix has letters"),
        ("obs://abc/p?versionId=1", None, "a prefix has letters"),
        (
            "obs://abc/p",
            "https://abc.obs.r1.myhuaweicloud.com",
            "contains the bucket; leave it out: https://obs.r1.myhuaweicloud.com",
        ),
    ],
)
def test_an_address_that_cannot_be_right_is_explained(url: str, endpoint: str | None, words: str) -> None:
    with pytest.raises(SettingsError, match=re.escape(words)):
        place(url, endpoint, "r1")


def test_the_store_is_in_the_cloud_of_the_project_and_its_requests_are_signed_for_its_region() -> None:
    there = place("obs://abc", None, "eu-west-0", "flexible-engine")
    host = "oss.eu-west-0.prod-cloud-ocb.orange-business.com"

    assert there == BucketPlace("abc", "", f"https://abc.{host}", "eu-west-0")
    assert place("obs://abc", f"https://{host}", "eu-west-1") == there


def test_without_region_and_endpoint_nobody_knows_where_the_bucket_is() -> None:
    with pytest.raises(SettingsError, match="REGION or CBR_AUDIT_OBS_ENDPOINT to say where 'obs://abc'"):
        place("obs://abc", None, None)


def test_a_bucket_in_the_host_name_is_signed_as_the_server_expects(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As OBS wants it. The name is resolved here, and nowhere else."""
    with s3_server(tmp_path, "--force-path-style=false") as server:
        host, port = f"{BUCKET}.obs.eu-test.example", int(server.url.rpartition(":")[2])
        resolve = socket.getaddrinfo

        def here(name: str, *args: Any, **options: Any) -> Any:
            return resolve("127.0.0.1" if name == host else name, *args, **options)

        monkeypatch.setattr("socket.getaddrinfo", here)
        keys = Fresh(lambda: Keys(AK, SK))
        where = BucketPlace(BUCKET, "a/", f"http://{host}:{port}", "eu-test")
        store = Obs(where, Transport(dialect=OBS), ObsAuth(keys, CloudClock(), region=where.region))
        store.create(KEY, b"{}")
        store.replace("p1/latest.json", b"{}")

        assert store.read(KEY) == b"{}"
        assert store.projects() == ("p1",)
    assert (tmp_path / BUCKET / "a" / KEY).read_bytes() == b"{}"


def test_what_is_sent_says_what_it_is_and_is_signed_as_a_whole(s3: S3Server) -> None:
    keys = Keys(AK, SK, "a-session-token")
    with between(s3.url) as proxy:
        obs(proxy.url, a_prefix(), keys=keys, seal=Seal("kms-key-1", 30)).create(KEY, b'{"a": 1}')
        sent = proxy.head("PUT")

    assert sent["content-type"] == "application/json"
    assert sent["content-md5"] == base64.b64encode(hashlib.md5(b'{"a": 1}', usedforsecurity=False).digest()).decode()
    assert sent["x-amz-content-sha256"] == hashlib.sha256(b'{"a": 1}').hexdigest()
    assert sent["x-amz-security-token"] == "a-session-token"
    assert sent["x-amz-server-side-encryption"] == "aws:kms"
    assert sent["x-amz-server-side-encryption-aws-kms-key-id"] == "kms-key-1"
    assert sent["x-amz-object-lock-mode"] == "COMPLIANCE"
    until = datetime.fromisoformat(sent["x-amz-object-lock-retain-until-date"]) - datetime.now(UTC)
    assert timedelta(days=30, minutes=-1) < until < timedelta(days=30, minutes=1)
    signed = re.findall("SignedHeaders=([^,]+)", sent["authorization"])[0].split(";")
    assert {name for name in sent if name.startswith("x-amz-")} | {"host", "content-type", "content-md5"} == set(signed)


def test_what_runs_share_is_locked_until_the_last_of_them_is_free() -> None:
    headers = Seal(lock_days=30).headers(f"p1/shared/2026-11/{'0' * 64}.json.gz", lock=True)
    until = datetime.fromisoformat(headers["x-amz-object-lock-retain-until-date"]) - datetime.now(UTC)

    assert timedelta(days=62, minutes=-1) < until < timedelta(days=62, minutes=1)


def test_a_pointer_that_moves_is_encrypted_and_not_locked(s3: S3Server) -> None:
    with between(s3.url) as proxy:
        obs(proxy.url, a_prefix(), seal=Seal("kms-key-1", 30)).replace("p1/latest.json", b"{}")
        sent = proxy.head("PUT")

    assert "x-amz-server-side-encryption" in sent
    assert not any("lock" in name for name in sent)


def test_without_a_seal_no_such_header_is_sent(s3: S3Server) -> None:
    with between(s3.url) as proxy:
        obs(proxy.url, a_prefix()).create("a", b"")
        sent = proxy.head("PUT")

    assert sorted(name for name in sent if name.startswith("x-amz")) == ["x-amz-content-sha256", "x-amz-date"]


@pytest.mark.parametrize(
    ("key", "kind"),
    [
        ("report.json", "application/json"),
        ("raw/00001-vaults.json.gz", "application/gzip"),
        ("report.html", "text/html; charset=utf-8"),
        ("findings.csv", "text/csv; charset=utf-8"),
        ("other", "application/octet-stream"),
    ],
)
def test_every_kind_of_object_has_its_type(s3: S3Server, key: str, kind: str) -> None:
    with between(s3.url) as proxy:
        obs(proxy.url, a_prefix()).create(key, b"1")

        assert proxy.head("PUT")["content-type"] == kind


ATTEMPTS: list[Callable[[Obs], object]] = [
    lambda store: store.read(KEY),
    lambda store: store.create(KEY, b"1"),
    lambda store: store.replace(KEY, b"1"),
    lambda store: store.remove(KEY),
    Obs.projects,
]


@pytest.mark.parametrize(
    ("keys", "code", "remedy"),
    [
        (Keys(AK, "wrong"), "SignatureDoesNotMatch", "check the secret key"),
        (Keys("UNKNOWNACCESSKEY", SK), "InvalidAccessKeyId", "check the access keys; temporary ones need"),
    ],
)
def test_wrong_keys_are_refused_with_code_and_remedy_and_not_shown(
    s3: S3Server, keys: Keys, code: str, remedy: str
) -> None:
    store = obs(s3.url, a_prefix(), keys=keys)
    for attempt in ATTEMPTS:
        with pytest.raises(StoreRefusedError, match=f"answered 403 .{code} .*; {remedy}") as refusal:
            attempt(store)
        assert refusal.value.code == code
        assert "wrong" not in str(refusal.value)


def test_a_bucket_that_is_not_there_is_named(tmp_path: Path) -> None:
    with s3_server(tmp_path) as server:
        (tmp_path / BUCKET).rmdir()
        store = obs(server.url)
        for attempt in ATTEMPTS[:3]:
            with pytest.raises(StoreRefusedError, match=r"NoSuchBucket .*check the bucket's name in CBR_AUDIT_STORE"):
                attempt(store)


@pytest.mark.parametrize("minutes", [-20, 20])
def test_a_wrong_clock_is_corrected_by_the_server(s3: S3Server, minutes: int) -> None:
    clock = CloudClock(lambda: datetime.now(UTC) + timedelta(minutes=minutes))
    store = obs(s3.url, a_prefix(), clock=clock)
    store.create("a", b"1")

    assert store.read("a") == b"1"
    assert abs(clock() - datetime.now(UTC)) < timedelta(seconds=5)


def test_a_body_that_is_damaged_once_is_written_again(s3: S3Server) -> None:
    damaged: list[bytes] = []

    def damage_once(piece: bytes) -> bytes:
        if piece.endswith(b"the report") and not damaged:
            damaged.append(piece)
            return piece.replace(b"the report", b"the rep0rt")
        return piece

    prefix = a_prefix()
    with between(s3.url, to_server=damage_once) as proxy:
        obs(proxy.url, prefix).create("a", b"the report")

    assert damaged
    assert obs(s3.url, prefix).read("a") == b"the report"


def test_a_body_that_is_always_damaged_is_not_stored(s3: S3Server) -> None:
    prefix = a_prefix()
    with (
        between(s3.url, to_server=lambda piece: piece.replace(b"the report", b"the rep0rt")) as proxy,
        pytest.raises(StoreRefusedError, match=r"BadDigest .*the object was damaged on its way, several times"),
    ):
        obs(proxy.url, prefix).create("a", b"the report")

    assert obs(s3.url, prefix).read("a") is None


def test_a_header_that_is_changed_on_its_way_is_refused(s3: S3Server) -> None:
    with (
        between(s3.url, to_server=lambda piece: piece.replace(b"application/json", b"application/json5")) as proxy,
        pytest.raises(StoreRefusedError, match="SignatureDoesNotMatch"),
    ):
        obs(proxy.url, a_prefix()).replace("a.json", b"{}")


Write = Callable[[Obs, str, bytes], None]


def after_the_put(change: bytes | None) -> Callable[[bytes], bytes | None]:
    """Lose or change the first answer to a PUT: it comes after that to the HEAD of create, or is the first."""
    seen: list[bytes] = []

    def once(piece: bytes) -> bytes | None:
        is_put = b"Etag" in piece or b"ETag" in piece
        if is_put and b"200 OK" in piece and not seen:
            seen.append(piece)
            return change and piece.replace(b"200 OK", change)
        return piece

    return once


@pytest.mark.parametrize("write", [Obs.create, Obs.replace])
@pytest.mark.parametrize("change", [None, b"503 No"])
def test_what_got_there_although_the_answer_did_not_is_not_written_twice(
    s3: S3Server, write: Write, change: bytes | None
) -> None:
    prefix = a_prefix()
    with between(s3.url, to_client=after_the_put(change)) as proxy:
        write(obs(proxy.url, prefix), "p1/latest.json", b"{}")
        assert proxy.count(b"PUT") == 1
        assert proxy.count(b"GET") == 1

    assert obs(s3.url, prefix).read("p1/latest.json") == b"{}"


@pytest.mark.parametrize("write", [Obs.create, Obs.replace])
def test_what_did_not_get_there_is_looked_for_and_written_again(s3: S3Server, write: Write) -> None:
    lost: list[bytes] = []

    def lose_once(piece: bytes) -> bytes | None:
        if piece.startswith(b"PUT") and not lost:
            lost.append(piece)
            return None
        return piece

    prefix = a_prefix()
    with between(s3.url, to_server=lose_once) as proxy:
        write(obs(proxy.url, prefix), "a", b"1")
        asked = [piece[:4] for piece in proxy.sent if re.match(b"PUT|GET", piece)]

    assert asked == [b"PUT ", b"GET ", b"PUT "]
    assert obs(s3.url, prefix).read("a") == b"1"


def test_another_object_that_appears_meanwhile_is_not_overwritten(s3: S3Server) -> None:
    prefix = a_prefix()
    theirs = obs(s3.url, prefix)

    def lose_and_let_another_write(piece: bytes) -> bytes | None:
        if not piece.startswith(b"PUT"):
            return piece
        theirs.create("a", b"theirs")
        return None

    with (
        between(s3.url, to_server=lose_and_let_another_write) as proxy,
        pytest.raises(StoreError, match="a exists already with other contents"),
    ):
        obs(proxy.url, prefix).create("a", b"ours")

    assert theirs.read("a") == b"theirs"


def test_a_pointer_replaces_what_another_wrote_meanwhile(s3: S3Server) -> None:
    prefix = a_prefix()
    lost: list[bytes] = []

    def lose_and_let_another_write(piece: bytes) -> bytes | None:
        if piece.startswith(b"PUT") and not lost:
            lost.append(piece)
            obs(s3.url, prefix).replace("p1/latest.json", b"theirs")
            return None
        return piece

    with between(s3.url, to_server=lose_and_let_another_write) as proxy:
        obs(proxy.url, prefix).replace("p1/latest.json", b"ours")

    assert obs(s3.url, prefix).read("p1/latest.json") == b"ours"


def test_a_store_that_does_not_answer_is_an_error_after_all_tries(clock: Clock) -> None:
    with rude_server(says(answer(b"", status="503 Busy"))) as server:
        store = obs(server.url, waits=clock)
        for attempt in ATTEMPTS:
            with pytest.raises(StoreUnreachableError, match=r"/audit-bucket/.* (answered 503|did not answer)"):
                attempt(store)

    assert clock.slept


def test_a_store_that_takes_nothing_cannot_hold_the_run() -> None:
    with rude_server(keeps_silent) as server:
        where = place(f"obs://{BUCKET}", server.url, None)
        transport = Transport(limits=RequestLimits(budget=timedelta(seconds=1)), dialect=OBS)
        store = Obs(where, transport, ObsAuth(Fresh(lambda: Keys(AK, SK)), CloudClock(), region="r"))
        with pytest.raises(StoreUnreachableError, match=r"did not answer|was not asked"):
            store.replace("a", bytes(8_000_000))


def xml(code: str, message: str = "No.", more: str = "") -> bytes:
    return f'<?xml version="1.0"?><Error><Code>{code}</Code><Message>{message}</Message>{more}</Error>'.encode()


def in_the_cloud(seal: Seal | None = None) -> Obs:
    where = place(f"obs://{BUCKET}/audits", None, "eu-west-101")
    auth = ObsAuth(Fresh(lambda: Keys(AK, SK)), CloudClock(), region=where.region)
    waits = Clock()
    return Obs(where, Transport(dialect=OBS, sleep=waits.sleep, clock=waits), auth, seal)


REFUSALS = [
    (
        403,
        "AccessDenied",
        "allow the action obs:object:GetObject (and obs:bucket:ListBucket, without which OBS does not",
    ),
    (403, "RequestTimeTooSkewed", "set this machine's clock: it is more than 15 minutes off"),
    (403, "ExpiredToken", "the temporary access keys have ended; get new ones"),
    (403, "VirtualHostDomainRequired", "name the endpoint in CBR_AUDIT_OBS_ENDPOINT by its host name"),
    (403, "InArrearOrInsufficientBalance", "settle the account"),
    (403, "KMS.NotFound", "check CBR_AUDIT_OBS_KMS_KEY, and allow the use of that key"),
    (
        400,
        "AuthorizationHeaderMalformed",
        "the bucket is in another region; set CBR_AUDIT_OBS_ENDPOINT to its endpoint",
    ),
    (400, "InvalidRequest", "check CBR_AUDIT_OBS_KMS_KEY and CBR_AUDIT_OBS_LOCK_DAYS"),
    (404, "NoSuchBucket", "check the bucket's name in CBR_AUDIT_STORE, and its region"),
    (409, "SomethingNew", "see the error codes of OBS"),
]


@pytest.mark.parametrize(("status", "code", "remedy"), REFUSALS, ids=[code for _, code, _ in REFUSALS])
def test_every_code_has_its_remedy(cloud: responses.RequestsMock, status: int, code: str, remedy: str) -> None:
    cloud.get(f"{HOST}/audits/{KEY}", status=status, body=xml(code))

    with pytest.raises(StoreRefusedError) as refusal:
        in_the_cloud().read(KEY)

    assert str(refusal.value).startswith(f"{HOST[8:]}/audits/{KEY} answered {status} ({code} No.); {remedy}")
    assert (refusal.value.status, refusal.value.code) == (status, code)


def test_a_bucket_in_another_region_is_told_with_its_endpoint(cloud: responses.RequestsMock) -> None:
    body = xml("PermanentRedirect", "Use the other.", "<Endpoint>obs.eu-west-0.myhuaweicloud.com</Endpoint>")
    cloud.get(f"{HOST}/audits/a", status=301, body=body, headers={"Location": "https://other.example"})

    with pytest.raises(StoreRefusedError) as refusal:
        in_the_cloud().read("a")

    assert str(refusal.value) == (
        f"{HOST[8:]}/audits/a answered 301 (PermanentRedirect Use the other. obs.eu-west-0.myhuaweicloud.com); "
        "the bucket is in another region; set CBR_AUDIT_OBS_ENDPOINT to its endpoint"
    )
    assert len(cloud.calls) == 1


def test_a_redirect_without_a_reason_is_not_followed_either(cloud: responses.RequestsMock) -> None:
    cloud.get(f"{HOST}/audits/a", status=302, headers={"Location": "https://other.example"})

    with pytest.raises(StoreError, match="answered 302: a redirect, which is not followed"):
        in_the_cloud().read("a")


def test_without_permission_to_look_nothing_is_written(cloud: responses.RequestsMock) -> None:
    cloud.head(f"{HOST}/audits/a", status=403)
    cloud.get(f"{HOST}/audits/a", status=403, body=xml("AccessDenied"))

    with pytest.raises(StoreRefusedError, match=r"obs:object:GetObject \(and obs:bucket:ListBucket"):
        in_the_cloud().create("a", b"1")


@pytest.mark.parametrize(
    ("seal", "action"), [(None, "PutObject on"), (Seal(lock_days=1), "PutObject and obs:object:PutObjectR")]
)
def test_the_missing_permission_to_write_is_named(
    cloud: responses.RequestsMock, seal: Seal | None, action: str
) -> None:
    cloud.head(f"{HOST}/audits/a", status=404)
    cloud.put(f"{HOST}/audits/a", status=403, body=xml("AccessDenied", "Access Denied"))

    with pytest.raises(StoreRefusedError, match=f"allow the action obs:object:{action}"):
        in_the_cloud(seal).create("a", b"1")


def test_an_error_that_is_no_xml_is_judged_by_its_status(cloud: responses.RequestsMock) -> None:
    cloud.get(f"{HOST}/audits/a", status=404, body=b"<html>not here")

    with pytest.raises(StoreRefusedError, match="answered 404; check the bucket's name"):
        in_the_cloud().read("a")


@pytest.mark.parametrize("key", ["", "/a", "a/", "a//b", "a b", "ä", "a?b", "a#b", "a\nb"])
def test_names_outside_the_alphabet_are_never_sent(key: str) -> None:
    with pytest.raises(StoreError, match="cannot be the name of an object"):
        in_the_cloud().replace(key, b"1")


def listing(*names: str, following: str | None = None) -> bytes:
    folders = "".join(f"<CommonPrefixes><Prefix>audits/{name}/</Prefix></CommonPrefixes>" for name in names)
    more = "<IsTruncated>false</IsTruncated>"
    if following is not None:
        more = f"<IsTruncated>true</IsTruncated><NextMarker>{following}</NextMarker>"
    return f'<ListBucketResult xmlns="http://s3.example/">{folders}{more}</ListBucketResult>'.encode()


def test_a_long_list_of_projects_is_read_to_its_end(cloud: responses.RequestsMock) -> None:
    for marker, body in (("", listing("p1", "x", following="audits/x/")), ("audits/x/", listing("y"))):
        query = {"prefix": "audits/", "delimiter": "/", "marker": marker, "max-keys": "1000"}
        cloud.get(f"{HOST}/", body=body, match=[responses.matchers.query_param_matcher(query)])
    for name, status in (("p1", 200), ("x", 404), ("y", 404)):
        cloud.head(f"{HOST}/audits/{name}/latest.json", status=status)
    for name, found in (("x", ""), ("y", "<Contents><Key>audits/y/digest/1-a.json</Key></Contents>")):
        query = {"prefix": f"audits/{name}/digest/", "marker": "", "max-keys": "1000"}
        body = listing().replace(b"<IsTruncated>", found.encode() + b"<IsTruncated>")
        cloud.get(f"{HOST}/", body=body, match=[responses.matchers.query_param_matcher(query)])

    assert in_the_cloud().projects() == ("p1", "y")


def test_the_keys_below_a_prefix_are_named_in_order(s3: S3Server) -> None:
    store = obs(s3.url, a_prefix())
    names = [f"p1/digests/{number:010d}.json" for number in range(25)]
    for name in [*names, "p1/latest.json", "p2/digests/1.json"]:
        store.replace(name, b"{}")

    assert store.keys("p1/digests/") == tuple(names)
    assert store.keys("") == (*names, "p1/latest.json", "p2/digests/1.json")
    assert store.keys("p3/") == ()


def test_a_long_list_of_keys_is_read_to_its_end(cloud: responses.RequestsMock) -> None:
    for marker, name, more in (("", "a", "true"), ("audits/p1/a", "b", "false")):
        body = (
            f"<ListBucketResult><IsTruncated>{more}</IsTruncated>"
            f"<Contents><Key>audits/p1/{name}</Key></Contents></ListBucketResult>"
        )
        query = {"prefix": "audits/p1/", "marker": marker, "max-keys": "1000"}
        cloud.get(f"{HOST}/", body=body, match=[responses.matchers.query_param_matcher(query)])

    assert in_the_cloud().keys("p1/") == ("p1/a", "p1/b")


@pytest.mark.parametrize("more", ["", "<IsTruncated>perhaps</IsTruncated>"])
def test_a_list_that_does_not_say_whether_it_is_all_is_an_error(cloud: responses.RequestsMock, more: str) -> None:
    cloud.get(f"{HOST}/", body=f"<ListBucketResult>{more}</ListBucketResult>")

    with pytest.raises(StoreError, match="audit-bucket/audits was listed without saying whether that is all"):
        in_the_cloud().keys("p1/")


def test_a_list_that_does_not_advance_is_an_error(cloud: responses.RequestsMock) -> None:
    for _ in range(2):
        cloud.get(f"{HOST}/", body=listing(following="audits/x/"))

    with pytest.raises(StoreError, match="audit-bucket/audits was listed in part"):
        in_the_cloud().projects()


@pytest.mark.parametrize("body", [b"<html>", b"<html></html>"])
def test_a_list_that_cannot_be_read_is_an_error(cloud: responses.RequestsMock, body: bytes) -> None:
    cloud.get(f"{HOST}/", body=body)

    with pytest.raises(StoreError, match="audit-bucket/audits was listed in a form that cannot be read"):
        in_the_cloud().projects()


BOMB = b'<!DOCTYPE a [<!ENTITY b "%s">]><a>%s</a>' % (b"x" * 1000, b"&b;" * 10_000)
INCLUDE = b'<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><Error><Code>&b;</Code></Error>'


@pytest.mark.parametrize(
    ("document", "words"),
    [
        (BOMB, "document type"),
        (INCLUDE, "document type"),
        (b"<a>&b;</a>", "undefined entity"),
        (b"<a>" * 500_000, "no element found"),
        (b"<a>" * 500_000 + b"</a>" * 500_000, "it is no Error"),
        (b"<a>" + bytes(5_000_000), "too large"),
        (b"", "no element found"),
        (b"<a>", "no element found"),
        (b"not xml", "syntax error"),
        (b'<?xml version="1.0" encoding="klingon"?><a/>', "unknown encoding"),
        (b'<?xml version="1.0" encoding="gbk"?><a/>', "multi-byte encodings are not supported"),
        (b"\xff\xfe<a/>", "not well-formed"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_only_plain_xml_is_read(document: bytes, words: str) -> None:
    with pytest.raises(XmlError, match=words):
        root_of(document, "Error")
    assert OBS.read(document) == ("", "")


def test_texts_are_found_by_their_path() -> None:
    root = root_of(b'<a xmlns="http://obs"><b> 1 </b><b>&lt;2</b><c><d/></c></a>', "a")

    assert (texts(root, "b"), texts(root, "c/d"), texts(root, "d")) == (["1", "<2"], [""], [])


HELD = {"ETag": '"5f4dcc3b5aa765d61d8327deb882cf99-2"', "x-amz-request-id": "1"}
OURS = {"ETag": f'"{hashlib.md5(b"report", usedforsecurity=False).hexdigest()}"'}
PAGE = {"Content-Type": "text/html"}
SIZE = {"Content-Length": "6"}


def test_a_200_of_something_between_is_no_write_and_tried_again(cloud: responses.RequestsMock) -> None:
    cloud.put(f"{HOST}/audits/a", headers=PAGE, body=b"<html>One moment")
    cloud.head(f"{HOST}/audits/a", status=404)
    cloud.get(f"{HOST}/audits/a", status=404, body=xml("NoSuchKey"))
    cloud.put(f"{HOST}/audits/a", headers=OURS)
    in_the_cloud().replace("a", b"report")

    assert [call.request.method for call in cloud.calls] == ["PUT", "HEAD", "GET", "PUT"]


@pytest.mark.parametrize("head", [PAGE, HELD], ids=["a page of the same size", "an object of another size"])
def test_what_the_store_does_not_show_is_not_written(cloud: responses.RequestsMock, head: dict[str, str]) -> None:
    cloud.put(f"{HOST}/audits/a", headers=PAGE, body=b"<html>")
    size = {"Content-Length": "6" if head is PAGE else "7"}
    cloud.head(f"{HOST}/audits/a", headers={**head, **size}, body=b"<html>" if head is PAGE else b"another")
    cloud.get(f"{HOST}/audits/a", headers=PAGE, body=b"<html>")

    with pytest.raises(StoreError, match=r"/audits/a answered 200, but not as the service does: a proxy may have"):
        in_the_cloud().replace("a", b"report")


@pytest.mark.parametrize("etag", [HELD, {"ETag": '"0123456789abcdef0123456789abcdef"'}])
def test_an_object_whose_tag_is_not_its_hash_is_looked_at(cloud: responses.RequestsMock, etag: dict[str, str]) -> None:
    cloud.put(f"{HOST}/audits/a", headers=etag)
    cloud.head(f"{HOST}/audits/a", headers={**etag, **SIZE}, body=b"report")
    in_the_cloud(Seal("kms-key-1")).replace("a", b"report")

    assert [call.request.method for call in cloud.calls] == ["PUT", "HEAD"]


def test_without_permission_to_look_a_write_is_not_believed(cloud: responses.RequestsMock) -> None:
    cloud.put(f"{HOST}/audits/a", headers=HELD)
    cloud.head(f"{HOST}/audits/a", status=403)

    with pytest.raises(StoreRefusedError, match="answered 403"):
        in_the_cloud().replace("a", b"report")


def test_an_object_that_is_too_large_is_not_received_to_its_end(cloud: responses.RequestsMock) -> None:
    cloud.get(f"{HOST}/audits/p1/latest.json", body=bytes(largest("p1/latest.json") + 1))

    with pytest.raises(ChainError, match=r"p1/latest.json sent too much in one answer"):
        in_the_cloud().read("p1/latest.json")


def test_names_that_no_object_has_are_listed_apart(cloud: responses.RequestsMock) -> None:
    names = "".join(f"<Contents><Key>audits/{name}</Key></Contents>" for name in ("p1/a", "p1/../b", "p1/c d"))
    cloud.get(f"{HOST}/", body=f"<ListBucketResult>{names}<IsTruncated>false</IsTruncated></ListBucketResult>")
    store = in_the_cloud()

    assert store.keys("p1/") == ("p1/a",)
    assert [odd.place for odd in store.oddities("p1/")] == ["p1/../b", "p1/c d"]
