"""Trying out what the function will need, one thing after the other, and saying what is missing.

Nothing stays behind; only a bucket that keeps versions keeps the removed object as one, as it does with all others.
"""

import secrets
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from http import HTTPStatus
from typing import Final, Protocol

from audit.errors import AuditError, RefusedError, StoreError
from audit.evidence.chain import Signer
from audit.evidence.kms import PUBLIC_KEY, SIGN, KmsSigner
from audit.evidence.store import ProbedStore, Store
from audit.evidence.store.obs import DELETE, GET, LIST, PUT
from audit.evidence.store.obs_place import SCHEME

_MINUTE: Final = timedelta(minutes=1)
_UNCHECKED: Final = (
    "KMS signed, but nothing could check the signature: install the package cryptography, and run doctor again"
)
_PROBE: Final = "cbr-audit-doctor.txt"


class Result(StrEnum):
    """What came of trying."""

    OK = "ok"
    MISSING = "MISSING"
    UNTRIED = "not tried"
    LEFT = "LEFT"


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was tried: what came of it, and the action that IAM must allow for it."""

    name: str
    result: Result
    detail: str = ""
    action: str = ""


class Cloud(Protocol):
    """CBR, as far as it is tried out."""

    def time(self) -> datetime | None:
        """Ask for the time, without signing in."""

    def try_list(self, name: str) -> str:
        """Read one row of a list, and say what people should know of that."""


def examine_cloud(cloud: Cloud, actions: Mapping[str, str], way: str) -> Iterator[Check]:
    """Try the time, signing in, and every list.

    Args:
        cloud: what is tried.
        actions: the lists, each with the action that IAM must allow.
        way: the name of the way to sign in.
    """
    try:
        yield _time(cloud.time(), datetime.now(UTC))
    except AuditError as error:
        yield Check("time", Result.MISSING, str(error))
        yield from _untried({"sign-in": "", **actions}, "CBR does not answer")
        return
    tried = _tried(cloud, actions)
    if all(_not_let_in(outcome) for outcome in tried.values()):
        yield Check("sign-in", Result.MISSING, str(next(iter(tried.values()))))
        yield from _untried(actions, "nobody is signed in")
        return
    yield Check("sign-in", Result.OK, way)
    for name, action in actions.items():
        outcome = tried[name]
        yield _checked(name, action, None, outcome) if isinstance(outcome, str) else _checked(name, action, outcome)


def is_let_in(checks: Iterable[Check]) -> bool:
    """Tell whether somebody is signed in, by what came of trying."""
    return any(check.name == "sign-in" and check.result == Result.OK for check in checks)


def examine_key(ready: Callable[[], Signer], kms: KmsSigner | None, *, is_let_in: bool) -> Iterator[Check]:
    """Try the key that signs digests, and name it as digests do.

    Args:
        ready: prepares the signer, and raises where it cannot sign.
        kms: the key where it lies in KMS; its public half is tried by itself.
        is_let_in: somebody is signed in; a password that was refused is not tried a second time.
    """
    if kms and not is_let_in:
        yield from _untried({"public key": PUBLIC_KEY, "signature": SIGN}, "nobody is signed in")
        return
    if kms:
        trouble = _trouble(lambda: kms.key_id)
        yield _checked("public key", PUBLIC_KEY, trouble, "" if trouble else kms.key_id)
        if trouble:
            yield from _untried({"signature": SIGN}, "the public key is not known")
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
    """Write an object, read it back, list the projects, and remove the object again."""
    known = (PUT, GET, LIST) if store.url.startswith(SCHEME) else ("", "", "")
    write, *others = zip(("store write", "store read", "store list"), known, strict=True)
    data = f"Written by cbr-audit doctor, may be removed: {secrets.token_hex(8)}\n".encode()
    trouble = _trouble(lambda: store.replace(_PROBE, data))
    yield _checked(*write, trouble, store.url)
    if trouble:
        with suppress(StoreError):  # it may have got there although no answer came
            store.remove(_PROBE)
        yield from _untried(dict(others), "nothing could be written")
        return
    try:
        troubles = [_trouble(lambda: _read_back(store, data)), _trouble(store.projects)]
    finally:
        left = _trouble(lambda: store.remove(_PROBE))
    yield from (_checked(*other, trouble) for other, trouble in zip(others, troubles, strict=True))
    if left:
        remedy = f"{store.url}/{_PROBE} stays behind: remove it by hand; audits never remove anything"
        yield Check("store clean", Result.LEFT, f"{left}; {remedy}", DELETE)


def _time(told: datetime | None, now: datetime) -> Check:
    """Compare this machine's clock with the cloud's."""
    if told is None:
        return Check("time", Result.MISSING, "the cloud does not tell its time; check the endpoint of CBR")
    off = now - told
    if abs(off) <= _MINUTE:
        return Check("time", Result.OK, "this machine's clock is right")
    place = f"{round(abs(off) / _MINUTE)} minutes {'behind' if now < told else 'ahead of'} the cloud's"
    remedy = "set it: requests are signed with the cloud's time, but audits are judged at the wrong one"
    return Check("time", Result.MISSING, f"this machine's clock is {place}; {remedy}")


def _tried(cloud: Cloud, names: Iterable[str]) -> dict[str, AuditError | str]:
    """Try every list, but only one where nobody is let in: more could lock an account."""
    first, *others = names
    tried = {first: _seen(cloud, first)}
    if not _is_unauthorized(tried[first]):
        tried |= {name: _seen(cloud, name) for name in others}
    return tried


def _seen(cloud: Cloud, name: str) -> AuditError | str:
    """Say what people should know of a list that may be read, or why it may not."""
    try:
        return cloud.try_list(name)
    except AuditError as error:
        return error


def _not_let_in(outcome: AuditError | str) -> bool:
    """Tell whether this does not show that somebody is signed in."""
    return isinstance(outcome, AuditError) and (_is_unauthorized(outcome) or not isinstance(outcome, RefusedError))


def _is_unauthorized(outcome: AuditError | str) -> bool:
    return isinstance(outcome, RefusedError) and outcome.status == HTTPStatus.UNAUTHORIZED


def _read_back(store: Store, data: bytes) -> None:
    if store.read(_PROBE) != data:
        raise StoreError(f"{store.url}/{_PROBE} is not what was written; does somebody else write there?")


def _trouble(attempt: Callable[[], object]) -> AuditError | None:
    try:
        attempt()
    except AuditError as error:
        return error
    return None


def _checked(name: str, action: str, trouble: AuditError | None, good: str = "") -> Check:
    return Check(name, Result.MISSING, str(trouble), action) if trouble else Check(name, Result.OK, good, action)


def _untried(actions: Mapping[str, str], reason: str) -> Iterator[Check]:
    return (Check(name, Result.UNTRIED, reason, action) for name, action in actions.items())
