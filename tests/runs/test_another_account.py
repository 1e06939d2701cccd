"""Audits of another account: its agency reads, and the own identity stores, signs and tells."""

import io
import json
import socket
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import requests
from click.testing import CliRunner
from msgspec.structs import replace

from audit import log
from audit.app.connections import opened
from audit.app.execute import execute
from audit.app.replay import replay
from audit.app.request import request_from_event, request_from_settings
from audit.app.run import Done
from audit.cli.commands import main
from audit.cloud.http.renewable import Fresh
from audit.cloud.identity import Identity, Way
from audit.errors import (
    AgencyDeniedError,
    SourceAnswerError,
    SourceRefusedError,
    SourceUnreachableError,
    WrongAccountError,
)
from audit.evidence.agreement import in_report
from audit.evidence.store import open_store
from audit.evidence.stored_runs import needed_manifest
from audit.evidence.verify import verify
from audit.report.facts import Conclusion
from audit.report.models import AccountPart
from audit.reports import open_reports
from audit.simulator import Company, Request, Response, Simulator, build_company, serve
from audit.simulator.accounts import MemberAccount
from audit.simulator.company_of_accounts import AGENCY, NO_API, NOT_HERE
from audit.simulator.signatures import access_key
from audit.timestamps import shown
from tests.pretend import AS_OF, Clock, Context, files_of, json_response, without_waiting

ASSUME, WHO, KEYS_V3 = "/v5/agencies/assume", "/v5/caller-identity", "/v3.0/OS-CREDENTIAL/securitytokens"


@dataclass
class Abroad:
    """A company, the settings that read one of its accounts from another, and what was asked."""

    company: Company
    settings: dict[str, str]
    store: Path
    clock: Clock
    asked: list[Request] = field(default_factory=list)

    @property
    def shop(self) -> MemberAccount:
        return self.company["shop"]

    @property
    def project(self) -> Simulator:
        return self.shop.projects["sim-1"]

    def audit(self, **changed: str) -> Done:
        made = request_from_settings({**self.settings, **changed}, as_of=shown(AS_OF))
        return execute(replace(made, nonce="always the same"), lambda _progress: None)

    def doctor(self, **changed: str) -> dict[str, Any]:
        told = json.loads(CliRunner().invoke(main, ["doctor", "--json"], env={**self.settings, **changed}).stdout)
        return {check["name"]: (check["result"], check["detail"]) for check in told["checks"]}

    def note(self, request: Request) -> None:
        self.asked.append(request)

    def paths(self) -> list[str]:
        return [request.split().path for request in self.asked]

    def of_cbr(self) -> list[Request]:
        return [each for each in self.asked if each.split().path.startswith(f"/v3/{self.project.project_id}/")]


@pytest.fixture
def abroad(tmp_path: Path) -> Iterator[Abroad]:
    company = build_company(("audit", "shop"), resources=2, days=3, as_of=AS_OF)
    with serve(company) as served, without_waiting() as clock:
        settings = {
            "CBR_AUDIT_ENDPOINT": served.url,
            "HUAWEICLOUD_SDK_IAM_ENDPOINT": served.url,
            "CBR_AUDIT_STS_ENDPOINT": served.url,
            "HUAWEICLOUD_SDK_REGION": "sim-1",
            "HUAWEICLOUD_SDK_PROJECT_ID": company["shop"].projects["sim-1"].project_id,
            "HUAWEICLOUD_SDK_AK": company.auditor.login.ak,
            "HUAWEICLOUD_SDK_SK": company.auditor.login.sk,
            "CBR_AUDIT_HOME_PROJECT_ID": company.home.project_id,
            "CBR_AUDIT_AGENCY": f"iam::{company['shop'].id}:agency:{AGENCY}",
            "CBR_AUDIT_STORE": str(tmp_path / "store"),
        }
        made = Abroad(company, settings, tmp_path / "store", clock)
        company.intercept = made.note
        yield made


def by_person(abroad: Abroad) -> dict[str, str]:
    login = abroad.company.auditor.login
    return {
        "HUAWEICLOUD_SDK_AK": "",
        "HUAWEICLOUD_SDK_SK": "",
        "CBR_AUDIT_USER": login.user,
        "CBR_AUDIT_PASSWORD": login.password,
        "CBR_AUDIT_DOMAIN": login.domain,
    }


