"""Traces of Cloud Trace Service: who did what to backups, when and from where."""

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta, timezone
from typing import Any, Final

import orjson
from msgspec import Struct

from audit.records.deeds import Deed, deed_of
from audit.records.fields import block, number, object_in, text, truth

_FIRST_IN_MILLISECONDS: Final = 10**11  # as seconds, that is in the year 5138
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_ID: Final = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}", re.IGNORECASE)
_WRITTEN: Final = re.compile(r"(\d{4})/(\d\d)/(\d\d) (\d\d):(\d\d):(\d\d) GMT([+-])(\d\d):?(\d\d)")
_SYSTEM: Final = "SystemAction"
_FAILED: Final = frozenset({"warning", "incident"})
_FIRST_REFUSAL: Final = 400
_FIRST_CODE: Final = 100


class Actor(Struct, frozen=True, kw_only=True):
    """Who did something, as far as the trace says; what it does not say is None.

    Attributes:
        name: of the user, or of the agency and its session.
        id: of the user, or of the principal.
        account: the name of its account; account_id is its id.
        urn: the principal, such as ``iam::ACCOUNT:user:NAME`` or ``sts::ACCOUNT:assumed-agency:NAME/SESSION``.
        access_key_id: the key that signed; its secret is nowhere.
        invoked_by: the service that did it for the user.
        source_ip: where the request came from.
        is_cloud: the cloud did it by itself, such as deleting what has expired.
    """

    name: str | None = None
    id: str | None = None
    account: str | None = None
    account_id: str | None = None
    urn: str | None = None
    access_key_id: str | None = None
    invoked_by: str | None = None
    source_ip: str | None = None
    is_cloud: bool = False

    @property
    def is_known(self) -> bool:
        """Whether the trace names anybody."""
        return bool(self.name or self.id or self.urn or self.access_key_id)

    @property
    def key(self) -> str:
        """What tells actors apart; empty if nothing does."""
        return self.urn or self.id or self.name or self.access_key_id or ""


class Trace(Struct, frozen=True, kw_only=True):
    """One trace. Source: ListTraces (v3) of the CTS API.

    Attributes:
        id: trace_id; a trace may be listed and sent more than once.
        at: when it happened.
        recorded: when CTS recorded it; None if that cannot be read.
        operation: trace_name, as written.
        service: service_type, such as CBR.
        deed: what the operation does.
        succeeded: whether it was carried out; None if the trace does not say, or contradicts itself.
        resource_type, resource_id, resource_name: what it was done to.
        ids: every id that the trace names, in lower case: its resource, and those in its request and response.
        actor: who did it.
    """

    id: str
    at: datetime
    recorded: datetime | None
    operation: str
    service: str
    deed: Deed
    succeeded: bool | None
    resource_type: str | None
    resource_id: str | None
    resource_name: str | None
    ids: frozenset[str]
    actor: Actor

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> "Trace":
        """Build a trace from a row of traces, or from the same object in an event.

        Raises:
            ValueError: the time is missing or no time.
        """
        resource_id = text(row.get("resource_id"))
        named = {each.lower() for key in ("request", "response") for each in _ID.findall(_as_text(row.get(key)))}
        service, operation = row["service_type"], row["trace_name"]
        deed = deed_of(service, operation)
        return cls(
            id=row["trace_id"],
            at=moment_of(row["time"]),
            recorded=_optional_moment(row.get("record_time")),
            operation=operation,
            service=service,
            deed=Deed.UNLOCK_VAULT if deed == Deed.CHANGE_VAULT and _unlocks(row.get("request")) else deed,
            succeeded=_succeeded(row),
            resource_type=text(row.get("resource_type")),
            resource_id=resource_id,
            resource_name=text(row.get("resource_name")),
            ids=frozenset({*named, *((resource_id.lower(),) if resource_id else ())}),
            actor=_actor(row),
        )


def moment_of(value: object) -> datetime:
    """Read a time as CTS writes it: milliseconds or seconds since 1970, or ``2016/12/08 11:24:04 GMT+08:00``.

    Raises:
        ValueError: the value is none of these.
    """
    since = _number(value)
    if since is not None and since > 0:
        unit = timedelta(milliseconds=1) if since >= _FIRST_IN_MILLISECONDS else timedelta(seconds=1)
        try:
            return _EPOCH + since * unit
        except OverflowError as error:
            raise ValueError(f"not a time that can be written in UTC: {value!r}") from error
    if isinstance(value, str) and (found := _WRITTEN.fullmatch(value)):
        *parts, sign, hours, minutes = found.groups()
        offset = timedelta(hours=int(hours), minutes=int(minutes)) * (-1 if sign == "-" else 1)
        year, month, day, hour, minute, second = map(int, parts)
        try:
            return datetime(year, month, day, hour, minute, second, tzinfo=timezone(offset)).astimezone(UTC)
        except OverflowError as error:
            raise ValueError(f"not a time that can be written in UTC: {value!r}") from error
    raise ValueError(f"not a time of a trace: {value!r}")


def _number(value: object) -> int | None:
    return number(int(value) if isinstance(value, str) and value.isascii() and value.isdigit() else value)


def _optional_moment(value: object) -> datetime | None:
    try:
        return moment_of(value)
    except ValueError:
        return None


def _succeeded(row: Mapping[str, Any]) -> bool | None:
    """Weigh rating and code: lists say trace_rating, events trace_status, and the code is a text or a number."""
    rating = text(row.get("trace_rating")) or text(row.get("trace_status"))
    code = _number(row.get("code"))
    code = code if code is not None and code >= _FIRST_CODE else None
    said = {False} if rating in _FAILED else {True} if rating == "normal" else set[bool]()
    said |= {code < _FIRST_REFUSAL} if code is not None else set()
    return said.pop() if len(said) == 1 else None


def _actor(row: Mapping[str, Any]) -> Actor:
    is_cloud, source_ip = row.get("trace_type") == _SYSTEM, text(row.get("source_ip"))
    user = object_in(row.get("user"))
    account = block(user, "domain")
    return Actor(
        name=text(user.get("user_name")) or text(user.get("name")),
        id=text(user.get("principal_id")) or text(user.get("id")),
        account=text(account.get("name")),
        account_id=text(user.get("account_id")) or text(account.get("id")),
        urn=text(user.get("principal_urn")),
        access_key_id=text(user.get("access_key_id")),
        invoked_by=", ".join(_invokers(user.get("invoked_by"))) or None,
        source_ip=source_ip,
        is_cloud=is_cloud,
    )


def _invokers(value: object) -> Iterator[str]:
    for each in value if isinstance(value, list) else [value]:
        if name := text(each):
            yield name


def _unlocks(request: object) -> bool:
    """Whether a request to change a vault switches its lock off."""
    asked = object_in(request)
    return truth(block(asked, "vault").get("locked", asked.get("locked"))) is False


def _as_text(value: object) -> str:
    if isinstance(value, str):
        return value
    return orjson.dumps(value, default=str).decode() if value else ""
