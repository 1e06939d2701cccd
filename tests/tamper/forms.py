"""Stores that agree with themselves and have a part of another form somewhere: every command must end, and say so.

Each case changes one part of one object of the newest run, and lets manifest, digest and pointer agree with it.
"""

import base64
import gzip
import hashlib
import shutil
import signal
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import cache, partial
from pathlib import Path
from random import Random
from typing import Any, Final, NamedTuple

import orjson
from click.testing import CliRunner

from audit.cli.commands import main
from audit.errors import AuditError
from audit.simulator import Simulator
from tests.pretend import AS_OF, a_simulator, audit

ODD: Final[tuple[Any, ...]] = (
    *(None, 5, -1, 10**19, 1.5, True, "", "x", "../../../etc/passwd", "0001-01-01T00:00:00Z", [], [None], [{}], {}),
)
OBJECTS: Final = ("latest.json", "digest", "manifest.json", "report.json", "profile.json", "answer")
_HOUR: Final = timedelta(hours=1)
_LONGEST: Final = 60  # seconds for one command


class Case(NamedTuple):
    """One change: the object, the way to the part in it, and what stands there instead."""

    object: str
    way: tuple[str | int, ...]
    odd: Any


class Base(NamedTuple):
    """A store that two audits of a project wrote."""

    simulator: Simulator
    files: dict[str, bytes]
    runs: tuple[str, ...]


