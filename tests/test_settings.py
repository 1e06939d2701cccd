import re

import certifi
import pytest

from audit.endpoints import is_loopback
from audit.errors import SettingsError
from audit.settings import VARIABLES, AgencyName, Route, Settings, SignIn, StoreSettings, endpoint_of

GOOD = {
    "HUAWEICLOUD_SDK_PROJECT_ID": "p1",
    "CBR_AUDIT_STORE": "file:///var/lib/cbr-audit",
    "HUAWEICLOUD_SDK_REGION": "eu-west-101",
    "CBR_AUDIT_TOKEN": "MIItoken",
}
KEYS = {"HUAWEICLOUD_SDK_AK": "AKEY12", "HUAWEICLOUD_SDK_SK": "SKEY12"}
AGENCY = "(a function gets them from its agency)"
PERSON = {"CBR_AUDIT_USER": "user", "CBR_AUDIT_PASSWORD": "pass word 中"}


def without(*names: str) -> dict[str, str]:
    return {name: value for name, value in GOOD.items() if name not in names}


def test_the_region_gives_the_endpoints() -> None:
    settings = Settings.read(GOOD)

    assert settings.cbr_endpoint == "https://cbr.eu-west-101.myhuaweicloud.com"
    assert settings.sign_in_endpoint == "https://iam.eu-west-101.myhuaweicloud.eu"
    assert settings.workers == 4


def test_the_cloud_gives_the_endpoints_of_its_regions() -> None:
    there = {**GOOD, "CBR_AUDIT_CLOUD": "flexible-engine", "HUAWEICLOUD_SDK_REGION": "eu-west-0"}
    settings = Settings.read(there)

    assert settings.cbr_endpoint == "https://cbr.eu-west-0.prod-cloud-ocb.orange-business.com"
    assert settings.usual_endpoint("smn", "na-east-0") == "https://smn.na-east-0.prod-cloud-ocb.orange-business.com"
    assert Settings.read({**GOOD, "CBR_AUDIT_CLOUD": ""}).cloud == "huawei"


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        (
            {"CBR_AUDIT_CLOUD": "OTC"},
            "CBR_AUDIT_CLOUD: 'OTC' is none of huawei, otc, flexible-engine, cloud.ru, g42; for",
        ),
        (
            {"HUAWEICLOUD_SDK_REGION": "eu-de"},
            "eu-de is a region of Open Telekom Cloud, not of Huawei Cloud: set CBR_AUDIT_CLOUD=otc",
        ),
        (
            {"CBR_AUDIT_CLOUD": "g42"},
            "eu-west-101 is a region of Huawei Cloud, not of G42 Cloud: set CBR_AUDIT_CLOUD=huawei",
        ),
        (
            {"CBR_AUDIT_ENDPOINT": "https://cbr.eu-de.otc.t-systems.com"},
            "cbr.eu-de.otc.t-systems.com is in Open Telekom Cloud, not in Huawei Cloud: set CBR_AUDIT_CLOUD=otc",
        ),
    ],
)
def test_what_belongs_to_another_cloud_is_told_with_its_name(changed: dict[str, str], words: str) -> None:
    with pytest.raises(SettingsError, match=re.escape(words)):
        Settings.read({**GOOD, **changed})


def test_a_region_of_another_cloud_is_of_no_account_where_no_endpoint_is_made_of_it() -> None:
    trusted = {"HUAWEICLOUD_SDK_REGION": "eu-de", "CBR_AUDIT_TRUSTED_DOMAINS": "otc.t-systems.com"}
    cbr = {"CBR_AUDIT_ENDPOINT": "https://cbr.eu-de.otc.t-systems.com"}
    obs = {"CBR_AUDIT_OBS_ENDPOINT": "https://obs.eu-de.otc.t-systems.com"}

    assert Settings.read({**GOOD, **trusted, **cbr}).region == "eu-de"
    assert StoreSettings.read({**GOOD, **trusted, **cbr}).region == "eu-de"
    assert StoreSettings.read({**GOOD, **trusted, **obs}).region == "eu-de"
    with pytest.raises(SettingsError, match="is a region of Open Telekom Cloud"):
        Settings.read({**GOOD, **trusted, **obs})


def test_a_region_that_nobody_knows_is_taken_for_a_new_one() -> None:
    there = {**GOOD, "HUAWEICLOUD_SDK_REGION": "eu-at", "CBR_AUDIT_CLOUD": "otc"}

    assert Settings.read(there).cbr_endpoint == "https://cbr.eu-at.otc.t-systems.com"


