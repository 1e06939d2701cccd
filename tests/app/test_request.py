import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest
import time_machine
from cryptography.hazmat.primitives.asymmetric import ed25519
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from audit.app.execute import execute
from audit.app.request import RunRequest, request_from_event, request_from_settings
from audit.app.summary import summary
from audit.cloud.credentials import way_of
from audit.errors import EventError, ProfileError, SettingsError, SourceUnreachableError
from audit.evidence.chain import PublicKey
from audit.evidence.store import open_store
from audit.evidence.verify import verify
from audit.log import REDACTOR
from audit.profile import Profile, load_profile
from audit.report.baseline import Baseline
from audit.report.contents import Report
from audit.report.facts import Conclusion
from audit.settings import SignIn
from audit.simulator import Simulator, build_estate, mock_cbr, serve
from tests.cloud.http.rude_server import keeps_silent, rude_server
from tests.pretend import AS_OF, Context, a_simulator, audit, files_of, variables

GOOD = {
    "HUAWEICLOUD_SDK_PROJECT_ID": "p1",
    "CBR_AUDIT_STORE": "/tmp/never-written",  # noqa: S108  # nothing is written
    "HUAWEICLOUD_SDK_REGION": "sim-1",
    "CBR_AUDIT_TOKEN": "MIItoken",
}
KEYS = {"HUAWEICLOUD_SDK_AK": "AKEY12", "HUAWEICLOUD_SDK_SK": "SKEY12"}
TIMER = {
    "version": "v1.0",
    "time": "2023-06-01T08:30:00+08:00",
    "trigger_type": "TIMER",
    "trigger_name": "Timer_001",
    "user_event": "Additional information you entered",
}


@pytest.fixture
def _now() -> Any:
    with time_machine.travel(AS_OF.replace(microsecond=123456), tick=False):
        yield


@pytest.mark.usefixtures("_now")
def test_a_window_ends_now_unless_told_and_its_start_is_left_open() -> None:
    assert asked(request_from_settings(GOOD)) == (None, AS_OF)
    assert asked(request_from_settings(GOOD, since="7d")) == (AS_OF - timedelta(days=7), AS_OF)
    assert asked(request_from_settings(GOOD, as_of="12h")) == (None, AS_OF - timedelta(hours=12))
    assert asked(request_from_settings(GOOD, since="7d", as_of="2026-11-01")) == (
        datetime(2026, 10, 25, tzinfo=UTC),
        datetime(2026, 11, 1, tzinfo=UTC),
    )


def asked(made: RunRequest) -> tuple[datetime | None, datetime]:
    return made.since, made.until


@pytest.mark.parametrize(
    ("since", "as_of", "words"),
    [
        ("yesterday", None, "'yesterday' is not a time"),
        (None, "soon", "'soon' is not a time"),
        (None, "2998-01-01", "the time of judgement, 2998-01-01T00:00:00Z, lies in the future: it is .* now"),
        ("0d", None, "the window is empty: it starts at .* and ends at "),
        ("2026-11-02", "2026-11-01", "starts at 2026-11-02T00:00:00Z and ends at 2026-11-01T00:00:00Z"),
        (None, "0001-01-02", "lies in the year 1; the audit knows 2000"),
        ("9999-12-31T23:59:59-23:00", None, "is not a time"),
    ],
)
def test_a_window_that_makes_no_sense_is_refused(since: str | None, as_of: str | None, words: str) -> None:
    with pytest.raises(SettingsError, match=words):
        request_from_settings(GOOD, since=since, as_of=as_of)


def test_two_orders_are_two_runs() -> None:
    assert request_from_settings(GOOD).nonce != request_from_settings(GOOD).nonce


