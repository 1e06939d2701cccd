"""The commands of an auditor: check what is stored, recompute a report, compare two."""

import os
from collections.abc import Callable, Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import click
import orjson

from audit.app.connections import store_at
from audit.app.event import read_time
from audit.app.replay import Replay, replay
from audit.cli.exit_codes import DIFFERENT, TAMPERED
from audit.cli.screen import printable, summary_lines
from audit.errors import SettingsError, StoreError
from audit.evidence.chain import PublicKey
from audit.evidence.reader import RUN_ID, read_report, read_run
from audit.evidence.store import Store
from audit.evidence.verify import Verification, proven, unproven, verify
from audit.profile import load_profile
from audit.report import json_report
from audit.report.changes import Change, Changes, compare
from audit.settings import VARIABLES
from audit.timestamps import shown

_MOST_FAULTS: Final = 50
_USUAL: Final = "cbr-audit-demo"


def _moment(_context: click.Context, parameter: click.Parameter, text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        return read_time(text, datetime.now(UTC))
    except ValueError as error:
        raise click.BadParameter(str(error), param=parameter) from error


@click.command(name="verify")
@click.argument("where", required=False, metavar="[STORE]")
@click.option("--project-id", metavar="ID", help="The project, where the store holds several.")
@click.option(
    "--from",
    "since",
    callback=_moment,
    metavar="TIME",
    help="Read the objects of runs since this time; earlier ones may be gone.",
)
@click.option("--to", "until", callback=_moment, metavar="TIME", help="Read the objects of runs until this time.")
@click.option(
    "--public-key",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A key in PEM that every digest must be signed with.",
)
@click.option("--expect-head", metavar="SHA256", help="The hash of the newest digest, as noted elsewhere.")
@click.option("--json", "as_json", is_flag=True, help="Write the result as JSON.")
@click.pass_context
def verify_store(  # noqa: PLR0913  # each is an option of the command
    ctx: click.Context,
    /,
    *,
    where: str | None,
    project_id: str | None,
    since: datetime | None,
    until: datetime | None,
    public_key: Path | None,
    expect_head: str | None,
    as_json: bool,
) -> None:
    """Check every digest, every link and every object of a store.

    Exit codes: 0 everything is as it was published, 10 something was changed, is missing or was added, 2 wrong use.
    """
    store = _opened(where)
    project = project_id or _project_of(store)
    result = verify(
        store,
        project,
        since=since,
        until=until,
        key=PublicKey(public_key.read_bytes()) if public_key else None,
        expected_head=expect_head,
    )
    if not result.digests and not result.faults:
        raise StoreError(f"{store.url} holds no digest of the project {project}")
    if as_json:
        click.echo(orjson.dumps(_as_json(result), option=orjson.OPT_INDENT_2))
    else:
        _print_verification(result, has_anchor=expect_head is not None)
    ctx.exit(TAMPERED if result.faults else 0)


@click.command(name="replay")
@click.argument("run_id", metavar="RUN")
@click.option("--store", metavar="STORE", help="Where the run lies; CBR_AUDIT_STORE unless told.")
@click.option("--project-id", metavar="ID", help="The project, where the store holds several.")
@click.option("--profile", metavar="NAME|FILE", help="Another profile or preset: what would it have said?")
@click.pass_context
def replay_run(
    ctx: click.Context, /, *, run_id: str, store: str | None, project_id: str | None, profile: str | None
) -> None:
    """Recompute the report of a run from its stored evidence, offline.

    Exit codes: 0 the same bytes, or a what-if; 10 something differs; 2 wrong use, or evidence is missing.
    """
    other = load_profile(profile) if profile else None
    opened = _opened(store)
    result = replay(opened, project_id or _project_of(opened), run_id, other)
    if result.is_what_if:
        _print_what_if(result, read_run(opened, run_id).report)
        return
    for name in result.identical:
        click.echo(f"identical  {name}")
    for name in result.differing:
        click.echo(f"DIFFERENT  {name}")
    for reason in result.reasons:
        click.echo(f"Reason: {printable(reason)}")
    click.echo("The report follows from its evidence." if not result.differing else "The report could not be repeated.")
    ctx.exit(DIFFERENT if result.differing else 0)


@click.command(name="diff")
@click.argument("before")
@click.argument("after", required=False)
@click.option("--store", metavar="STORE", help="Where the runs lie; CBR_AUDIT_STORE unless told.")
@click.option("--json", "as_json", is_flag=True, help="Write the changes as JSON.")
def diff_runs(*, before: str, after: str | None, store: str | None, as_json: bool) -> None:
    """Compare two reports: what fails anew, still, or no longer.

    BEFORE and AFTER are ids of runs, or report.json files. Without AFTER, the latest report is taken.
    """
    opened = _opened(store)
    older = _report(before, opened)
    newer = _report(after, opened) if after else read_report(opened).report
    try:
        changes = compare(older, newer)
    except (AttributeError, LookupError, TypeError, ValueError) as error:
        raise StoreError("one of the reports is damaged, or another version of cbr-audit wrote it") from error
    if as_json:
        click.echo(orjson.dumps(asdict(changes), option=orjson.OPT_INDENT_2 | orjson.OPT_UTC_Z))
    else:
        _print_changes(changes)


def _opened(url: str | None) -> Store:
    """Open a store that is named, or else the usual one."""
    variables = {name: os.environ[name] for name in VARIABLES if os.environ.get(name)}
    return store_at(url or variables.get("CBR_AUDIT_STORE", _USUAL), variables)


def _project_of(store: Store) -> str:
    projects = store.projects()
    if len(projects) != 1:
        known = (
            f"; add --project-id with one of {', '.join(projects)}"
            if projects
            else "; run an audit first, or name another store"
        )
        raise StoreError(f"{store.url} holds {len(projects) or 'no'} projects{known}")
    return projects[0]


def _report(name: str, store: Store) -> Mapping[str, Any]:
    """Read a report by the id of its run, or from a file."""
    if RUN_ID.fullmatch(name):
        return read_run(store, name).report
    try:
        report: Mapping[str, Any] = orjson.loads(Path(name).read_bytes())
        if {"run", "findings"} <= report.keys():
            return report
    except (OSError, orjson.JSONDecodeError, AttributeError):
        pass
    raise SettingsError(f"{name!r} is neither the id of a run nor a report.json")


def _print_verification(result: Verification, *, has_anchor: bool) -> None:
    if result.faults:
        number = len(result.faults)
        what = "1 thing is not as it was" if number == 1 else f"{number:,} things are not as they were"
        click.echo(f"CHANGED: {what} published.")
        for fault in result.faults[:_MOST_FAULTS]:
            click.echo(printable(f"  {fault.object}: {fault.problem}"))
        if len(result.faults) > _MOST_FAULTS:
            click.echo(f"  and {len(result.faults) - _MOST_FAULTS:,} more: --json lists all")
    else:
        click.echo("VERIFIED: everything is as it was published.")
    for line in proven(result):
        click.echo(f"  {line}")
    for note in result.notes:
        click.echo(printable(f"  Note: {note}"))
    click.echo("Not proved:")
    for line in unproven(result, has_anchor=has_anchor):
        click.echo(f"  {line}")
    click.echo(f"Head     {result.head_sha256 or 'none'}")


def _as_json(result: Verification) -> Mapping[str, Any]:
    return {
        "project": result.scope,
        "verified": not result.faults,
        "digests": result.digests,
        "objects": result.objects,
        "bytes": result.size,
        "signed": result.signed,
        "signed_but_not_checked": result.unchecked,
        "head": result.head_sha256 or None,
        "first_until": shown(result.first.until) if result.first else None,
        "last_until": shown(result.head.until) if result.head else None,
        "faults": [{"object": fault.object, "problem": fault.problem} for fault in result.faults],
        "notes": result.notes,
    }


def _print_what_if(result: Replay, stored: Mapping[str, Any]) -> None:
    recomputed = orjson.loads(json_report.render(result.report))
    for line in summary_lines(recomputed):
        click.echo(line)
    click.echo("\nWhat the other profile changes:")
    _print_changes(compare(stored, recomputed))


def _print_changes(changes: Changes) -> None:
    parts: tuple[tuple[str, tuple[Change, ...], Callable[[Change], str]], ...] = (
        ("Fails anew", changes.new, lambda _change: ""),
        ("Still fails", changes.still, lambda change: f", since {shown(change.since)}{_doubt(change)}"),
        ("Resolved", changes.resolved, lambda change: f", had failed since {shown(change.since)}"),
        (
            "Disappeared",
            changes.disappeared,
            lambda change: f", had failed since {shown(change.since)}; not judged any more",
        ),
        ("Not compared", changes.not_compared, _only_one),
    )
    for title, found, extra in parts:
        click.echo(f"{title}: {len(found)}")
        for change in found:
            click.echo(printable(f"  {change.control} {change.kind} {change.name}{extra(change)}"))


def _only_one(change: Change) -> str:
    fails = change.outcome == "fail"
    if fails:
        return "; fails, and only the newer profile judges it"
    return "; failed, and only the older profile judges it, or the later run may not see it"


def _doubt(change: Change) -> str:
    return "; now unknown, which is no repair" if change.outcome == "unknown" else ""