def test_endpoints_may_be_given_instead() -> None:
    settings = Settings.read(
        {
            **without("HUAWEICLOUD_SDK_REGION"),
            "CBR_AUDIT_ENDPOINT": "https://cbr.r1.myhuaweicloud.com/",
            "HUAWEICLOUD_SDK_IAM_ENDPOINT": "http://127.0.0.1:8080",
        }
    )

    assert settings.cbr_endpoint == "https://cbr.r1.myhuaweicloud.com"
    assert settings.sign_in_endpoint == "http://127.0.0.1:8080"


@pytest.mark.parametrize(
    ("given", "way"),
    [
        ({}, SignIn.TOKEN),
        (PERSON, SignIn.TOKEN),
        ({**PERSON, "CBR_AUDIT_TOKEN": ""}, SignIn.PASSWORD),
        ({**PERSON, **KEYS}, SignIn.KEYS),
        ({**PERSON, **KEYS, "HUAWEICLOUD_SDK_SECURITY_TOKEN": "STS"}, SignIn.TEMPORARY_KEYS),
    ],
)
def test_keys_go_before_a_token_and_a_token_before_a_password(given: dict[str, str], way: SignIn) -> None:
    assert Settings.read({**GOOD, **given}).sign_in is way


def test_everything_that_is_missing_is_named_at_once() -> None:
    with pytest.raises(SettingsError) as error:
        Settings.read({})

    assert str(error.value).split("; ") == [
        "HUAWEICLOUD_SDK_PROJECT_ID is not set",
        "CBR_AUDIT_STORE is not set",
        f"no credentials: set {' and '.join(KEYS)}, or CBR_AUDIT_TOKEN, or {' and '.join(PERSON)} {AGENCY}",
        "set HUAWEICLOUD_SDK_REGION or CBR_AUDIT_ENDPOINT to say which CBR to read",
    ]


def test_a_blank_variable_is_one_that_is_not_set() -> None:
    settings = Settings.read({**GOOD, "CBR_AUDIT_ENDPOINT": "", "HUAWEICLOUD_SDK_AK": "", "CBR_AUDIT_PROFILE": ""})

    assert (settings.endpoint, settings.access_key, settings.profile) == (None, None, None)


@pytest.mark.parametrize("missing", KEYS)
def test_half_a_pair_of_keys_is_a_mistake(missing: str) -> None:
    half = {name: value for name, value in KEYS.items() if name != missing}

    with pytest.raises(SettingsError, match=f"^{missing} is not set; access keys need both$"):
        Settings.read({**GOOD, **half})


def test_a_user_needs_to_know_where_to_sign_in() -> None:
    values = {
        **without("HUAWEICLOUD_SDK_REGION", "CBR_AUDIT_TOKEN"),
        **PERSON,
        "CBR_AUDIT_ENDPOINT": "https://cbr.r1.myhuaweicloud.com",
    }
    with pytest.raises(SettingsError, match=r"^set HUAWEICLOUD_SDK_REGION or HUAWEICLOUD_SDK_IAM_ENDPOINT to say"):
        Settings.read(values)


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("http://cbr.example.com", "must start with https://"),
        ("ftp://127.0.0.1", "must start with https://"),
        ("//cbr.example.com", "must start with https://"),
        ("cbr.example.com", "needs a host"),
        ("https://", "needs a host"),
        ("https:///path", "needs a host"),
        ("https://:443", "needs a host"),
        ("https://cbr.example.com:port", "Port could not be cast"),
        ("https://cbr.example.com:99999", "Port out of range"),
        ("https://[", "Invalid IPv6 URL"),
        ("https://user@cbr.example.com", "has only a scheme and a host"),
        ("https://user:word@cbr.example.com", "has only a scheme and a host"),
        ("https://:word@cbr.example.com", "has only a scheme and a host"),
        ("https://cbr.example.com/v3", "has only a scheme and a host"),
        ("https://cbr.example.com?a=b", "has only a scheme and a host"),
        ("https://cbr.example.com#a", "has only a scheme and a host"),
    ],
)
@pytest.mark.parametrize("name", ["CBR_AUDIT_ENDPOINT", "CBR_AUDIT_OBS_ENDPOINT", "HUAWEICLOUD_SDK_IAM_ENDPOINT"])
def test_an_endpoint_is_checked_before_anything_is_sent_to_it(name: str, url: str, reason: str) -> None:
    with pytest.raises(SettingsError, match=f"^{name}: .*{reason}"):
        Settings.read({**GOOD, name: url})