def test_a_profile_may_be_values_text_or_a_file(tmp_path: Path) -> None:
    path = tmp_path / "profile.yaml"
    path.write_text("limits:\n  grace_hours: 7\n", encoding="utf-8")
    forms = ["limits: {grace_hours: 7}", "limits:\n  grace_hours: 7", '{"limits":{"grace_hours":7}}', str(path)]
    for form in forms:
        assert load_profile(form).limits.grace_hours == 7, form
        assert request_from_settings({**GOOD, "CBR_AUDIT_PROFILE": form}).profile.limits.grace_hours == 7
        assert (
            request_from_settings({**GOOD, "CBR_AUDIT_PROFILE": form}, profile=Profile()).profile.limits.grace_hours
            == 6
        )
    assert request_from_settings(GOOD).profile == Profile()
    assert request_from_settings({**GOOD, "CBR_AUDIT_PROFILE": "strict"}).profile == load_profile("strict") != Profile()


def test_the_profile_of_an_event_is_never_a_file_of_ours(tmp_path: Path) -> None:
    path = tmp_path / "profile.yaml"
    path.write_text("limits:\n  grace_hours: 7\n", encoding="utf-8")

    for profile in ("limits: {grace_hours: 7}", {"limits": {"grace_hours": 7}}):
        assert request_from_event({"profile": profile}, Context(GOOD), {}).profile.limits.grace_hours == 7
    assert request_from_event({"profile": "strict"}, Context(GOOD), {}).profile == load_profile("strict")
    with pytest.raises(EventError, match="the event's profile must contain keys such as limits:, not text"):
        request_from_event({"profile": str(path)}, Context(GOOD), {})


@pytest.mark.parametrize(
    ("profile", "words"),
    [
        ("no-such-file.yaml", "cannot read the profile no-such-file.yaml: No such file or directory"),
        ("/", "cannot read the profile /: Is a directory"),
        ("a\0b", "cannot read the profile a\\x00b: embedded null byte"),
        ("limit: 1", "the profile: line 1: limit is not a key"),
    ],
)
def test_a_profile_that_cannot_be_used_is_named(profile: str, words: str) -> None:
    with pytest.raises(ProfileError, match=words):
        request_from_settings({**GOOD, "CBR_AUDIT_PROFILE": profile})


def test_the_secrets_of_an_order_are_known_to_the_log() -> None:
    request_from_settings({**GOOD, "CBR_AUDIT_TOKEN": "a-token-of-this-test"})

    assert REDACTOR.text("a-token-of-this-test") == "***"


def test_the_event_of_a_timer_is_judged_at_the_time_it_names() -> None:
    made = request_from_event(TIMER, Context(GOOD), {})

    assert made.on_timer
    assert made.until == datetime(2023, 6, 1, 0, 30, tzinfo=UTC)
    assert made.request_id == "0123-4567"


@pytest.mark.usefixtures("_now")
def test_a_timer_that_is_ahead_of_the_clock_does_not_judge_the_future() -> None:
    made = request_from_event({**TIMER, "time": "2036-01-01T00:00:00Z"}, Context(GOOD), {})

    assert made.until == AS_OF


def test_a_timer_without_a_time_cannot_be_used() -> None:
    with pytest.raises(EventError, match="the timer's event cannot be used: 'later' is not a time"):
        request_from_event({**TIMER, "time": "later"}, Context(GOOD), {})


def test_an_event_by_hand_goes_before_the_settings() -> None:
    event = {
        "project_id": "p2",
        "since": "2d",
        "as_of": "2026-11-01",
        "store": "/tmp/other",  # noqa: S108  # nothing is written
        "profile": "limits: {grace_hours: 7}",
    }
    made = request_from_event(event, Context(GOOD, request_id=""), {})

    assert (made.settings.project_id, made.settings.store) == ("p2", "/tmp/other")  # noqa: S108  # as above
    assert asked(made) == (datetime(2026, 10, 30, tzinfo=UTC), datetime(2026, 11, 1, tzinfo=UTC))
    assert made.profile.limits.grace_hours == 7
    assert not made.on_timer
    assert len(made.nonce) == 16
    assert made.request_id == ""