def test_the_agency_reads_and_the_own_identity_signs_and_tells(abroad: Abroad) -> None:
    said, home, own = io.StringIO(), abroad.company.home, abroad.company.auditor.login.ak
    url = abroad.settings["CBR_AUDIT_ENDPOINT"]
    log.set_up(said)
    done = abroad.audit(
        CBR_AUDIT_SIGNING_KMS_KEY=home.key.id,
        CBR_AUDIT_KMS_ENDPOINT=url,
        CBR_AUDIT_SMN_TOPIC=home.topic,
        CBR_AUDIT_SMN_ENDPOINT=url,
    )

    lent = "TEMPORARY001AK00000"
    signers = {(request.split().path.split("/")[1], access_key(request)) for request in abroad.asked}
    assert signers == {("v5", own), ("v5", lent), ("v3", lent), ("v1.0", own), ("v2", own)}  # STS, CBR, KMS, SMN
    assert not [each for each in abroad.asked if each.split().path.startswith("/v5") and each.header("X-Project-Id")]
    assert len(home.inbox.messages) == 1
    assert done.report.conclusion is Conclusion.COMPLIANT
    assert done.prefix.startswith(f"{abroad.project.project_id}/")
    session = f"cbr-audit-{done.report.run.id}"
    urn = f"sts::{abroad.shop.id}::assumed-agency:{AGENCY}/{session}"
    assert done.caller == Identity(Way.STS_V5, abroad.shop.id, "", urn, f"{AGENCY}:{session}")
    lines = {line["event"]: line for line in map(json.loads, said.getvalue().splitlines())}
    assert lines["run.finished"]["caller"] == {
        "way": "sts-v5",
        "account_id": abroad.shop.id,
        "principal_urn": urn,
        "principal_id": f"{AGENCY}:{session}",
    }
    pair = abroad.shop.pair(lent)
    assert pair is not None
    kept = said.getvalue() + str(files_of(abroad.store))
    assert not [secret for secret in (pair.ak, pair.sk, pair.token) if secret in kept]


def test_a_function_becomes_the_agency_that_its_event_names(abroad: Abroad) -> None:
    pair = abroad.company.temporary_keys()
    home = {
        "HUAWEICLOUD_SDK_PROJECT_ID": abroad.company.home.project_id,
        "CBR_AUDIT_HOME_PROJECT_ID": "",
        "CBR_AUDIT_AGENCY": "iam::{account}:agency:cbr-audit",
        "CBR_AUDIT_SIGNING_KMS_KEY": abroad.company.home.key.id,
        "CBR_AUDIT_KMS_ENDPOINT": abroad.settings["CBR_AUDIT_ENDPOINT"],
        "CBR_AUDIT_SESSION_NAME": "cbr-audit-fleet",
    }
    context = Context(abroad.settings | home, keys=(pair.ak, pair.sk, pair.token))
    asked = {"account": abroad.shop.id, "project_id": abroad.project.project_id, "as_of": shown(AS_OF)}

    there = execute(request_from_event(asked, context, {}), lambda _progress: None)
    here = execute(request_from_event({"as_of": shown(AS_OF)}, context, {}), lambda _progress: None)

    assert there.caller is not None
    assert there.caller.principal_urn.endswith("/cbr-audit-fleet")
    assert there.report.run.project_id == abroad.project.project_id
    assert (here.caller, here.report.run.project_id) == (Identity(Way.OWN), abroad.company.home.project_id)
    assert verify(open_store(str(abroad.store)), abroad.project.project_id).faults == []
    assert abroad.paths().count(ASSUME) == 1


@pytest.mark.parametrize("refusal", [NO_API, NOT_HERE])
def test_where_there_is_no_sts_iam_gives_the_keys(abroad: Abroad, refusal: Any) -> None:
    abroad.company.without_sts = refusal

    assert abroad.audit().caller == Identity(Way.V3_KEYS, abroad.shop.id, "shop")
    assert abroad.paths().count(ASSUME) == 1