@pytest.mark.parametrize(
    ("host", "is_here"),
    [("localhost", True), ("127.9.9.9", True), ("::1", True), ("10.0.0.1", False), ("localhost.example.com", False)],
)
def test_this_machine_is_known(host: str, *, is_here: bool) -> None:
    assert is_loopback(host) == is_here


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("HUAWEICLOUD_SDK_PROJECT_ID", "../other", "letters, digits"),
        ("HUAWEICLOUD_SDK_PROJECT_ID", "", "letters, digits"),
        ("HUAWEICLOUD_SDK_PROJECT_ID", "a" * 65, "letters, digits"),
        ("HUAWEICLOUD_SDK_REGION", "EU West", "looks like eu-west-101"),
        ("HUAWEICLOUD_SDK_REGION", "x.evil.com/", "looks like eu-west-101"),
        ("CBR_AUDIT_OBS_KMS_KEY", "key with space", "a key id contains only letters"),
        ("CBR_AUDIT_SIGNING_KMS_KEY", "alias/audit", "not an alias"),
        ("CBR_AUDIT_SIGNING_KMS_KEY", "0D0466B0-E727-4D9C-B35D-F84BB474A37F", "the 36-character id"),
        ("CBR_AUDIT_OBS_LOCK_DAYS", "0", "greater than or equal to 1"),
        ("CBR_AUDIT_OBS_LOCK_DAYS", "36501", "less than or equal to 36500"),
        ("CBR_AUDIT_WORKERS", "0", "greater than or equal to 1"),
        ("CBR_AUDIT_WORKERS", "17", "less than or equal to 16"),
        ("CBR_AUDIT_WORKERS", "many", "valid integer"),
    ],
)
def test_a_wrong_value_is_named(name: str, value: str, reason: str) -> None:
    with pytest.raises(SettingsError, match=f"^{name}: .*{reason}"):
        Settings.read({**GOOD, name: value})


@pytest.mark.parametrize("name", [*KEYS, "HUAWEICLOUD_SDK_SECURITY_TOKEN", "CBR_AUDIT_TOKEN"])
@pytest.mark.parametrize("end", ["\n", " ", "\r\nX-Other: 1", "中", "\x00"])
def test_credentials_that_cannot_be_sent_are_refused_without_showing_them(name: str, end: str) -> None:
    with pytest.raises(SettingsError, match=f"{name}: contains a space, a line break or another character") as error:
        Settings.read({**GOOD, **KEYS, name: f"secret-value{end}"})

    assert "secret-value" not in str(error.value)
    assert "secret-value" not in repr(error.value.__cause__)


def test_secrets_are_known_to_the_log_and_never_printed() -> None:
    settings = Settings.read({**GOOD, **KEYS, **PERSON, "HUAWEICLOUD_SDK_SECURITY_TOKEN": "STStoken"})

    assert set(settings.secrets) == {"AKEY12", "SKEY12", "STStoken", "MIItoken", "pass word 中"}
    assert not any(secret in f"{settings!r} {settings}" for secret in settings.secrets)


def test_every_variable_is_listed_once() -> None:
    assert len(set(VARIABLES)) == len(VARIABLES) == len(Settings.model_fields)
    assert all(name.startswith(("HUAWEICLOUD_SDK_", "CBR_AUDIT_")) for name in VARIABLES)


@pytest.mark.parametrize("missing", PERSON)
def test_half_a_user_is_a_mistake(missing: str) -> None:
    half = {name: value for name, value in PERSON.items() if name != missing}

    with pytest.raises(SettingsError, match=f"{missing} is not set; an IAM user needs both"):
        Settings.read({**{name: value for name, value in GOOD.items() if name != "CBR_AUDIT_TOKEN"}, **half})


URL_SENTENCE = "a URL needs a host and must not have a user or a fragment, such as https://example.com/…"
SENT_SENTENCE = "contains a space, a line break or another character that is not allowed"
TOPIC = "urn:smn:eu-west-101:0123456789abcdef:backups"
TOLD = {
    "CBR_AUDIT_SMN_TOPIC": TOPIC,
    "CBR_AUDIT_WEBHOOK_URL": "https://hooks.example.com/in?key=hook-key",
    "CBR_AUDIT_WEBHOOK_SECRET": "a-shared-secret-1",
    "CBR_AUDIT_PING_URL": "https://hc-ping.com/ping-key",
}