@pytest.mark.parametrize(
    ("event", "words"),
    [
        ({"since": "yesterday"}, "the event or the settings cannot be used: 'yesterday' is not a time"),
        ({"project_id": "../p"}, "HUAWEICLOUD_SDK_PROJECT_ID: a project id contains only letters"),
        ({"profile": "limit: 1"}, r"limit is not a key of a profile; did you mean limits\?"),
        ({"projectid": "p1"}, r"did you mean project_id\?"),
    ],
)
def test_an_event_that_cannot_be_used_is_explained(event: dict[str, Any], words: str) -> None:
    with pytest.raises(EventError, match=words):
        request_from_event(event, Context(GOOD), {})


def test_user_data_goes_before_the_environment() -> None:
    environment = {**GOOD, "HUAWEICLOUD_SDK_REGION": "from-environment", "CBR_AUDIT_WORKERS": "2", "PATH": "/"}
    made = request_from_event(None, Context({"HUAWEICLOUD_SDK_REGION": "from-user-data"}), environment)

    assert made.settings.region == "from-user-data"
    assert made.settings.workers == 2


def test_the_platform_names_the_project_where_nobody_else_does() -> None:
    values = {name: value for name, value in GOOD.items() if name != "HUAWEICLOUD_SDK_PROJECT_ID"}
    platform = {"RUNTIME_PROJECT_ID": "p9"}

    assert request_from_event(None, Context(values), platform).settings.project_id == "p9"
    assert request_from_event(None, Context(GOOD), platform).settings.project_id == "p1"
    with pytest.raises(EventError, match="HUAWEICLOUD_SDK_PROJECT_ID is not set"):
        request_from_event(None, Context(values), {})


class NamingContext(Context):
    """A context that names the function's project, which the documents do not promise."""

    def getProjectID(self) -> str:  # noqa: N802  # named by the platform
        return "p8"


def test_the_context_names_the_project_where_the_environment_does_not() -> None:
    values = {name: value for name, value in GOOD.items() if name != "HUAWEICLOUD_SDK_PROJECT_ID"}

    assert request_from_event(None, NamingContext(values), {}).settings.project_id == "p8"
    assert request_from_event(None, NamingContext(GOOD), {}).settings.project_id == "p1"


def test_the_keys_of_the_agency_go_before_everything() -> None:
    old = {
        "HUAWEICLOUD_SDK_AK": "OLDKEY",
        "HUAWEICLOUD_SDK_SK": "OLDSECRET",
        "HUAWEICLOUD_SDK_SECURITY_TOKEN": "OLDSTS",
    }
    context = Context({**GOOD, **old}, token="agency-token", keys=("NEWKEY", "NEWSECRET", "NEWSTS"))

    settings = request_from_event(None, context, old).settings

    assert way_of(settings, context) is SignIn.FUNCTION_KEYS
    assert not any(value in settings.secrets for value in old.values())
    assert {"NEWKEY", "NEWSECRET", "NEWSTS"} <= set(settings.secrets)


def test_permanent_keys_of_an_agency_have_no_old_token() -> None:
    context = Context({**GOOD, "HUAWEICLOUD_SDK_SECURITY_TOKEN": "OLDSTS"}, keys=("NEWKEY", "NEWSECRET", ""))

    assert request_from_event(None, context, {}).settings.security_token is None


def test_without_keys_the_token_of_the_agency_will_do() -> None:
    values = {name: value for name, value in GOOD.items() if name != "CBR_AUDIT_TOKEN"}

    agency = Context(values, token="agency-token")
    settings = request_from_event(None, agency, {}).settings
    assert way_of(settings, agency) is SignIn.FUNCTION_TOKEN
    assert "agency-token" in settings.secrets
    given = request_from_event(None, Context(GOOD, token="agency-token"), {}).settings
    assert way_of(given, agency) is SignIn.TOKEN
    assert "MIItoken" in given.secrets