def test_where_the_host_of_sts_is_not_known_iam_gives_the_keys(abroad: Abroad, monkeypatch: pytest.MonkeyPatch) -> None:
    look_up = socket.getaddrinfo

    def known(name: str, *args: Any, **named: Any) -> Any:
        if name.endswith(".invalid"):
            raise socket.gaierror(-2, "Name or service not known")
        return look_up(name, *args, **named)

    monkeypatch.setattr("socket.getaddrinfo", known)
    done = abroad.audit(
        CBR_AUDIT_STS_ENDPOINT="https://sts.nowhere.invalid", CBR_AUDIT_TRUSTED_DOMAINS="nowhere.invalid"
    )

    assert done.caller == Identity(Way.V3_KEYS, abroad.shop.id, "shop")


@pytest.mark.parametrize("account", ["shop", ""])
def test_an_agency_without_a_urn_is_assumed_by_iam(abroad: Abroad, account: str) -> None:
    done = abroad.audit(CBR_AUDIT_AGENCY=f"{account or abroad.shop.id}/{AGENCY}")

    assert done.caller == Identity(Way.V3_KEYS, abroad.shop.id, "shop")
    assert ASSUME not in abroad.paths()


def test_a_person_with_a_password_becomes_the_agency_by_a_token(abroad: Abroad) -> None:
    done = abroad.audit(**by_person(abroad))

    assert done.caller == Identity(Way.V3_TOKEN, abroad.shop.id, "shop", "", AGENCY)
    assert done.report.conclusion is Conclusion.COMPLIANT


@pytest.mark.parametrize("answer", [json_response({}, 403), json_response({"domains": []})])
def test_an_iam_that_does_not_say_whose_keys_they_are_is_no_hindrance(abroad: Abroad, answer: Response) -> None:
    abroad.company.intercept = lambda each: answer if each.url.endswith("/v3/auth/domains") else None

    assert abroad.audit(CBR_AUDIT_AGENCY=f"shop/{AGENCY}").caller == Identity(Way.V3_KEYS)


def fails(abroad: Abroad, error: type[Exception], words: str, **changed: str) -> None:
    with pytest.raises(error, match=words) as raised:
        abroad.audit(**changed)
    assert type(raised.value) is error
    assert not [request for request in abroad.of_cbr() if request.header("Authorization")]


@pytest.mark.parametrize("way", ["urn", "v3", "token"])
@pytest.mark.parametrize("why", ["trust", "missing"])
def test_what_the_other_account_denies_is_told_apart(abroad: Abroad, way: str, why: str) -> None:
    changed = {"urn": {}, "v3": {"CBR_AUDIT_AGENCY": f"shop/{AGENCY}"}, "token": by_person(abroad)}[way]
    agency = abroad.shop.agencies[AGENCY]
    if why == "trust":
        agency.trusts.clear()
    else:
        abroad.shop.agencies.clear()

    words = "let the trust policy of the agency name this one" if why == "trust" else "check the name of the agency"
    fails(abroad, AgencyDeniedError, f"the agency .*{AGENCY} was not assumed: .*{words}", **changed)


def test_an_external_id_is_sent_and_kept_secret(abroad: Abroad) -> None:
    abroad.shop.agencies[AGENCY].external_id = "external-id-of-this-company"
    fails(abroad, AgencyDeniedError, "external id", CBR_AUDIT_EXTERNAL_ID="another-external-id")

    said = io.StringIO()
    log.set_up(said)
    abroad.audit(CBR_AUDIT_EXTERNAL_ID="external-id-of-this-company")
    assert "external-id-of-this-company" not in said.getvalue()


@pytest.mark.parametrize("way", ["urn", "v3"])
def test_a_refused_own_identity_is_no_denial(abroad: Abroad, way: str) -> None:
    changed = {} if way == "urn" else {"CBR_AUDIT_AGENCY": f"shop/{AGENCY}"}
    words = "the own identity is not accepted here"

    fails(abroad, SourceRefusedError, words, HUAWEICLOUD_SDK_SK="AWrongSecretKeyOfTheAuditor", **changed)


def test_an_api_that_is_nowhere_is_no_denial(abroad: Abroad) -> None:
    abroad.company.intercept = lambda each: (
        json_response({"error_code": "APIGW.0101"}, 404) if "/v" in each.url else None
    )

    fails(abroad, SourceRefusedError, "was not assumed: .*securitytokens answered 404")


