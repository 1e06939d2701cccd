"""The checks of ``cbr-audit doctor``: try everything an audit needs, and report what is missing.

The checks clean up after themselves. Only a bucket with versioning keeps the test object, as a noncurrent version.
"""

import secrets
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from http import HTTPStatus
from typing import Final, Protocol

from audit.cloud.identity import Identity
from audit.cloud.permissions import ASSUME, TRACE
from audit.errors import AuditError, RefusedError, StoreError
from audit.evidence.chain import Signer
from audit.evidence.kms import PUBLIC_KEY, SIGN, KmsSigner
from audit.evidence.store import ProbedStore, Store

_MINUTE: Final = timedelta(minutes=1)
_UNCHECKED: Final = (
    "KMS signed, but nothing could check the signature: install the package cryptography, and run doctor again"
)
_OWN: Final = "own identity"
_PROBE: Final = "cbr-audit-doctor.txt"


class Result(StrEnum):
    """The result of a check."""

    OK = "ok"
    MISSING = "MISSING"
    UNTRIED = "not tried"
    LEFT = "LEFT"
    WITHOUT = "without"


@dataclass(frozen=True, slots=True)
class Check:
    """One check: its result, details, and the action that IAM must allow."""

    name: str
    result: Result
    detail: str = ""
    action: str = ""


class Cloud(Protocol):
    """The part of the CBR client that the checks need."""

    def time(self) -> datetime | None:
        """Return the cloud's time, without signing in."""

    def try_list(self, name: str) -> str:
        """Read one row of a list, and return what people should know about it."""


def examine_own(ask: Callable[[], Identity]) -> Check:
    """Check who one is, before any agency is assumed."""
    return _identity(_OWN, "", ask)


def examine_agency(ask: Callable[[], Identity]) -> Check:
    """Check who one is as the agency of another account, and show the way that worked."""
    return _identity("agency", next(iter(ASSUME)), ask)


def examine_cloud(cloud: Cloud, actions: Mapping[str, str], way: str) -> Iterator[Check]:
    """Check the clock, the credentials and every list.

    Args:
        cloud: the client to check.
        actions: the action that IAM must allow for each list.
        way: the name of the way to sign in.
    """
    try:
        yield _time(cloud.time(), datetime.now(UTC))
    except AuditError as error:
        yield Check("time", Result.MISSING, str(error))
        yield from untried({"sign-in": "", **actions}, "CBR does not respond")
        return
    tried = _tried(cloud, actions)
    if not any(_shows_sign_in(outcome) for outcome in tried.values()):
        yield Check("sign-in", Result.MISSING, str(next(iter(tried.values()))))
        yield from untried(actions, "not signed in")
        return
    yield Check("sign-in", Result.OK, way)
    for name, action in actions.items():
        outcome = tried[name]
        yield _checked(name, action, None, outcome) if isinstance(outcome, str) else _checked(name, action, outcome)


def examine_traces(try_list: Callable[[], None], *, is_signed_in: bool) -> Check:
    """Check whether one may read who did what; an audit does without it."""
    action = next(iter(TRACE))
    if not is_signed_in:
        return Check("traces", Result.UNTRIED, "not signed in", action)
    trouble = _trouble(try_list)
    lost = (
        f"{trouble}. Audits run without it: findings do not name who did something, and CBR-115 and CBR-117 are unknown"
    )
    return Check("traces", Result.WITHOUT, lost, action) if trouble else Check("traces", Result.OK, "", action)


def is_signed_in(checks: Iterable[Check]) -> bool:
    """Return whether a check shows that the own credentials work."""
    return any(check.name in {"sign-in", _OWN} and check.result == Result.OK for check in checks)


def examine_key(ready: Callable[[], Signer], kms: KmsSigner | None, *, is_signed_in: bool) -> Iterator[Check]:
    """Check the key that signs digests, and show its algorithm and id as digests do.

    Args:
        ready: prepares the signer; raises if it cannot sign.
        kms: the key if it is in KMS; its public key is checked separately.
        is_signed_in: whether the sign-in check passed; a refused password is not tried again.
    """
    if kms and not is_signed_in:
        yield from untried({"public key": PUBLIC_KEY, "signature": SIGN}, "not signed in")
        return
    if kms:
        trouble = _trouble(lambda: kms.key_id)
        yield _checked("public key", PUBLIC_KEY, trouble, "" if trouble else kms.key_id)
        if trouble:
            yield from untried({"signature": SIGN}, "the public key could not be read")
            return
    try:
        signer = ready()
    except AuditError as error:
        yield Check("signature", Result.MISSING, str(error), SIGN if kms else "")
        return
    if kms and not kms.checks:
        yield Check("signature", Result.MISSING, _UNCHECKED)
    else:
        yield Check("signature", Result.OK, f"{signer.algorithm} {signer.key_id}", SIGN if kms else "")