@pytest.mark.parametrize(
    ("remaining", "budget"), [(120_000, 85), (20_000, 10), (6_000, 0), (1, 0), (0, 0), (-5, 0), (259_200_000, 3600)]
)
def test_the_budget_leaves_time_to_judge_and_store(remaining: int, budget: int) -> None:
    made = request_from_event(None, Context(GOOD, remaining=remaining), {})

    assert made.budget == timedelta(seconds=budget)


def test_with_too_little_time_left_it_ends_at_once() -> None:
    with rude_server(keeps_silent) as server:
        values = {**GOOD, "CBR_AUDIT_ENDPOINT": server.url}
        for remaining in (7_000, 5_000):
            made = request_from_event(None, Context(values, remaining=remaining), {})
            with pytest.raises(SourceUnreachableError, match=r"did not answer|used up"):
                execute(made, lambda _progress: None)


def test_one_line_says_how_a_run_ended(tmp_path: Path) -> None:
    done = audit(a_simulator("healthy"), tmp_path)

    told = summary(done)
    assert told["run"] == done.report.run.id
    assert told["run"].startswith("20261123T120000Z-")
    assert told["conclusion"] == "compliant"
    assert (told["complete"], told["gaps"], told["rejected"]) == (True, [], 0)
    assert told["prefix"] == done.prefix
    assert set(told["findings"]) == {"pass", "not_applicable"}


def test_drift_is_compared_with_the_run_before(tmp_path: Path) -> None:
    estate = build_estate("drifting", resources=4, days=5, as_of=AS_OF)
    simulator = Simulator(estate)

    def seen(day: int) -> tuple[Report, set[str]]:
        report = audit(simulator, tmp_path, as_of=AS_OF + timedelta(days=day)).report
        new = {drift.path for drift in report.collection.drift if not report.run.previous.knows(drift)}
        return report, new

    first, at_first = seen(0)
    assert first.run.previous == Baseline()
    assert at_first == {drift.path for drift in first.collection.drift} != set()

    estate.policies[0]["invented"] = "since today"
    second, new = seen(1)
    assert (second.run.previous.run, second.run.previous.as_of) == (first.run.id, AS_OF)
    assert new == {"invented"}

    third, new = seen(2)
    assert new == set()
    since = {drift.path: third.run.previous.first_seen(drift, AS_OF) for drift in third.collection.drift}
    assert since["invented"] == AS_OF + timedelta(days=1)
    assert {since[path] for path in at_first & since.keys()} == {AS_OF}


def test_a_damaged_report_before_keeps_nothing_from_being_audited(tmp_path: Path) -> None:
    simulator = a_simulator("drifting")
    first = audit(simulator, tmp_path)
    (tmp_path / first.prefix / "report.json").write_bytes(b"{}")
    done = audit(simulator, tmp_path, as_of=AS_OF + timedelta(days=1))
    told = summary(done)

    assert "report.json is missing or was changed" in (done.report.run.previous.trouble or "")
    assert told["new_drift"] == told["kinds_of_drift"] > 0
    manifest = orjson.loads((tmp_path / done.prefix / "manifest.json").read_bytes())
    assert manifest["run"]["previous"]["trouble"] == done.report.run.previous.trouble


def test_the_region_gives_the_addresses_and_keys_sign(tmp_path: Path) -> None:
    with mock_cbr("healthy", as_of=AS_OF, resources=2, days=10, region="eu-west-101") as simulator:
        keys = {
            "HUAWEICLOUD_SDK_PROJECT_ID": simulator.project_id,
            "HUAWEICLOUD_SDK_REGION": "eu-west-101",
            "HUAWEICLOUD_SDK_AK": simulator.ak,
            "HUAWEICLOUD_SDK_SK": simulator.sk,
            "HUAWEICLOUD_SDK_SECURITY_TOKEN": "STS-token",
            "CBR_AUDIT_STORE": str(tmp_path),
        }
        done = execute(request_from_settings(keys, as_of="2026-11-23T12:00:00Z"), lambda _progress: None)

    assert done.report.conclusion is Conclusion.COMPLIANT
    assert done.report.run.region == "eu-west-101"