def test_who_is_told_may_be_named_or_left_out() -> None:
    assert Settings.read({**GOOD, **TOLD}).smn_topic == TOPIC
    for empty in ({}, dict.fromkeys(TOLD, "")):
        settings = Settings.read({**GOOD, **empty})
        assert (settings.smn_topic, settings.webhook_url, settings.webhook_secret, settings.ping_url) == (None,) * 4


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("CBR_AUDIT_SMN_TOPIC", "backups", "give the URN of a topic, such as urn:smn:eu-west-101:PROJECT:TOPIC"),
        (
            "CBR_AUDIT_SMN_TOPIC",
            "urn:smn:../x:p:t",
            "give the URN of a topic, such as urn:smn:eu-west-101:PROJECT:TOPIC",
        ),
        (
            "CBR_AUDIT_SMN_ENDPOINT",
            "http://smn.example.com",
            "an endpoint must start with https:// (http:// is allowed for localhost only)",
        ),
        ("CBR_AUDIT_WEBHOOK_URL", "hooks.example.com/hook-key", URL_SENTENCE),
        ("CBR_AUDIT_WEBHOOK_URL", "https://user:hook-key@hooks.example.com", URL_SENTENCE),
        ("CBR_AUDIT_WEBHOOK_URL", "https://hooks.example.com/#hook-key", URL_SENTENCE),
        ("CBR_AUDIT_WEBHOOK_URL", "https://hooks.example.com:hook-key/in", URL_SENTENCE),
        ("CBR_AUDIT_PING_URL", "https://hook-key℀.example.com", URL_SENTENCE),
        (
            "CBR_AUDIT_WEBHOOK_URL",
            "http://hooks.example.com/hook-key",
            "a URL must start with https:// (http:// is allowed for localhost only)",
        ),
        ("CBR_AUDIT_WEBHOOK_URL", "https://hooks.example.com/hook key", SENT_SENTENCE),
        ("CBR_AUDIT_WEBHOOK_SECRET", "hook-key", "a shared secret needs at least 16 characters"),
        ("CBR_AUDIT_WEBHOOK_SECRET", "a-shared-secret with hook-key", SENT_SENTENCE),
        (
            "CBR_AUDIT_PING_URL",
            "http://hc-ping.com/ping-key",
            "a URL must start with https:// (http:// is allowed for localhost only)",
        ),
        (
            "CBR_AUDIT_PING_URL",
            "https://hc-ping.com/x?ping-key",
            "a ping URL must not have a query string: /start and /fail are appended to it",
        ),
    ],
)
def test_a_wrong_channel_is_named_and_its_secret_is_not_shown(name: str, value: str, sentence: str) -> None:
    with pytest.raises(SettingsError) as error:
        Settings.read({**GOOD, **TOLD, name: value})

    assert str(error.value) == f"{name}: {sentence}"
    assert not {"hook-key", "ping-key"} & set(re.findall(r"[a-z-]+-key", f"{error.value} {error.value.__cause__!r}"))


@pytest.mark.parametrize(
    ("name", "needed"),
    [("CBR_AUDIT_WEBHOOK_SECRET", "CBR_AUDIT_WEBHOOK_URL"), ("CBR_AUDIT_SMN_ENDPOINT", "CBR_AUDIT_SMN_TOPIC")],
)
def test_a_setting_that_would_have_no_effect_is_a_mistake(name: str, needed: str) -> None:
    value = "https://smn.r1.myhuaweicloud.com" if name.endswith("ENDPOINT") else "a-shared-secret-1"
    with pytest.raises(SettingsError, match=f"^{name} has no effect unless {needed} is set$"):
        Settings.read({**GOOD, name: value})


def test_the_addresses_of_channels_are_secrets_whole_and_as_errors_quote_them() -> None:
    settings = Settings.read({**GOOD, **TOLD})

    assert set(settings.secrets) - {"MIItoken"} == {
        "a-shared-secret-1",
        "https://hooks.example.com/in?key=hook-key",
        "hooks.example.com/in",
        "https://hc-ping.com/ping-key",
        "hc-ping.com/ping-key",
    }
    assert not any(secret in f"{settings!r} {settings}" for secret in settings.secrets)


IN_OBS = {"CBR_AUDIT_STORE": "obs://bucket/prefix"}