def test_a_service_that_does_not_respond_is_no_denial(abroad: Abroad) -> None:
    abroad.company.intercept = lambda each: Response(503) if each.url.endswith(ASSUME) else None

    fails(abroad, SourceUnreachableError, "answered 503; where there is no STS, set CBR_AUDIT_AGENCY to ACCOUNT/NAME")
    abroad.company.intercept = lambda each: Response(503) if each.url.endswith(KEYS_V3) else None
    fails(abroad, SourceUnreachableError, "was not assumed: .*answered 503$", CBR_AUDIT_AGENCY=f"shop/{AGENCY}")


@pytest.mark.parametrize(
    ("path", "body", "words"),
    [
        (ASSUME, {"credentials": {}}, "STS answered 200, but not as documented"),
        (WHO, {"account_id": ""}, "STS does not name the account"),
        (
            "/v3/auth/tokens",
            {"token": {"expires_at": "2026-12-01T00:00:00Z", "user": {"domain": {}}}},
            "without a token",
        ),
    ],
)
def test_an_answer_of_another_form_is_no_denial(abroad: Abroad, path: str, body: Any, words: str) -> None:
    is_token = path.endswith("tokens")
    abroad.company.intercept = lambda each: (
        json_response(body) if each.split().path == path and (not is_token or b"assume_role" in each.body) else None
    )

    fails(abroad, SourceAnswerError, words, **(by_person(abroad) if is_token else {}))


@pytest.mark.parametrize("way", ["urn", "v3"])
def test_nothing_is_read_in_another_account_than_that_of_the_agency(abroad: Abroad, way: str) -> None:
    changed = {} if way == "urn" else {"CBR_AUDIT_AGENCY": f"shop/{AGENCY}"}
    others = {WHO: {"account_id": "another"}, "/v3/auth/domains": {"domains": [{"id": "another", "name": "bank"}]}}

    def intercept(request: Request) -> Response | None:
        abroad.note(request)
        return json_response(others[path]) if (path := request.split().path) in others else None

    abroad.company.intercept = intercept
    fails(abroad, WrongAccountError, "credentials of the account another.*: nothing is read with them", **changed)


def test_keys_that_end_during_a_run_are_renewed(abroad: Abroad) -> None:
    before = abroad.audit(CBR_AUDIT_STORE=str(abroad.store / "before")).report

    def intercept(request: Request) -> None:
        abroad.note(request)
        if abroad.of_cbr()[2:3] == [request]:
            abroad.company.expire_keys("shop")

    abroad.asked.clear()
    abroad.company.intercept = intercept
    after = abroad.audit(CBR_AUDIT_STORE=str(abroad.store / "after")).report

    assert abroad.paths().count(ASSUME) == 2
    assert (after.conclusion, after.summary) == (before.conclusion, before.summary)


def test_a_denial_during_a_run_makes_it_incomplete(abroad: Abroad) -> None:
    def intercept(request: Request) -> None:
        abroad.note(request)
        if abroad.of_cbr()[2:3] == [request]:
            abroad.company.expire_keys("shop")
            abroad.shop.agencies[AGENCY].trusts.clear()

    abroad.company.intercept = intercept
    done = abroad.audit()

    assert done.report.conclusion is Conclusion.INCOMPLETE
    assert done.caller is not None
    assert done.caller.account_id == abroad.shop.id
    assert abroad.paths().count(ASSUME) == 2


@pytest.mark.parametrize(("lives", "held"), [(timedelta(hours=3), 50), (timedelta(minutes=20), 15), (-timedelta(1), 1)])
def test_keys_are_renewed_before_they_end(abroad: Abroad, lives: timedelta, held: int) -> None:
    def intercept(request: Request) -> Response | None:
        abroad.note(request)
        if not request.url.endswith(ASSUME):
            return None
        pair = abroad.shop.pairs.issue(datetime.now(UTC), timedelta(hours=1))
        end = f"{datetime.now(UTC) + lives:%Y-%m-%dT%H:%M:%S}"  # the documents do not promise a zone
        keys = {"access_key_id": pair.ak, "secret_access_key": pair.sk, "security_token": pair.token, "expiration": end}
        return json_response({"credentials": keys})

    abroad.company.intercept = intercept
    assert renewals(abroad, seconds=held * 60 - 2) == 1
    assert renewals(abroad, seconds=held * 60 + 2) == 2