def test_a_token_that_expires_during_a_run_is_renewed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("audit.cloud.cbr.client.PAGE_SIZE", 20)
    simulator = a_simulator("healthy", resources=4)
    simulator.intercept = lambda _request, number: simulator.expire_tokens() if number == 3 else None

    assert audit(simulator, tmp_path).report.conclusion is Conclusion.COMPLIANT


def test_the_id_of_an_account_may_stand_for_its_name(tmp_path: Path) -> None:
    simulator = a_simulator()
    bodies: list[bytes] = []
    simulator.intercept = lambda request, _number: bodies.append(request.body)
    with serve(simulator) as served:
        for changed in ({"HUAWEICLOUD_SDK_DOMAIN_ID": "d1"}, {"CBR_AUDIT_DOMAIN": ""}):
            with pytest.raises(Exception, match="answered 40"):
                execute(
                    request_from_settings(variables(simulator, served.url, tmp_path, **changed)), lambda _progress: None
                )

    assert b'"domain": {"id": "d1"}' in bodies[0]
    assert b'"domain": {"name": "auditor"}' in bodies[1]


def a_key() -> tuple[str, PublicKey]:
    key = ed25519.Ed25519PrivateKey.generate()
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    return private, PublicKey(key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))


def test_a_signing_key_signs_every_digest_and_is_never_shown(tmp_path: Path) -> None:
    private, public = a_key()
    file = tmp_path / "key.pem"
    file.write_text(private, encoding="utf-8")
    simulator, store = a_simulator(), tmp_path / "store"
    for number, written in enumerate((private, str(file))):
        audit(simulator, store, as_of=AS_OF + timedelta(hours=number), CBR_AUDIT_SIGNING_KEY=written)

    result = verify(open_store(str(store)), simulator.project_id, key=public)

    assert (result.signed, result.faults) == (2, [])
    assert private.splitlines()[1].encode() not in b"".join(files_of(store).values())


@pytest.mark.parametrize(
    ("written", "words"),
    [
        ("/no/such/key.pem", "cannot read the key of CBR_AUDIT_SIGNING_KEY: No such file"),
        ("a\0b", "cannot read the key of CBR_AUDIT_SIGNING_KEY: it is no path"),
        ("-----BEGIN PRIVATE KEY-----", "not a private key in PEM"),
    ],
)
def test_a_signing_key_that_cannot_be_used_is_told_before_anything_is_read(
    written: str, words: str, tmp_path: Path
) -> None:
    simulator = a_simulator()
    with pytest.raises(SettingsError, match=words):
        audit(simulator, tmp_path, CBR_AUDIT_SIGNING_KEY=written)

    assert simulator.requests == 0


def test_the_profile_chooses_which_reports_are_written(tmp_path: Path) -> None:
    done = audit(a_simulator(), tmp_path, CBR_AUDIT_PROFILE="formats: [metrics.prom, findings.ocsf.ndjson]\nversion: 1")

    names = {key.removeprefix(f"{done.prefix}/") for key in done.keys}
    assert names >= {"report.json", "metrics.prom", "findings.ocsf.ndjson.gz", "findings.ndjson.gz"}
    assert not names & {"report.html", "findings.csv"}