def test_a_store_in_obs_needs_keys_and_a_place() -> None:
    keys = {**without("CBR_AUDIT_TOKEN"), **KEYS, **IN_OBS}
    Settings.read(keys)
    Settings.read(
        {
            **keys,
            "HUAWEICLOUD_SDK_REGION": "",
            "CBR_AUDIT_ENDPOINT": "https://a.myhuaweicloud.eu",
            "CBR_AUDIT_OBS_ENDPOINT": "https://b.myhuaweicloud.cn",
        }
    )

    with pytest.raises(
        SettingsError, match=r"^CBR_AUDIT_STORE is in OBS, which needs access keys: set HUAWEICLOUD_SDK_AK"
    ):
        Settings.read({**GOOD, **IN_OBS})
    with pytest.raises(SettingsError, match=r"^set HUAWEICLOUD_SDK_REGION or CBR_AUDIT_OBS_ENDPOINT to say where"):
        Settings.read({**keys, "HUAWEICLOUD_SDK_REGION": "", "CBR_AUDIT_ENDPOINT": "https://a.myhuaweicloud.eu"})


def test_looking_into_a_store_needs_no_project_and_no_cbr() -> None:
    seal = {"CBR_AUDIT_OBS_KMS_KEY": "0d0466b0-e727-4d9c-b35d-f84bb474a37f", "CBR_AUDIT_OBS_LOCK_DAYS": "365"}
    settings = StoreSettings.read(
        {**KEYS, **IN_OBS, **seal, "CBR_AUDIT_OBS_ENDPOINT": "https://obs.r1.myhuaweicloud.com"}
    )

    assert settings.obs_endpoint == "https://obs.r1.myhuaweicloud.com"
    assert (settings.obs_kms_key, settings.obs_lock_days) == (seal["CBR_AUDIT_OBS_KMS_KEY"], 365)
    with pytest.raises(SettingsError, match="needs access keys"):
        StoreSettings.read({**IN_OBS, "HUAWEICLOUD_SDK_REGION": "eu-west-101"})


@pytest.mark.parametrize(
    ("changed", "endpoint"),
    [
        ({}, "https://cts.eu-west-101.myhuaweicloud.eu"),
        (
            {"CBR_AUDIT_ENDPOINT": "https://cbr.eu-west-101.myhuaweicloud.com"},
            "https://cts.eu-west-101.myhuaweicloud.eu",
        ),
        ({"CBR_AUDIT_ENDPOINT": "https://cbr.r1.myhuaweicloud.com"}, "https://cts.r1.myhuaweicloud.com"),
        ({"CBR_AUDIT_ENDPOINT": "http://127.0.0.1:7"}, "http://127.0.0.1:7"),
        (
            {"CBR_AUDIT_ENDPOINT": "https://cbr.example.com", "CBR_AUDIT_TRUSTED_DOMAINS": "example.com"},
            "https://cts.example.com",
        ),
        (
            {"CBR_AUDIT_ENDPOINT": "https://cbr.example.com", "CBR_AUDIT_TRUSTED_DOMAINS": "cbr.example.com"},
            "https://cbr.example.com",
        ),
        ({"CBR_AUDIT_CTS_ENDPOINT": "https://cts.r1.myhuaweicloud.com/"}, "https://cts.r1.myhuaweicloud.com"),
    ],
)
def test_traces_are_asked_for_in_the_region_or_beside_cbr_unless_it_is_told(
    changed: dict[str, str], endpoint: str
) -> None:
    assert Settings.read({**GOOD, **changed}).tracing_endpoint == endpoint


SIGNING = "0d0466b0-e727-4d9c-b35d-f84bb474a37f"