def examine_store(store: ProbedStore) -> Iterator[Check]:
    """Write an object, read it back, list the projects and remove the object."""
    actions = store.actions
    write, *others = zip(("store write", "store read", "store list"), actions[:3], strict=True)
    data = f"Written by cbr-audit doctor; safe to remove: {secrets.token_hex(8)}\n".encode()
    trouble = _trouble(lambda: store.replace(_PROBE, data))
    yield _checked(*write, trouble, store.url)
    if trouble:
        with suppress(StoreError):  # the object may have been written although no response came
            store.remove(_PROBE)
        yield from untried(dict(others), "the test object could not be written")
        return
    try:
        troubles = [_trouble(lambda: _read_back(store, data)), _trouble(store.projects)]
    finally:
        left = _trouble(lambda: store.remove(_PROBE))
    yield from (_checked(*other, trouble) for other, trouble in zip(others, troubles, strict=True))
    if left:
        remedy = f"remove {store.url}/{_PROBE} by hand (audits need no permission to delete)"
        yield Check("store clean", Result.LEFT, f"{left}; {remedy}", actions.remove)


def _identity(name: str, action: str, ask: Callable[[], Identity]) -> Check:
    try:
        identity = ask()
    except AuditError as error:
        return Check(name, Result.MISSING, str(error), action)
    return Check(name, Result.OK, f"{identity.way}: {identity}", action)


def _time(cloud_time: datetime | None, now: datetime) -> Check:
    """Compare this machine's clock with the cloud's."""
    if cloud_time is None:
        return Check("time", Result.MISSING, "the response has no valid Date header; check the CBR endpoint")
    off = now - cloud_time
    if abs(off) <= _MINUTE:
        return Check("time", Result.OK, "this machine's clock is right")
    place = f"{round(abs(off) / _MINUTE)} minutes {'behind' if now < cloud_time else 'ahead of'} the cloud's"
    remedy = "correct it: requests are signed with the cloud's time, but the audit judges by this clock"
    return Check("time", Result.MISSING, f"this machine's clock is {place}; {remedy}")


def _tried(cloud: Cloud, names: Iterable[str]) -> dict[str, AuditError | str]:
    """Try every list; stop after a 401, because further attempts could lock the account."""
    first, *others = names
    tried = {first: _try_list(cloud, first)}
    if not _is_unauthorized(tried[first]):
        tried |= {name: _try_list(cloud, name) for name in others}
    return tried


def _try_list(cloud: Cloud, name: str) -> AuditError | str:
    """Return what people should know about a list, or the error if it could not be read."""
    try:
        return cloud.try_list(name)
    except AuditError as error:
        return error


def _shows_sign_in(outcome: AuditError | str) -> bool:
    """Return whether an outcome proves that the credentials work: a list was read, or refused with other than 401."""
    return not isinstance(outcome, AuditError) or (isinstance(outcome, RefusedError) and not _is_unauthorized(outcome))


def _is_unauthorized(outcome: AuditError | str) -> bool:
    return isinstance(outcome, RefusedError) and outcome.status == HTTPStatus.UNAUTHORIZED


def _read_back(store: Store, data: bytes) -> None:
    if store.read(_PROBE) != data:
        raise StoreError(f"{store.url}/{_PROBE} reads back different from what was written; is another writer there?")


def _trouble(attempt: Callable[[], object]) -> AuditError | None:
    try:
        attempt()
    except AuditError as error:
        return error
    return None


def _checked(name: str, action: str, trouble: AuditError | None, good: str = "") -> Check:
    return Check(name, Result.MISSING, str(trouble), action) if trouble else Check(name, Result.OK, good, action)


def untried(actions: Mapping[str, str], reason: str) -> Iterator[Check]:
    """Name the checks that cannot be tried."""
    return (Check(name, Result.UNTRIED, reason, action) for name, action in actions.items())