@cache
def base() -> Base:
    """Audit a project twice."""
    folder = Path(tempfile.mkdtemp(prefix="cbr-audit-forms-"))
    try:
        simulator = a_simulator("mixed", resources=3, days=3)
        runs = tuple(audit(simulator, folder, as_of=AS_OF - hours * _HOUR).prefix for hours in (2, 1))
        files = {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    finally:
        shutil.rmtree(folder)
    return Base(simulator, files, runs)


def cases() -> list[Case]:
    """Every change, in an order that is always the same and mixes them."""
    found = [
        Case(name, way, odd) for name in OBJECTS for way in ways(_value(base().files[_key(name)], name)) for odd in ODD
    ]
    Random(1).shuffle(found)  # noqa: S311  # repeatable
    return found


def ways(value: Any) -> Iterator[tuple[str | int, ...]]:
    """The way to each part; of a list, only to its first item."""
    yield ()
    parts = value.items() if isinstance(value, dict) else enumerate(value[:1]) if isinstance(value, list) else ()
    for name, inner in parts:
        yield from ((name, *way) for way in ways(inner))


def try_form(case: Case) -> tuple[Counter[str], list[str]]:
    """Run every command on a store with one change; tell where one failed or hung."""
    folder = Path(tempfile.mkdtemp(prefix="cbr-audit-forms-"))
    told = []
    try:
        for key, data in {**base().files, **changed(case)}.items():
            (folder / key).parent.mkdir(parents=True, exist_ok=True)
            (folder / key).write_bytes(data)
        for name, command in _commands(folder).items():
            trouble = _outcome(command)
            told += [f"{name}: {case}: {trouble}"] if trouble else []
    finally:
        shutil.rmtree(folder)
    return Counter(tried=1, broken=bool(told)), told


def changed(case: Case) -> dict[str, bytes]:
    """The objects that differ: the one that the case names, and what must agree with it."""
    files, prefix = base().files, base().runs[-1]
    key = _key(case.object)
    value = _with(_value(files[key], case.object), case.way, case.odd)
    if case.object == "latest.json":
        return {key: orjson.dumps(value)}
    if case.object == "digest":
        return _agreeing(files[f"{prefix}/manifest.json"], value)
    if case.object == "manifest.json":
        return _agreeing(orjson.dumps(value), None)
    body = orjson.dumps(value)
    data = gzip.compress(body, 1, mtime=0) if case.object == "answer" else body
    manifest = orjson.loads(files[f"{prefix}/manifest.json"])
    if case.object == "answer":
        key = f"{key.rpartition('/')[0]}/{_sha256(data)}.json.gz"
        name = key.partition("/")[2]
        listed = {"name": name, "size": len(data), "sha256": _sha256(data)}
        _list(
            manifest["pages"], manifest["pages"][0]["name"], {"name": name, "size": len(body), "sha256": _sha256(body)}
        )
        _list(manifest["objects"], manifest["objects"][0]["name"], listed)
    else:
        _list(manifest["objects"], case.object, {"size": len(data), "sha256": _sha256(data)})
    if case.object == "profile.json":
        manifest["run"]["profile_sha256"] = _sha256(data)
    return {key: data, **_agreeing(orjson.dumps(manifest), None)}


def _agreeing(manifest: bytes, digest: Any) -> dict[str, bytes]:
    """Return a manifest, a digest that names it, and a pointer that names both."""
    files, prefix, key = base().files, base().runs[-1], _key("digest")
    if digest is None:
        digest = _value(files[key], "digest")
        digest["manifest"]["sha256"] = _sha256(manifest)
    payload = base64.b64encode(orjson.dumps(digest, option=orjson.OPT_SORT_KEYS)).decode()
    envelope = orjson.dumps(
        {**orjson.loads(files[key]), "payload": payload}, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE
    )
    pointer = orjson.loads(files[_key("latest.json")])
    hashes = {"manifest_sha256": _sha256(manifest), "digest_sha256": _sha256(envelope)}
    pointed = orjson.dumps({**pointer, **hashes})
    return {f"{prefix}/manifest.json": manifest, key: envelope, _key("latest.json"): pointed}


def _commands(folder: Path) -> dict[str, Callable[[], object]]:
    first, last = (prefix.rpartition("/")[2] for prefix in base().runs)
    words = {
        "verify": ["verify", str(folder)],
        "show": ["show", str(folder)],
        "replay": ["replay", last, "--store", str(folder)],
        "diff": ["diff", first, last, "--store", str(folder)],
    }
    return {
        **{name: partial(_invoked, each) for name, each in words.items()},
        "run": lambda: audit(base().simulator, folder),
    }


def _invoked(words: list[str]) -> None:
    result = CliRunner().invoke(main, words)
    if result.exit_code == 1:
        raise RuntimeError(result.output)


def _outcome(command: Callable[[], object]) -> str:
    """What is wrong with how a command ended, empty if it succeeded or named an error of ours."""
    try:
        with _time_limit():
            command()
    except AuditError:
        return ""
    except Exception as error:  # noqa: BLE001  # this is what is looked for
        return f"{type(error).__name__}: {error}"
    return ""


@contextmanager
def _time_limit() -> Iterator[None]:
    def late(*_: object) -> None:
        raise TimeoutError("it hangs")

    before = signal.signal(signal.SIGALRM, late)
    signal.alarm(_LONGEST)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def _key(name: str) -> str:
    """The key of an object of the newest run, or of what leads to it."""
    prefix = base().runs[-1]
    project, run = prefix.partition("/")[0], prefix.rpartition("/")[2]
    if name == "digest":
        return next(key for key in base().files if key.startswith(f"{project}/digest/") and run in key)
    if name == "answer":
        return f"{project}/{orjson.loads(base().files[f'{prefix}/manifest.json'])['pages'][0]['name']}"
    return f"{project}/{name}" if name == "latest.json" else f"{prefix}/{name}"


def _value(data: bytes, name: str) -> Any:
    if name == "digest":
        return orjson.loads(base64.b64decode(orjson.loads(data)["payload"]))
    return orjson.loads(gzip.decompress(data) if name == "answer" else data)


def _with(value: Any, way: tuple[str | int, ...], odd: Any) -> Any:
    if not way:
        return odd
    copy = value.copy()
    copy[way[0]] = _with(value[way[0]], way[1:], odd)
    return copy


def _list(items: list[dict[str, Any]], name: str, values: dict[str, Any]) -> None:
    for item in items:
        if item["name"] == name:
            item.update(values)


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