def test_the_region_gives_the_endpoint_of_the_key_unless_it_is_told() -> None:
    settings = Settings.read({**GOOD, "CBR_AUDIT_SIGNING_KMS_KEY": SIGNING})
    other = {"CBR_AUDIT_SIGNING_KMS_KEY": SIGNING, "CBR_AUDIT_KMS_ENDPOINT": "https://kms.r1.myhuaweicloud.com/"}

    assert settings.signing_kms_key == SIGNING
    assert settings.signing_endpoint == "https://kms.eu-west-101.myhuaweicloud.eu"
    assert Settings.read({**GOOD, **other}).signing_endpoint == "https://kms.r1.myhuaweicloud.com"


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        (
            {"CBR_AUDIT_SIGNING_KEY": "k.pem", "CBR_AUDIT_SIGNING_KMS_KEY": SIGNING},
            "CBR_AUDIT_SIGNING_KEY and CBR_AUDIT_SIGNING_KMS_KEY are both set, but only one key can sign: unset one",
        ),
        (
            {
                "HUAWEICLOUD_SDK_REGION": "",
                "CBR_AUDIT_ENDPOINT": "https://cbr.r1.myhuaweicloud.com",
                "CBR_AUDIT_SIGNING_KMS_KEY": SIGNING,
            },
            "set HUAWEICLOUD_SDK_REGION or CBR_AUDIT_KMS_ENDPOINT to say where the key is",
        ),
        (
            {"CBR_AUDIT_KMS_ENDPOINT": "https://kms.r1.myhuaweicloud.com"},
            "CBR_AUDIT_KMS_ENDPOINT has no effect unless CBR_AUDIT_SIGNING_KMS_KEY is set",
        ),
        (
            {"CBR_AUDIT_SIGNING_KMS_KEY": SIGNING, "CBR_AUDIT_HOME_REGION": "r0"},
            "set CBR_AUDIT_HOME_PROJECT_ID to say which project of CBR_AUDIT_HOME_REGION has the key",
        ),
    ],
)
def test_it_is_told_which_key_signs_and_where_it_is(changed: dict[str, str], words: str) -> None:
    with pytest.raises(SettingsError) as caught:
        Settings.read({**GOOD, **changed})

    assert str(caught.value) == words


def test_looking_into_a_store_asks_for_no_key() -> None:
    values = {"CBR_AUDIT_STORE": "/tmp/x", "CBR_AUDIT_SIGNING_KEY": "k.pem", "CBR_AUDIT_SIGNING_KMS_KEY": SIGNING}  # noqa: S108
    assert StoreSettings.read(values).signing_kms_key == SIGNING


@pytest.mark.parametrize(
    ("given", "asked"),
    [(None, "all_granted_eps"), ("", "all_granted_eps"), ("0", "0"), ("4a6f0a1c-7d2e-4f4e-9b55-2f0c8d7d7f11",) * 2],
)
def test_every_enterprise_project_is_audited_unless_one_is_chosen(given: str | None, asked: str) -> None:
    chosen = {} if given is None else {"CBR_AUDIT_ENTERPRISE_PROJECT_ID": given}

    assert Settings.read({**GOOD, **chosen}).enterprise_project_id == asked


def test_an_enterprise_project_is_named_by_its_id() -> None:
    with pytest.raises(SettingsError, match="CBR_AUDIT_ENTERPRISE_PROJECT_ID: give the id of an enterprise project"):
        Settings.read({**GOOD, "CBR_AUDIT_ENTERPRISE_PROJECT_ID": "the finance one"})


@pytest.mark.parametrize(
    ("host", "trusted"),
    [
        ("169.254.169.254", ""),
        ("cbr.example.com", ""),
        ("myhuaweicloud.com.example.com", ""),
        ("notmyhuaweicloud.com", ""),
        ("cbr.example.com", "other.example.com, example.org"),
        ("badexample.com", "example.com"),
    ],
)
def test_a_host_outside_of_the_known_clouds_gets_no_signed_requests_unless_it_is_named(host: str, trusted: str) -> None:
    for name in ("CBR_AUDIT_ENDPOINT", "HUAWEICLOUD_SDK_IAM_ENDPOINT", "CBR_AUDIT_OBS_ENDPOINT"):
        with pytest.raises(SettingsError, match=f"^{name}: {re.escape(host)} is not in Huawei Cloud"):
            Settings.read({**GOOD, name: f"https://{host}", "CBR_AUDIT_TRUSTED_DOMAINS": trusted})


@pytest.mark.parametrize(
    ("host", "trusted"),
    [
        ("cbr.example.com", "example.com"),
        ("cbr.Example.com:8443", " other.example , CBR.example.com,"),
        ("10.0.0.1:9000", "10.0.0.1"),
        ("[fd00::1]", "fd00::1"),
    ],
)
def test_a_trusted_domain_host_or_address_may_be_an_endpoint(host: str, trusted: str) -> None:
    given = {**GOOD, "CBR_AUDIT_ENDPOINT": f"https://{host}", "CBR_AUDIT_TRUSTED_DOMAINS": trusted}

    assert Settings.read(given).cbr_endpoint == f"https://{host}"
    assert Settings.read({**GOOD, "CBR_AUDIT_TRUSTED_DOMAINS": ""}).trusted_domains == ()