class TestWhatATimerSays:
    def test_it_is_carried_out_at_the_time_that_the_timer_names(self) -> None:
        event = {**TIMER, "user_event": '{"project_id": "other", "profile": "strict", "store": "/elsewhere"}'}

        made = request_from_event(event, Context(GOOD), {})

        assert made.on_timer
        assert made.until == datetime(2023, 6, 1, 0, 30, tzinfo=UTC)
        assert (made.settings.project_id, made.settings.store) == ("other", "/elsewhere")
        assert made.profile == load_profile("strict")
        assert not made.may_be_what_if

    def test_it_may_name_a_project_of_another_region(self) -> None:
        event = {**TIMER, "user_event": '{"project_id": "p2", "region": "ap-southeast-1"}'}

        traces = {"CBR_AUDIT_CTS_ENDPOINT": "https://cts.r1.myhuaweicloud.com"}
        made = request_from_event(event, Context({**GOOD, **traces}), {})

        assert made.settings.cbr_endpoint == "https://cbr.ap-southeast-1.myhuaweicloud.com"
        assert made.settings.tracing_endpoint == "https://cts.ap-southeast-1.myhuaweicloud.com"
        with pytest.raises(
            EventError, match="names the region eu-de and no project_id: a project belongs to one region"
        ):
            request_from_event({**TIMER, "user_event": '{"region": "eu-de"}'}, Context(GOOD), {})

    def test_it_may_name_the_time_of_judgement_itself(self) -> None:
        event = {**TIMER, "user_event": '{"as_of": "2023-05-01", "since": "2d"}'}

        assert asked(request_from_event(event, Context(GOOD), {})) == (
            datetime(2023, 4, 29, tzinfo=UTC),
            datetime(2023, 5, 1, tzinfo=UTC),
        )

    def test_what_is_wrong_with_it_ends_the_run(self) -> None:
        with pytest.raises(EventError, match="projectid is not a key of an event"):
            request_from_event({**TIMER, "user_event": '{"projectid": "other"}'}, Context(GOOD), {})


IN_OBS = {**GOOD, "CBR_AUDIT_STORE": "obs://bucket/a", "HUAWEICLOUD_SDK_REGION": "eu-west-101", **KEYS}
ELSEWHERE = {"project_id": "p2", "region": "ap-southeast-1"}


class TestAnotherRegion:
    def test_cbr_and_iam_are_asked_there_and_the_bucket_stays(self) -> None:
        settings = request_from_event(ELSEWHERE, Context(IN_OBS), {}).settings

        assert settings.region == "ap-southeast-1"
        assert settings.cbr_endpoint == "https://cbr.ap-southeast-1.myhuaweicloud.com"
        assert settings.sign_in_endpoint == "https://iam.ap-southeast-1.myhuaweicloud.com"
        assert (settings.at_home.project_id, settings.at_home.region) == (
            GOOD["HUAWEICLOUD_SDK_PROJECT_ID"],
            "eu-west-101",
        )
        assert settings.at_home.signing_endpoint == "https://kms.eu-west-101.myhuaweicloud.eu"

    def test_the_cloud_stays_the_same(self) -> None:
        there = {**IN_OBS, "CBR_AUDIT_CLOUD": "otc", "HUAWEICLOUD_SDK_REGION": "eu-de"}
        settings = request_from_event({"project_id": "p2", "region": "eu-nl"}, Context(there), {}).settings

        assert settings.cbr_endpoint == "https://cbr.eu-nl.otc.t-systems.com"
        assert settings.at_home.usual_endpoint("obs") == "https://obs.eu-de.otc.t-systems.com"

    def test_a_store_that_is_no_bucket_needs_no_endpoint_and_one_that_is_set_stays(self) -> None:
        there = {**IN_OBS, "CBR_AUDIT_OBS_ENDPOINT": "https://obs.sim-2.myhuaweicloud.com"}

        assert request_from_event(ELSEWHERE, Context(GOOD), {}).settings.obs_endpoint is None
        assert (
            request_from_event(ELSEWHERE, Context(there), {}).settings.obs_endpoint
            == "https://obs.sim-2.myhuaweicloud.com"
        )

    def test_the_region_of_the_settings_changes_nothing(self) -> None:
        event = {"region": GOOD["HUAWEICLOUD_SDK_REGION"]}

        assert (
            request_from_event(event, Context(GOOD), {}).settings == request_from_event({}, Context(GOOD), {}).settings
        )

    @pytest.mark.parametrize(
        ("event", "changed", "words"),
        [
            ({"region": "r2"}, {}, "the event names the region r2 and no project_id: a project belongs to one region"),
            (
                ELSEWHERE,
                {"CBR_AUDIT_ENDPOINT": "https://cbr.example.com"},
                "CBR_AUDIT_ENDPOINT is set to that of sim-1: un",
            ),
            ({**ELSEWHERE, "region": "eu-de"}, IN_OBS, "eu-de is a region of Open Telekom Cloud, not of Huawei Cloud"),
            (ELSEWHERE, {**IN_OBS, "CBR_AUDIT_CLOUD": "moon"}, "CBR_AUDIT_CLOUD: 'moon' is none of huawei, otc, "),
            ({**ELSEWHERE, "region": "Not A Region"}, {}, "HUAWEICLOUD_SDK_REGION: a region looks like eu-west-101"),
        ],
    )
    def test_what_cannot_be_meant_is_refused(self, event: dict[str, str], changed: dict[str, str], words: str) -> None:
        with pytest.raises(EventError, match=words):
            request_from_event(event, Context({**GOOD, **changed}), {})

    def test_without_a_region_in_the_settings_there_is_another_one_all_the_same(self) -> None:
        settings = {name: value for name, value in GOOD.items() if name != "HUAWEICLOUD_SDK_REGION"}

        assert request_from_event(ELSEWHERE, Context(settings), {}).settings.region == "ap-southeast-1"
        with pytest.raises(EventError, match="CBR_AUDIT_ENDPOINT is set to that of another one"):
            request_from_event(ELSEWHERE, Context({**settings, "CBR_AUDIT_ENDPOINT": "https://cbr.example.com"}), {})


