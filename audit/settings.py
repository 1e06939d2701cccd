"""Settings: what to read, where to write, and which credentials to use.

Settings are read from a mapping. In the function, user data overrides the environment; on the command line, options
do. No other module reads the environment.
"""

import re
import ssl
from collections.abc import Mapping
from contextlib import suppress
from enum import StrEnum
from typing import Annotated, Any, ClassVar, Final, Literal, NamedTuple
from urllib.parse import SplitResult, unquote, urlsplit

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, ValidationError

from audit.clouds import CLOUDS, HUAWEI
from audit.collection import ALL_GRANTED
from audit.endpoints import endpoint_in, is_loopback, is_trusted
from audit.errors import SettingsError

WORKERS: Final = 4
MOST_WORKERS: Final = 16
_SDK: Final = "HUAWEICLOUD_SDK_"
_OWN: Final = "CBR_AUDIT_"
_REGION: Final = re.compile(r"[a-z0-9-]{2,64}")
_KMS_KEY: Final = re.compile(r"[A-Za-z0-9:/-]{8,256}")
_SIGNING_KEY: Final = re.compile(r"[0-9a-z]{8}(-[0-9a-z]{4}){3}-[0-9a-z]{12}")
_PROJECT: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")
_FLEET: Final = "fleet-"  # in a store, it takes the place of a project's id
_TOPIC: Final = re.compile(r"urn:smn:[a-z0-9-]{2,64}:[A-Za-z0-9_-]{1,64}:[A-Za-z0-9_-]{1,255}")
_AGENCY: Final = re.compile(
    r"(?P<urn>iam::)?(?P<account>[\w.-]{1,64}|\{account\})(?(urn):agency:|/)(?P<name>[\w.@-]{1,64})", re.ASCII
)
_ACCOUNT_ID: Final = re.compile(r"[0-9a-f]{32}")
_SESSION: Final = re.compile(r"[\w.@=+-]{2,128}", re.ASCII)
_LONGEST_EXTERNAL_ID: Final = 1224
ANY_ACCOUNT: Final = "{account}"
"""What stands for the account in CBR_AUDIT_AGENCY, where events name it."""
_API: Final = re.compile(r"[A-Za-z0-9-]{1,64}")
_DOMAIN: Final = re.compile(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?|[0-9a-f:]+")
_SHORTEST_SHARED_SECRET: Final = 16


class Route(NamedTuple):
    """How requests leave this machine: through which proxy, and whose certificates are trusted; None for the usual."""

    proxy: str | None = None
    ca_bundle: str | None = None


class AgencyName(NamedTuple):
    """An agency of another account; without a URN, it is for version 3 of IAM, which takes the account's name, too."""

    account: str
    name: str
    urn: str = ""

    @property
    def is_by_id(self) -> bool:
        """Whether the account is given by its id."""
        return bool(self.urn) or bool(_ACCOUNT_ID.fullmatch(self.account))

    def __str__(self) -> str:
        """Write it as the setting does."""
        return self.urn or f"{self.account}/{self.name}"


class StoreKind(NamedTuple):
    """A kind of store.

    Attributes:
        example: a URL of one.
        service: the cloud service that holds it; empty where it is on this machine.
        endpoint: the setting that names the endpoint of the service.
    """

    example: str
    service: str = ""
    endpoint: str = ""


STORES: Final[Mapping[str, StoreKind]] = {
    "file": StoreKind("file:///var/lib/cbr-audit"),
    "obs": StoreKind("obs://bucket/prefix", "obs", f"{_OWN}OBS_ENDPOINT"),
}
"""Every kind of store by the scheme of its URLs; audit/evidence/store opens them."""


def scheme_of(url: str) -> str:
    """Return the scheme of a store's URL; anything else is taken for a path, which may be refused."""
    scheme, separator, _rest = url.partition("://")
    return scheme if separator and scheme in STORES else "file"


class SignIn(StrEnum):
    """The ways to authenticate requests."""

    FUNCTION_KEYS = "temporary keys of the function"
    KEYS = "access keys"
    TEMPORARY_KEYS = "temporary access keys"
    FUNCTION_TOKEN = "token of the function"  # noqa: S105  # the name of a way to sign in
    TOKEN = "token"  # noqa: S105  # the name of a way to sign in
    PASSWORD = "user and password"  # noqa: S105  # the name of a way to sign in


def _region(text: str) -> str:
    if not _REGION.fullmatch(text):
        raise ValueError("a region looks like eu-west-101")
    return text


def _cloud(name: str) -> str:
    if name not in CLOUDS:
        raise ValueError(
            f"{name!r} is none of {', '.join(CLOUDS)}; for another cloud, leave this out, and set its endpoints and "
            f"{_OWN}TRUSTED_DOMAINS"
        )
    return name


def _project(text: str) -> str:
    if text.startswith(_FLEET):
        raise ValueError(f"{text} is the scope of a fleet and no project id (see My Credentials in the console)")
    if not _PROJECT.fullmatch(text):
        raise ValueError("a project id contains only letters, digits, - and _ (see My Credentials in the console)")
    return text


def _enterprise_project(text: str) -> str:
    if not _PROJECT.fullmatch(text):
        raise ValueError(f"give the id of an enterprise project, such as 0 for the default one, or {ALL_GRANTED}")
    return text


def agency_named(text: str) -> AgencyName | None:
    """Read the name of an agency; None if there is none, or if it leaves the account open."""
    match = _AGENCY.fullmatch(text)
    if match is None or match["account"] == ANY_ACCOUNT:
        return None
    return AgencyName(match["account"], match["name"], match[0] if match["urn"] else "")


def _agency(text: str) -> str:
    if not _AGENCY.fullmatch(text):
        raise ValueError("give an agency, such as iam::ACCOUNT_ID:agency:cbr-audit, or ACCOUNT/cbr-audit without STS")
    return text


def _account_id(text: str) -> str:
    if not _PROJECT.fullmatch(text):
        raise ValueError("an account id contains only letters, digits, - and _ (see My Credentials in the console)")
    return text


def _external_id(secret: SecretStr | None) -> SecretStr | None:
    if secret and not 1 < len(secret.get_secret_value()) <= _LONGEST_EXTERNAL_ID:
        raise ValueError(f"an external id has 2 to {_LONGEST_EXTERNAL_ID:,} characters")
    return _sendable(secret)


def _session(text: str) -> str:
    if not _SESSION.fullmatch(text):
        raise ValueError("a session name has 2 to 128 letters, digits and . _ @ = + -")
    return text


def _kms_key(text: str) -> str:
    if not _KMS_KEY.fullmatch(text):
        raise ValueError("a key id contains only letters, digits and : / - (see Key Management in the console)")
    return text


def _signing_key(text: str) -> str:
    if not _SIGNING_KEY.fullmatch(text):
        raise ValueError("give the 36-character id of the key, not an alias: an alias can be moved to another key")
    return text


def _endpoint(url: str) -> str:
    parts = urlsplit(url)
    if not parts.hostname or parts.port == 0:  # urlsplit raises here if the port is not a number
        raise ValueError("an endpoint needs a host, such as https://cbr.eu-west-101.myhuaweicloud.com")
    if parts.username or parts.password or parts.query or parts.fragment or parts.path.strip("/"):
        raise ValueError("an endpoint has only a scheme and a host, such as https://cbr.eu-west-101.myhuaweicloud.com")
    if parts.scheme != "https" and not (parts.scheme == "http" and is_loopback(parts.hostname or "")):
        raise ValueError("an endpoint must start with https:// (http:// is allowed for localhost only)")
    return url.rstrip("/")


def endpoint_of(url: str, settings: "Settings") -> str:
    """Return an endpoint from the command line, normalised.

    Raises:
        SettingsError: the endpoint is invalid, or not trusted.
    """
    try:
        endpoint = _endpoint(url)
        _check_trust(endpoint, settings)
    except ValueError as error:
        raise SettingsError(f"invalid endpoint {url}: {error}") from error
    return endpoint


def _check_trust(endpoint: str, settings: "Settings") -> None:
    host = urlsplit(endpoint).hostname or ""
    if is_trusted(host, settings.trusted_domains, settings.cloud):
        return
    title = CLOUDS[settings.cloud].title
    for other in CLOUDS.values():
        if other.has(host):
            raise ValueError(f"{host} is in {other.title}, not in {title}: set {_OWN}CLOUD={other.name}")
    raise ValueError(
        f"{host} is not in {title}, and would get signed requests; if it is yours, name it, or its domain, in "
        f"{_OWN}TRUSTED_DOMAINS"
    )


def _parts(url: SecretStr) -> SplitResult | None:
    """Split a URL with a host; None if that fails, because the error would quote what may be a password."""
    with suppress(ValueError):
        parts = urlsplit(url.get_secret_value())
        return parts if parts.hostname and parts.port != 0 else None
    return None


def _secret_url(url: SecretStr | None) -> SecretStr | None:
    """Validate the URL of a notification; it may contain a key, so errors never quote it."""
    if url is None:
        return None
    parts = _parts(url)
    if not parts or parts.username or parts.password or parts.fragment:
        raise ValueError("a URL needs a host and must not have a user or a fragment, such as https://example.com/…")
    if parts.scheme != "https" and not (parts.scheme == "http" and is_loopback(parts.hostname or "")):
        raise ValueError("a URL must start with https:// (http:// is allowed for localhost only)")
    return _sendable(url)


def _proxy(url: SecretStr | None) -> SecretStr | None:
    """Validate the URL of a proxy; it may contain a password, so errors never quote it."""
    if url is None:
        return None
    parts = _parts(url)
    if parts and parts.scheme in {"http", "https"} and not (parts.query or parts.fragment or parts.path.strip("/")):
        return _sendable(url)
    raise ValueError(
        "a proxy has http:// or https://, a host, and a user, a password and a port if it needs them, such as "
        "http://proxy.example.com:3128"
    )


def _ca_bundle(path: str) -> str:
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(path)
    except OSError as error:  # or one of its kind, if there is no certificate in it
        raise ValueError(f"give a file of certificates in PEM: {error.strerror or error}") from error
    return path


def names_in(text: str) -> tuple[str, ...]:
    """Return the names in a list that is separated by commas."""
    return tuple(name.strip() for name in text.split(",") if name.strip())


def _domains(text: object) -> object:
    names = names_in(text.lower()) if isinstance(text, str) else text
    if isinstance(names, tuple) and not all(_DOMAIN.fullmatch(name) for name in names):
        raise ValueError("give domains, hosts or addresses without scheme and port, separated by commas")
    return names


def _callers(text: object) -> object:
    names = names_in(text) if isinstance(text, str) else text
    if isinstance(names, tuple) and not all(_API.fullmatch(name) for name in names):
        raise ValueError("give the ids of APIs of API Gateway, separated by commas")
    return names


def _blank_is_private(value: object) -> object:
    return "private" if value == "" else value


def _check_url(url: SecretStr | None) -> SecretStr | None:
    if url and (parts := _parts(url)) and parts.query:
        raise ValueError("a ping URL must not have a query string: /start and /fail are appended to it")
    return _secret_url(url)


def _long(secret: SecretStr | None) -> SecretStr | None:
    if secret and len(secret.get_secret_value()) < _SHORTEST_SHARED_SECRET:
        raise ValueError(f"a shared secret needs at least {_SHORTEST_SHARED_SECRET} characters")
    return _sendable(secret)


def _topic(urn: str) -> str:
    if not _TOPIC.fullmatch(urn):
        raise ValueError("give the URN of a topic, such as urn:smn:eu-west-101:PROJECT:TOPIC")
    return urn


def _sendable(secret: SecretStr | None) -> SecretStr | None:
    if secret and not all("!" <= character <= "~" for character in secret.get_secret_value()):
        raise ValueError("contains a space, a line break or another character that is not allowed")
    return secret


def _blank_is_unset(value: object) -> object:
    return None if value == "" else value


def _blank_is_huawei(value: object) -> object:
    return HUAWEI if value == "" else value


def _blank_is_all(value: object) -> object:
    return ALL_GRANTED if value == "" else value


Region = Annotated[str, AfterValidator(_region)]
ProjectId = Annotated[str, AfterValidator(_project)]
KmsKey = Annotated[str, AfterValidator(_kms_key)]
Unset = BeforeValidator(_blank_is_unset)
Endpoint = Annotated[Annotated[str, AfterValidator(_endpoint)] | None, Unset]
Credential = Annotated[SecretStr | None, Unset, AfterValidator(_sendable)]


def _endpoint_setting(service: str, variable: str, usual: str = "the region's usual one") -> Any:
    """Describe the setting that gives the endpoint of a service."""
    return Field(None, alias=variable, description=f"The {service} endpoint, if it is not {usual}.")


class Settings(BaseModel):
    """A complete, validated set of settings; secrets print as stars."""

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    needs_cbr: ClassVar[bool] = True

    project_id: ProjectId = Field(alias="HUAWEICLOUD_SDK_PROJECT_ID", description="The project to audit.")
    store: str = Field(alias="CBR_AUDIT_STORE", description="Where reports go: file:///folder or obs://bucket/prefix.")
    enterprise_project_id: Annotated[str, BeforeValidator(_blank_is_all), AfterValidator(_enterprise_project)] = Field(
        ALL_GRANTED,
        alias="CBR_AUDIT_ENTERPRISE_PROJECT_ID",
        description="The id of the enterprise project to audit; by default, every one the credentials may see.",
    )
    region: Annotated[Region | None, Unset] = Field(
        None, alias="HUAWEICLOUD_SDK_REGION", description="The region of the project; determines the endpoints."
    )
    cloud: Annotated[str, BeforeValidator(_blank_is_huawei), AfterValidator(_cloud)] = Field(
        HUAWEI, alias="CBR_AUDIT_CLOUD", description=f"The cloud of the project: {', '.join(CLOUDS)}."
    )
    endpoint: Endpoint = _endpoint_setting("CBR", "CBR_AUDIT_ENDPOINT")
    iam_endpoint: Endpoint = _endpoint_setting("IAM", "HUAWEICLOUD_SDK_IAM_ENDPOINT")
    obs_endpoint: Endpoint = _endpoint_setting("OBS", "CBR_AUDIT_OBS_ENDPOINT")
    obs_kms_key: Annotated[KmsKey | None, Unset] = Field(
        None, alias="CBR_AUDIT_OBS_KMS_KEY", description="The id of the KMS key that encrypts objects in OBS."
    )
    obs_lock_days: Annotated[int | None, Unset] = Field(
        None,
        alias="CBR_AUDIT_OBS_LOCK_DAYS",
        ge=1,
        le=36500,
        description="The number of days for which objects in OBS cannot be changed or deleted (WORM).",
    )
    signing_key: Annotated[SecretStr | None, Unset] = Field(
        None,
        alias="CBR_AUDIT_SIGNING_KEY",
        description="An Ed25519 private key in PEM, or the path of its file; signs the digest of every run.",
    )
    signing_kms_key: Annotated[Annotated[str, AfterValidator(_signing_key)] | None, Unset] = Field(
        None,
        alias="CBR_AUDIT_SIGNING_KMS_KEY",
        description="The id of a key in Huawei KMS (EC_P256, SIGN_VERIFY) that signs the digest of every run.",
    )
    cts_endpoint: Endpoint = _endpoint_setting("CTS", "CBR_AUDIT_CTS_ENDPOINT", "the usual one, or beside that of CBR")
    kms_endpoint: Endpoint = _endpoint_setting("KMS", "CBR_AUDIT_KMS_ENDPOINT")
    trusted_domains: Annotated[tuple[str, ...], BeforeValidator(_domains)] = Field(
        (),
        alias="CBR_AUDIT_TRUSTED_DOMAINS",
        description="Domains, hosts or addresses outside of the cloud that endpoints may be in.",
    )
    proxy: Annotated[SecretStr | None, Unset, AfterValidator(_proxy)] = Field(
        None, alias="CBR_AUDIT_PROXY", description="The URL of a proxy for every request over HTTPS."
    )
    ca_bundle: Annotated[Annotated[str, AfterValidator(_ca_bundle)] | None, Unset] = Field(
        None,
        alias="CBR_AUDIT_CA_BUNDLE",
        description="A file of the certificates (PEM) to trust instead of the public ones.",
    )
    folder_access: Annotated[Literal["private", "umask"], BeforeValidator(_blank_is_private)] = Field(
        "private",
        alias="CBR_AUDIT_FOLDER_ACCESS",
        description="Who may read what is created in a folder: only its owner, or as the umask says.",
    )
    profile: Annotated[str | None, Unset] = Field(
        None, alias="CBR_AUDIT_PROFILE", description="The profile: a preset, the path of a file, or YAML text."
    )
    fleet: Annotated[str | None, Unset] = Field(
        None, alias="CBR_AUDIT_FLEET", description="The fleet file: its path, or its YAML text."
    )
    organizations_endpoint: Endpoint = _endpoint_setting(
        "Organizations", "CBR_AUDIT_ORGANIZATIONS_ENDPOINT", "the cloud's usual one"
    )
    functiongraph_endpoint: Endpoint = _endpoint_setting("FunctionGraph", "CBR_AUDIT_FUNCTIONGRAPH_ENDPOINT")
    access_key: Credential = Field(None, alias="HUAWEICLOUD_SDK_AK", description="Access key.")
    secret_key: Credential = Field(None, alias="HUAWEICLOUD_SDK_SK", description="Secret key.")
    security_token: Credential = Field(
        None, alias="HUAWEICLOUD_SDK_SECURITY_TOKEN", description="Security token of temporary access keys."
    )
    token: Credential = Field(None, alias="CBR_AUDIT_TOKEN", description="An IAM token.")
    user: Annotated[str | None, Unset] = Field(None, alias="CBR_AUDIT_USER", description="The name of an IAM user.")
    password: Annotated[SecretStr | None, Unset] = Field(
        None, alias="CBR_AUDIT_PASSWORD", description="The password of the IAM user."
    )
    domain: Annotated[str | None, Unset] = Field(
        None, alias="CBR_AUDIT_DOMAIN", description="The name of the user's account; by default, the user's name."
    )
    domain_id: Annotated[str | None, Unset] = Field(
        None, alias="HUAWEICLOUD_SDK_DOMAIN_ID", description="The id of the user's account, instead of its name."
    )
    agency: Annotated[Annotated[str, AfterValidator(_agency)] | None, Unset] = Field(
        None,
        alias="CBR_AUDIT_AGENCY",
        description="The agency of another account to read as: iam::ACCOUNT_ID:agency:NAME, or ACCOUNT/NAME.",
    )
    external_id: Annotated[SecretStr | None, Unset, AfterValidator(_external_id)] = Field(
        None, alias="CBR_AUDIT_EXTERNAL_ID", description="The external id that the agency demands."
    )
    session_name: Annotated[Annotated[str, AfterValidator(_session)] | None, Unset] = Field(
        None,
        alias="CBR_AUDIT_SESSION_NAME",
        description="The name by which the other account sees a run; by default, cbr-audit- and the id of the run.",
    )
    account_id: Annotated[Annotated[str, AfterValidator(_account_id)] | None, Unset] = Field(
        None,
        alias="CBR_AUDIT_ACCOUNT_ID",
        description="The id of the project's account, for findings and metrics; by default, that of the agency.",
    )
    account_name: str = Field("", alias="CBR_AUDIT_ACCOUNT_NAME", description="The name of that account.")
    account_unit: str = Field(
        "",
        alias="CBR_AUDIT_ACCOUNT_UNIT",
        description="The organisational units above that account, from the root, such as Root/prod.",
    )
    sts_endpoint: Endpoint = _endpoint_setting("STS", "CBR_AUDIT_STS_ENDPOINT", "the usual one of the home region")
    home_project_id: Annotated[ProjectId | None, Unset] = Field(
        None,
        alias="CBR_AUDIT_HOME_PROJECT_ID",
        description="The project of the KMS key that signs, if it is not the one to audit.",
    )
    home_region: Annotated[Region | None, Unset] = Field(
        None,
        alias="CBR_AUDIT_HOME_REGION",
        description="The region of the bucket, of that key and of STS, if it is not that of the project to audit.",
    )
    http_callers: Annotated[tuple[str, ...], BeforeValidator(_callers)] = Field(
        (),
        alias="CBR_AUDIT_HTTP_CALLERS",
        description="The ids of the APIs of API Gateway whose requests the function answers; by default, none.",
    )
    workers: int = Field(
        WORKERS, alias="CBR_AUDIT_WORKERS", ge=1, le=MOST_WORKERS, description="Pages read in parallel."
    )
    smn_topic: Annotated[Annotated[str, AfterValidator(_topic)] | None, Unset] = Field(
        None, alias="CBR_AUDIT_SMN_TOPIC", description="The URN of the SMN topic to notify of changes."
    )
    smn_endpoint: Endpoint = _endpoint_setting("SMN", "CBR_AUDIT_SMN_ENDPOINT", "the usual one of the topic's region")
    webhook_url: Annotated[SecretStr | None, Unset, AfterValidator(_secret_url)] = Field(
        None, alias="CBR_AUDIT_WEBHOOK_URL", description="A URL that receives changes as JSON."
    )
    webhook_secret: Annotated[SecretStr | None, Unset, AfterValidator(_long)] = Field(
        None, alias="CBR_AUDIT_WEBHOOK_SECRET", description="The secret that signs webhook messages."
    )
    ping_url: Annotated[SecretStr | None, Unset, AfterValidator(_check_url)] = Field(
        None, alias="CBR_AUDIT_PING_URL", description="A dead-man switch to ping at the start and end of every run."
    )

    @property
    def sign_in(self) -> SignIn:
        """The way to sign in: access keys if set, else a token, else a password."""
        if self.access_key and self.secret_key:
            return SignIn.TEMPORARY_KEYS if self.security_token else SignIn.KEYS
        return SignIn.TOKEN if self.token else SignIn.PASSWORD

    @property
    def at_home(self) -> "Settings":
        """The settings for what is not read but kept: store and key lie in the home region and project."""
        home = {"project_id": self.home_project_id or self.project_id, "region": self.home_region or self.region}
        return self.model_copy(update=home)

    @property
    def assumed(self) -> AgencyName | None:
        """The agency to read as; None for the own identity, also where only events name the account."""
        return agency_named(self.agency or "")

    @property
    def audited_account(self) -> str | None:
        """The id of the account of the project: the setting, or that of the agency; None if it is not known."""
        return self.account_id or (self.assumed.account if self.assumed and self.assumed.is_by_id else None)

    def usual_endpoint(self, service: str, region: str | None = None) -> str:
        """The usual endpoint of a service in a region, by default the project's: it is set whenever no endpoint is."""
        return endpoint_in(region or self.region or "", service, self.cloud)

    @property
    def cbr_endpoint(self) -> str:
        """The CBR endpoint: the setting, or the region's usual one."""
        return self.endpoint or self.usual_endpoint("cbr")

    @property
    def tracing_endpoint(self) -> str:
        """The CTS endpoint: the setting, or the region's usual one; where CBR has its own, the one beside that."""
        if self.cts_endpoint or not self.endpoint or self.endpoint == self.usual_endpoint("cbr"):
            return self.cts_endpoint or self.usual_endpoint("cts")
        beside = self.endpoint.replace("://cbr.", "://cts.", 1)
        is_fine = is_trusted(urlsplit(beside).hostname or "", self.trusted_domains, self.cloud)
        return beside if is_fine else self.endpoint

    @property
    def sign_in_endpoint(self) -> str:
        """The IAM endpoint: the setting, or the region's usual one."""
        return self.iam_endpoint or self.usual_endpoint("iam")

    @property
    def sts(self) -> str:
        """The STS endpoint: the setting, or the usual one of the home region; any region's knows every account."""
        return self.sts_endpoint or self.at_home.usual_endpoint("sts")

    @property
    def signing_endpoint(self) -> str:
        """The KMS endpoint: the setting, or the region's usual one."""
        return self.kms_endpoint or self.usual_endpoint("kms")

    @property
    def route(self) -> Route:
        """How requests leave this machine."""
        return Route(self.proxy.get_secret_value() if self.proxy else None, self.ca_bundle)

    @property
    def secrets(self) -> tuple[str, ...]:
        """Every secret value, so that the log can redact them."""
        secrets = (
            *(self.access_key, self.secret_key, self.security_token, self.token, self.password),
            *(self.webhook_secret, self.signing_key, self.external_id),
        )
        urls = (url.get_secret_value() for url in (self.webhook_url, self.ping_url) if url)
        proxy = self.proxy.get_secret_value() if self.proxy else ""
        return (
            *(secret.get_secret_value() for secret in secrets if secret),
            *(part for url in urls for part in (url, _without_scheme(url))),
            *((proxy, unquote(urlsplit(proxy).password or "")) if urlsplit(proxy).password else ()),
        )

    @classmethod
    def read(cls, values: Mapping[str, Any]) -> "Settings":
        """Read settings from a mapping of variables.

        Raises:
            SettingsError: names every variable that is missing or invalid.
        """
        faults: list[str] = []
        settings: Settings | None = None
        try:
            settings = cls.model_validate(values)
        except ValidationError as error:
            faults += [_fault(str(fault["loc"][0]), fault["type"], fault["msg"]) for fault in error.errors()]
        given = {key for key, value in values.items() if value}
        if cls.needs_cbr:
            faults += _sign_in_faults(given) + _signing_faults(given) + _agency_faults(given)
        faults += _store_faults(given, STORES[scheme_of(str(values.get(f"{_OWN}STORE", "")))])
        faults += _idle_faults(given)
        if settings:
            faults += (*_trust_faults(settings), *_region_faults(settings), *_account_faults(settings))
        if faults or settings is None:
            raise SettingsError("; ".join(faults))
        return settings


VARIABLES: Final = tuple(str(field.alias) for field in Settings.model_fields.values())


class StoreSettings(Settings):
    """What is needed to look into a store: no project, and no CBR."""

    model_config = ConfigDict(defer_build=True)  # an audit has no use for it

    needs_cbr: ClassVar[bool] = False
    project_id: ProjectId = Field("none", alias="HUAWEICLOUD_SDK_PROJECT_ID")


def _without_scheme(url: str) -> str:
    """Return the part of a URL that an error message may contain."""
    return url.partition("://")[2].partition("?")[0].rstrip("/")


def _fault(variable: str, kind: str, message: str) -> str:
    return f"{variable} is not set" if kind == "missing" else f"{variable}: {message.removeprefix('Value error, ')}"


def _sign_in_faults(given: set[str]) -> list[str]:
    """Return what is missing to reach CBR and to sign in."""
    faults = []
    keys = {f"{_SDK}AK", f"{_SDK}SK"}
    user = {f"{_OWN}USER", f"{_OWN}PASSWORD"}
    if given & keys and not keys <= given:
        faults.append(f"{' and '.join(sorted(keys - given))} is not set; access keys need both")
    elif given & user and not (keys <= given or f"{_OWN}TOKEN" in given or user <= given):
        faults.append(f"{' and '.join(sorted(user - given))} is not set; an IAM user needs both")
    elif not (keys <= given or f"{_OWN}TOKEN" in given or user <= given):
        faults.append(
            f"no credentials: set {_SDK}AK and {_SDK}SK, or {_OWN}TOKEN, or {_OWN}USER and {_OWN}PASSWORD "
            "(a function gets them from its agency)"
        )
    if not given & {f"{_SDK}REGION", f"{_OWN}ENDPOINT"}:
        faults.append(f"set {_SDK}REGION or {_OWN}ENDPOINT to say which CBR to read")
    by_password = not (keys <= given or f"{_OWN}TOKEN" in given) and user <= given
    if by_password and not given & {f"{_SDK}REGION", f"{_SDK}IAM_ENDPOINT"}:
        faults.append(f"set {_SDK}REGION or {_SDK}IAM_ENDPOINT to say where the user signs in")
    return faults


def _signing_faults(given: set[str]) -> list[str]:
    """Return what leaves open which key signs, or where the key is."""
    faults = []
    key, kms_key = f"{_OWN}SIGNING_KEY", f"{_OWN}SIGNING_KMS_KEY"
    if {key, kms_key} <= given:
        faults.append(f"{key} and {kms_key} are both set, but only one key can sign: unset one")
    if kms_key in given and not given & {f"{_SDK}REGION", f"{_OWN}HOME_REGION", f"{_OWN}KMS_ENDPOINT"}:
        faults.append(f"set {_SDK}REGION or {_OWN}KMS_ENDPOINT to say where the key is")
    if {kms_key, f"{_OWN}HOME_REGION"} <= given and f"{_OWN}HOME_PROJECT_ID" not in given:
        faults.append(f"set {_OWN}HOME_PROJECT_ID to say which project of {_OWN}HOME_REGION has the key")
    return faults


def _agency_faults(given: set[str]) -> list[str]:
    """Return what is missing to assume an agency."""
    if f"{_OWN}AGENCY" not in given or f"{_SDK}REGION" in given:
        return []
    return [f"set {_SDK}REGION to say where STS and IAM are, which {_OWN}AGENCY needs"]


def _store_faults(given: set[str], kind: StoreKind) -> list[str]:
    """Return what is missing to reach a store in the cloud and to sign requests to it."""
    if not kind.service:
        return []
    faults = []
    if not {f"{_SDK}AK", f"{_SDK}SK"} <= given:
        faults.append(
            f"{_OWN}STORE is in {kind.service.upper()}, which needs access keys: set {_SDK}AK and {_SDK}SK (a token or "
            "a password works for CBR only)"
        )
    if not given & {f"{_SDK}REGION", f"{_OWN}HOME_REGION", kind.endpoint}:
        faults.append(f"set {_SDK}REGION or {kind.endpoint} to say where the bucket is")
    return faults


def _trust_faults(settings: Settings) -> list[str]:
    """Return the endpoints that signed requests must not go to."""
    faults = []
    for name, field in Settings.model_fields.items():
        endpoint = getattr(settings, name) if name.endswith("endpoint") else None
        try:
            _check_trust(endpoint or "http://localhost", settings)
        except ValueError as error:
            faults.append(f"{field.alias}: {error}")
    return faults


def _region_faults(settings: Settings) -> list[str]:
    """Return the region if it is one of another cloud, and an endpoint is to be made of it."""
    region, cloud = settings.region, CLOUDS[settings.cloud]
    has_endpoint = settings.endpoint or (settings.obs_endpoint and not settings.needs_cbr)
    if has_endpoint or region in cloud.regions:
        return []
    return [
        f"{_SDK}REGION: {region} is a region of {other.title}, not of {cloud.title}: set {_OWN}CLOUD={other.name}"
        for other in CLOUDS.values()
        if region in other.regions
    ]


def _account_faults(settings: Settings) -> list[str]:
    """Return the accounts that are said to be the project's and are not, or not known by id."""
    agency, account = settings.assumed, settings.account_id
    if account and agency and agency.is_by_id and agency.account != account:
        return [f"{_OWN}ACCOUNT_ID is not the account of {_OWN}AGENCY, {agency.account}"]
    if (settings.account_name or settings.account_unit) and not settings.audited_account:
        return [f"set {_OWN}ACCOUNT_ID, too: {_OWN}ACCOUNT_NAME and {_OWN}ACCOUNT_UNIT only say more of that account"]
    return []


def _idle_faults(given: set[str]) -> list[str]:
    """Return the settings that would have no effect."""
    agencies = (f"{_OWN}AGENCY", f"{_OWN}FLEET")
    needs = {
        f"{_OWN}WEBHOOK_SECRET": (f"{_OWN}WEBHOOK_URL",),
        f"{_OWN}SMN_ENDPOINT": (f"{_OWN}SMN_TOPIC",),
        f"{_OWN}KMS_ENDPOINT": (f"{_OWN}SIGNING_KMS_KEY",),
        f"{_OWN}EXTERNAL_ID": agencies,
        f"{_OWN}SESSION_NAME": agencies,
        f"{_OWN}STS_ENDPOINT": agencies,
        f"{_OWN}ORGANIZATIONS_ENDPOINT": (f"{_OWN}FLEET",),
        f"{_OWN}FUNCTIONGRAPH_ENDPOINT": (f"{_OWN}FLEET", f"{_OWN}HTTP_CALLERS"),
    }
    return [
        f"{name} has no effect unless {' or '.join(needed)} is set"
        for name, needed in needs.items()
        if name in given and not given & {*needed}
    ]