def test_an_endpoint_on_the_command_line_must_be_trusted_too() -> None:
    settings = Settings.read({**GOOD, "CBR_AUDIT_TRUSTED_DOMAINS": "example.com"})

    assert endpoint_of("https://fgs.example.com/", settings) == "https://fgs.example.com"
    with pytest.raises(SettingsError, match=r"invalid endpoint .*169\.254\.169\.254 is not in Huawei Cloud"):
        endpoint_of("https://169.254.169.254", settings)


def test_requests_go_where_the_settings_say() -> None:
    url = "http://user:a%40password@proxy.example.com:3128"
    settings = Settings.read({**GOOD, "CBR_AUDIT_PROXY": url, "CBR_AUDIT_CA_BUNDLE": certifi.where()})

    assert settings.route == Route(url, certifi.where())
    assert {url, "a@password"} <= {*settings.secrets}
    assert "a%40password" not in repr(settings)
    assert Settings.read({**GOOD, "CBR_AUDIT_PROXY": "https://proxy"}).route == Route("https://proxy", None)
    assert Settings.read({**GOOD, "CBR_AUDIT_PROXY": "", "CBR_AUDIT_CA_BUNDLE": ""}).route == Route()


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("CBR_AUDIT_PROXY", "socks5://proxy:1080", "a proxy has http:// or https://, a host"),
        ("CBR_AUDIT_PROXY", "proxy:a-password", "a proxy has http:// or https://, a host"),
        ("CBR_AUDIT_PROXY", "http://user:a-password@proxy/path", "a proxy has http:// or https://, a host"),
        ("CBR_AUDIT_PROXY", "http://proxy:a-password", "a proxy has http:// or https://, a host"),
        ("CBR_AUDIT_PROXY", "http://user:a-password℀@proxy", "a proxy has http:// or https://, a host"),
        ("CBR_AUDIT_PROXY", "http://user:a-password @proxy", "contains a space, a line break"),
        ("CBR_AUDIT_CA_BUNDLE", "/nowhere", "give a file of certificates in PEM: No such file"),
        ("CBR_AUDIT_CA_BUNDLE", __file__, "give a file of certificates in PEM: "),
        ("CBR_AUDIT_HTTP_CALLERS", "an api", "give the ids of APIs of API Gateway, separated by commas"),
        ("CBR_AUDIT_TRUSTED_DOMAINS", "https://example.com", "give domains, hosts or addresses without scheme"),
        ("CBR_AUDIT_FOLDER_ACCESS", "everybody", "should be 'private' or 'umask'"),
    ],
)
def test_a_wrong_route_is_explained_and_no_password_is_shown(name: str, value: str, words: str) -> None:
    with pytest.raises(SettingsError, match=re.escape(words)) as fault:
        Settings.read({**GOOD, name: value})

    assert str(fault.value).startswith(f"{name}: ")
    assert "a-password" not in str(fault.value)


def test_a_folder_is_private_unless_told() -> None:
    told = [Settings.read({**GOOD, "CBR_AUDIT_FOLDER_ACCESS": text}).folder_access for text in ("", "private", "umask")]

    assert told == ["private", "private", "umask"]


ABROAD = {**GOOD, "CBR_AUDIT_AGENCY": "iam::a1:agency:cbr-audit"}


@pytest.mark.parametrize(
    ("text", "name", "is_by_id"),
    [
        ("iam::a1:agency:cbr-audit", AgencyName("a1", "cbr-audit", "iam::a1:agency:cbr-audit"), True),
        ("Shop_1/cbr-audit", AgencyName("Shop_1", "cbr-audit"), False),
        (f"{'0a' * 16}/x.y", AgencyName("0a" * 16, "x.y"), True),
    ],
)
def test_an_agency_is_a_urn_or_an_account_and_a_name(text: str, name: AgencyName, *, is_by_id: bool) -> None:
    assumed = Settings.read({**GOOD, "CBR_AUDIT_AGENCY": text}).assumed

    assert assumed == name
    assert assumed is not None
    assert (assumed.is_by_id, str(assumed)) == (is_by_id, text)