def renewals(abroad: Abroad, *, seconds: int) -> int:
    """How often an agency is assumed for two requests that are so far apart."""
    abroad.asked.clear()
    time = [0.0]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("audit.cloud.assuming.Fresh", partial(Fresh, clock=lambda: time[0]))
        with opened(request_from_settings(abroad.settings)) as connections:
            for moment in (0, seconds):
                time[0] = moment
                connections.reader.credentials(requests.Request("GET", abroad.settings["CBR_AUDIT_ENDPOINT"]).prepare())
    return abroad.paths().count(ASSUME)


def test_doctor_tells_who_one_is_before_and_after(abroad: Abroad) -> None:
    ready = abroad.doctor()
    abroad.company.without_sts = NO_API
    old = abroad.doctor()
    person = abroad.doctor(**by_person(abroad))

    auditor, shop = abroad.company.auditor.id, abroad.shop.id
    assert ready["own identity"] == ("ok", f"own: account {auditor}, iam::{auditor}:user:auditor")
    assert ready["agency"][1].startswith(f"sts-v5: account {shop}, sts::{shop}::assumed-agency:{AGENCY}/cbr-audit-2")
    assert ready["sign-in"] == ("ok", f"access keys, as iam::{shop}:agency:{AGENCY}")
    assert old["own identity"] == ("ok", f"own: account {auditor} (audit)")
    assert old["agency"] == ("ok", f"v3-keys: account {shop} (shop)")
    assert person["own identity"] == ("ok", f"own: account {auditor} (audit)")
    assert person["agency"] == ("ok", f"v3-token: account {shop} (shop)")


def test_doctor_tells_that_the_agency_is_denied_and_tries_what_is_ones_own(abroad: Abroad) -> None:
    abroad.shop.agencies.clear()
    home = abroad.company.home
    url = abroad.settings["CBR_AUDIT_ENDPOINT"]
    told = abroad.doctor(CBR_AUDIT_SIGNING_KMS_KEY=home.key.id, CBR_AUDIT_KMS_ENDPOINT=url)

    assert told["agency"][0] == "MISSING"
    assert told["vaults"] == ("not tried", "the agency was not assumed")
    assert told["signature"][0] == told["store write"][0] == "ok"


def test_doctor_tells_that_the_own_identity_is_refused(abroad: Abroad) -> None:
    told = abroad.doctor(HUAWEICLOUD_SDK_SK="AWrongSecretKeyOfTheAuditor")

    assert told["own identity"][0] == told["agency"][0] == "MISSING"


def test_doctor_tells_where_nobody_says_who_one_is(abroad: Abroad) -> None:
    abroad.company.without_sts = NO_API
    abroad.company.intercept = lambda each: json_response({}, 403) if each.url.endswith("/domains") else None

    assert abroad.doctor()["agency"] == ("ok", "v3-keys: an account that the cloud does not name")


@pytest.mark.parametrize("named", [{}, {"CBR_AUDIT_ACCOUNT_NAME": "the shop", "CBR_AUDIT_ACCOUNT_UNIT": "Root/prod"}])
def test_a_run_names_the_account_and_a_replay_comes_to_the_same_bytes(abroad: Abroad, named: dict[str, str]) -> None:
    profile = "formats: [metrics.prom, findings.ocsf.ndjson]"
    done = abroad.audit(CBR_AUDIT_PROFILE=profile, **named)
    store, (run,) = open_store(str(abroad.store)), open_reports(str(abroad.store))
    told = AccountPart(
        id=abroad.shop.id,
        name=named.get("CBR_AUDIT_ACCOUNT_NAME", ""),
        unit=named.get("CBR_AUDIT_ACCOUNT_UNIT", ""),
    )
    again = replay(store, abroad.project.project_id, done.report.run.id)

    assert run.report.run.account == run.manifest.run.account == told
    assert again.differing == ()
    assert {"metrics.prom", "findings.ocsf.ndjson.gz", "report.json"} <= {*again.identical}
    assert verify(store, abroad.project.project_id).faults == []


def test_a_report_that_names_another_account_than_its_manifest_is_refused(abroad: Abroad) -> None:
    done = abroad.audit()
    manifest = needed_manifest(open_store(str(abroad.store)), next(open_reports(str(abroad.store))).digest)
    report = (abroad.store / done.prefix / "report.json").read_bytes()
    forged = report.replace(abroad.shop.id.encode(), b"somebody-else")

    assert [*in_report(manifest, report)] == []
    assert "account" in "".join(in_report(manifest, forged))