AGENCY = {"CBR_AUDIT_AGENCY": "iam::{account}:agency:cbr-audit"}
ACCOUNT = {"account": "a7", "project_id": "p7"}


class TestAnotherAccount:
    def test_its_agency_is_the_one_that_the_settings_name_for_all(self) -> None:
        settings = request_from_event({**ACCOUNT, "region": "r7"}, Context(GOOD | AGENCY), {}).settings

        assert str(settings.assumed) == "iam::a7:agency:cbr-audit"
        assert (settings.project_id, settings.region) == ("p7", "r7")
        home = settings.at_home
        assert (home.project_id, home.region) == (GOOD["HUAWEICLOUD_SDK_PROJECT_ID"], GOOD["HUAWEICLOUD_SDK_REGION"])

    def test_what_the_settings_say_of_their_account_does_not_hold_for_another(self) -> None:
        own = {f"CBR_AUDIT_ACCOUNT_{part}": "a0" for part in ("ID", "NAME", "UNIT")}
        settings = request_from_event(ACCOUNT, Context({**GOOD, **AGENCY, **own}), {}).settings

        assert (settings.audited_account, settings.account_name, settings.account_unit) == ("a7", "", "")

    @pytest.mark.parametrize(
        ("event", "changed", "words"),
        [
            ({"account": "a7"}, AGENCY, "names the account a7 and no project_id: a project belongs to one account"),
            (ACCOUNT, {}, "set it with {account} in place of the account, such as iam::{account}:agency:cbr-audit"),
            (ACCOUNT, {"CBR_AUDIT_AGENCY": "iam::a7:agency:x"}, "CBR_AUDIT_AGENCY does not say which agency it has"),
            ({**ACCOUNT, "account": "a7:agency:admin"}, AGENCY, "CBR_AUDIT_AGENCY: give an agency"),
        ],
    )
    def test_what_cannot_be_meant_is_refused(self, event: dict[str, str], changed: dict[str, str], words: str) -> None:
        with pytest.raises(EventError, match=re.escape(words)):
            request_from_event(event, Context({**GOOD, **changed}), {})