@pytest.mark.parametrize("text", ["", "iam::{account}:agency:cbr-audit", "{account}/cbr-audit"])
def test_no_agency_is_assumed_where_none_is_set_or_no_account_is_named(text: str) -> None:
    assert Settings.read({**GOOD, "CBR_AUDIT_AGENCY": text}).assumed is None


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"CBR_AUDIT_AGENCY": "cbr-audit"}, "give an agency, such as iam::ACCOUNT_ID:agency:cbr-audit"),
        ({"CBR_AUDIT_AGENCY": "iam::a1:agency:x:agency:y"}, "give an agency"),
        ({"CBR_AUDIT_AGENCY": "iam::a1/x"}, "give an agency"),
        ({"CBR_AUDIT_AGENCY": "a1:agency:x"}, "give an agency"),
        ({"CBR_AUDIT_EXTERNAL_ID": "x"}, "an external id has 2 to 1,224 characters"),
        ({"CBR_AUDIT_EXTERNAL_ID": "x y"}, "CBR_AUDIT_EXTERNAL_ID: contains a space"),
        ({"CBR_AUDIT_SESSION_NAME": "x"}, "a session name has 2 to 128 letters"),
        ({"CBR_AUDIT_SESSION_NAME": "a/b"}, "a session name has 2 to 128 letters"),
        ({"HUAWEICLOUD_SDK_REGION": "", "CBR_AUDIT_ENDPOINT": "http://localhost"}, "to say where STS and IAM are"),
    ],
)
def test_a_wrong_agency_is_named(changed: dict[str, str], words: str) -> None:
    with pytest.raises(SettingsError, match=words):
        Settings.read({**ABROAD, **changed})


def test_what_is_kept_stays_at_home() -> None:
    settings = Settings.read({**ABROAD, "CBR_AUDIT_HOME_PROJECT_ID": "p0", "CBR_AUDIT_HOME_REGION": "cn-north-4"})

    assert settings.cbr_endpoint == "https://cbr.eu-west-101.myhuaweicloud.com"
    assert settings.sts == "https://sts.cn-north-4.myhuaweicloud.com"
    assert (settings.at_home.project_id, settings.at_home.region) == ("p0", "cn-north-4")
    assert settings.at_home.signing_endpoint == "https://kms.cn-north-4.myhuaweicloud.com"


def test_without_another_home_it_is_where_the_audit_reads() -> None:
    settings = Settings.read({**ABROAD, "CBR_AUDIT_STS_ENDPOINT": "https://sts.r1.myhuaweicloud.com"})

    assert settings.at_home == settings
    assert settings.sts == "https://sts.r1.myhuaweicloud.com"


@pytest.mark.parametrize(
    ("changed", "account"),
    [
        ({}, None),
        ({"CBR_AUDIT_ACCOUNT_ID": "a1"}, "a1"),
        ({"CBR_AUDIT_AGENCY": "iam::a1:agency:x"}, "a1"),
        ({"CBR_AUDIT_AGENCY": f"{'0' * 32}/x"}, "0" * 32),
        ({"CBR_AUDIT_AGENCY": "the-bank/x"}, None),
        ({"CBR_AUDIT_AGENCY": "the-bank/x", "CBR_AUDIT_ACCOUNT_ID": "a1"}, "a1"),
        ({"CBR_AUDIT_AGENCY": "iam::a1:agency:x", "CBR_AUDIT_ACCOUNT_ID": "a1"}, "a1"),
    ],
)
def test_the_account_is_known_by_the_setting_or_the_agency(changed: dict[str, str], account: str | None) -> None:
    assert Settings.read({**GOOD, **changed}).audited_account == account


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"CBR_AUDIT_ACCOUNT_ID": "a 1"}, "CBR_AUDIT_ACCOUNT_ID: an account id contains only letters, digits, - and _"),
        ({"CBR_AUDIT_ACCOUNT_NAME": "the bank"}, "set CBR_AUDIT_ACCOUNT_ID, too"),
        ({"CBR_AUDIT_ACCOUNT_UNIT": "Root/prod"}, "set CBR_AUDIT_ACCOUNT_ID, too"),
        (
            {"CBR_AUDIT_ACCOUNT_ID": "a2", "CBR_AUDIT_AGENCY": "iam::a1:agency:x"},
            "CBR_AUDIT_ACCOUNT_ID is not the account of CBR_AUDIT_AGENCY, a1",
        ),
    ],
)
def test_an_account_that_cannot_be_meant_is_named(changed: dict[str, str], words: str) -> None:
    with pytest.raises(SettingsError, match=words):
        Settings.read({**GOOD, **changed})


def test_the_scope_of_a_fleet_is_no_project() -> None:
    with pytest.raises(SettingsError, match="fleet-all is the scope of a fleet and no project id"):
        Settings.read({**GOOD, "HUAWEICLOUD_SDK_PROJECT_ID": "fleet-all"})
