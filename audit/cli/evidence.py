"""The commands ``verify``, ``replay`` and ``diff``: check a store, recompute a report, compare two reports."""

import sys
from collections.abc import Callable, Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any, Final

import click
import orjson
from msgspec import structs

from audit.app.event import read_time
from audit.app.replay import Replay, replay
from audit.app.replay_runs import replay_runs
from audit.cli.exit_codes import DIFFERENT, TAMPERED
from audit.cli.screen import printable, summary_lines
from audit.cli.stores import opened_store, project_of
from audit.errors import SettingsError, StoreError
from audit.evidence.chain import Digest, PublicKey
from audit.evidence.reader import INCOMPATIBLE, RUN_ID, StoredReport, read_report, read_run
from audit.evidence.store import Store
from audit.evidence.verify import LastGood, Verification, last_good, proven, read_last_good, unproven, verdict
from audit.profile import load_profile
from audit.report.changes import Change, Changes, compare
from audit.report.formats import findings_report, json_report
from audit.timestamps import shown
from audit.watch.change_verify import replay_changes, verify_project
from audit.watch.change_words import proven_of_changes, unproven_of_changes
from audit.watch.judged_again import judge_again

_MOST_FAULTS: Final = 50


def moment(_context: click.Context, parameter: click.Parameter, text: str | None) -> datetime | None:
    """Read the time that an option gives."""
    if text is None:
        return None
    try:
        return read_time(text, datetime.now(UTC))
    except ValueError as error:
        raise click.BadParameter(str(error), param=parameter) from error


@click.command(name="verify")
@click.argument("where", required=False, metavar="[STORE]")
@click.option("--project-id", metavar="ID", help="Project, if the store has several.")
@click.option(
    "--from",
    "since",
    callback=moment,
    metavar="TIME",
    help="Check the objects of runs since this time only; those of earlier runs may be deleted.",
)
@click.option("--to", "until", callback=moment, metavar="TIME", help="Check the objects of runs until this time only.")
@click.option(
    "--public-key",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Public key in PEM; every digest must be signed with its private key.",
)
@click.option("--expect-head", metavar="SHA256", help="Hash of a newest digest that you noted outside the store.")
@click.option(
    "--since-last",
    "noted",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Check only what is new since the last good verification, which FILE notes; a good one writes it anew.",
)
@click.option(
    "--replay", "is_replayed", is_flag=True, help="Also judge every run and change again from its evidence; needs time."
)
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
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
    noted: Path | None,
    is_replayed: bool,
    as_json: bool,
) -> None:
    """Check every digest, link and object in a store: of the runs of a project, and of its changes.

    STORE is a folder or a URL such as obs://bucket/prefix; without it, CBR_AUDIT_STORE, or else the folder of the demo.

    Runs that overlapped, interrupted runs, events that nothing confirmed and files that do no harm are notes.

    Exit codes: 0 everything is as published, 10 something was changed, removed or added, 2 wrong usage.
    """
    store = opened_store(where)
    project = project_of(store, project_id)
    if noted and (since or until):
        raise click.UsageError("give --since-last or a time, not both")
    if noted and not noted.parent.is_dir():
        raise click.UsageError(f"--since-last: the folder {noted.parent} does not exist; create it first")
    key = PublicKey(public_key.read_bytes()) if public_key else None
    last = _last_good(noted, project, key, is_replayed=is_replayed) if noted else None
    result, changes = verify_project(
        store, project, since=since, until=until, key=key, expected_head=expect_head, last=last
    )
    if not result.digests and not changes.digests and not result.faults:
        raise StoreError(f"{store.url} has no digest of project {project}; check the store and --project-id")
    if is_replayed:
        _replay(store, result, changes)
    if as_json:
        click.echo(orjson.dumps(_as_json(result, changes), option=orjson.OPT_INDENT_2))
    else:
        _print_verification(result, changes, expect_head)
    if noted and result.head and not result.faults:
        _write(noted, _noted(result, result.head, changes, key).dump())
    ctx.exit(TAMPERED if result.faults else 0)


@click.command(name="replay")
@click.argument("run_id", metavar="RUN")
@click.option("--store", metavar="STORE", help="Store that contains the run.  [default: CBR_AUDIT_STORE]")
@click.option("--project-id", metavar="ID", help="Project, if the store has several.")
@click.option("--profile", metavar="NAME|FILE", help="Judge by this profile or preset instead (a what-if).")
@click.pass_context
def replay_run(
    ctx: click.Context, /, *, run_id: str, store: str | None, project_id: str | None, profile: str | None
) -> None:
    """Recompute the report of a run offline, from its stored evidence.

    RUN is the id of the run: the last folder in the path of its report.

    Exit codes: 0 the same bytes, or a what-if; 10 the bytes differ; 2 wrong usage or missing evidence.
    """
    other = load_profile(profile) if profile else None
    opened = opened_store(store)
    result = replay(opened, project_of(opened, project_id), run_id, other)
    if result.is_what_if:
        _print_what_if(result, read_run(opened, run_id).report)
        return
    for name in result.identical:
        click.echo(f"identical  {name}")
    for name in result.differing:
        click.echo(f"DIFFERENT  {name}")
    for reason in result.reasons:
        click.echo(f"Reason: {printable(reason)}")
    click.echo("The report could not be reproduced." if result.differing else "The report follows from its evidence.")
    ctx.exit(DIFFERENT if result.differing else 0)


@click.command(name="diff", short_help="Compare two reports.")
@click.argument("before")
@click.argument("after", required=False)
@click.option("--store", metavar="STORE", help="Store that contains the runs.  [default: CBR_AUDIT_STORE]")
@click.option("--json", "as_json", is_flag=True, help="Print the changes as JSON.")
def diff_runs(*, before: str, after: str | None, store: str | None, as_json: bool) -> None:
    """Compare two reports: what fails now, still fails, or is resolved.

    BEFORE and AFTER are run ids or report.json files; that of AFTER needs its findings.ndjson.gz beside it. AFTER
    defaults to the latest report.
    """
    opened = opened_store(store)
    older = _report(before, opened)
    newer = _report(after, opened) if after else read_report(opened)
    try:
        changes = compare(older.report, newer.report, newer.findings())
    except (AttributeError, LookupError, TypeError, ValueError) as error:
        raise StoreError(f"one of the reports {INCOMPATIBLE}") from error
    if as_json:
        click.echo(orjson.dumps(asdict(changes), option=orjson.OPT_INDENT_2 | orjson.OPT_UTC_Z))
    else:
        _print_changes(changes)


def _replay(store: Store, result: Verification, changes: Verification) -> None:
    """Judge every run and every change again, and note what does not follow."""
    again = chain(replay_runs(store, result), replay_changes(store, changes, partial(judge_again, store)))
    number = len(result.runs) + len(changes.runs)
    with click.progressbar(again, number, label="Judging again", item_show_func=str, file=sys.stderr) as judged:
        for _ in judged:
            pass


def _last_good(noted: Path, project: str, key: PublicKey | None, *, is_replayed: bool) -> LastGood | None:
    """Read the last good verification, or None if there is none that checked as much as is asked for now."""
    if not noted.exists():
        return None
    last = read_last_good(noted.read_bytes(), str(noted))
    if last.project != project:
        raise SettingsError(f"{noted} is about the project {last.project}; keep one file for each project")
    return last if last.covers(key, is_replayed=is_replayed) else None


def _noted(result: Verification, head: Digest, changes: Verification, key: PublicKey | None) -> LastGood:
    of_changes = last_good(changes, changes.head, key) if changes.head else None
    return structs.replace(last_good(result, head, key), changes=of_changes)


def _write(path: Path, data: bytes) -> None:
    """Replace a file at once, so that an interruption leaves the old one or the new one."""
    new = path.with_name(f"{path.name}.new")
    new.write_bytes(data)
    new.replace(path)


def _report(name: str, store: Store) -> StoredReport:
    """Read a report from a run id or a file."""
    if RUN_ID.fullmatch(name):
        return read_run(store, name)
    path = Path(name)

    def read(other: str) -> bytes | None:
        beside = path.with_name(other)
        return beside.read_bytes() if beside.is_file() else None

    try:
        report: Mapping[str, Any] = orjson.loads(path.read_bytes())
        if {"run", "findings"} <= report.keys():
            return StoredReport(report, str(path.parent), read)
    except (OSError, orjson.JSONDecodeError, AttributeError):
        pass
    raise SettingsError(f"{name!r} is neither a run id nor a report.json file")


def _print_verification(result: Verification, changes: Verification, expected_head: str | None) -> None:
    is_of_changes = expected_head in changes.hashes
    click.echo(verdict(result))
    for fault in result.faults[:_MOST_FAULTS]:
        click.echo(printable(f"  {fault.object}: {fault.problem}"))
    if len(result.faults) > _MOST_FAULTS:
        click.echo(f"  and {len(result.faults) - _MOST_FAULTS:,} more: --json lists all")
    for line in (*proven(result), *proven_of_changes(changes)):
        click.echo(f"  {line}")
    for note in result.notes:
        click.echo(printable(f"  Note: {note}"))
    click.echo("Not proven:")
    has_anchor = expected_head is not None and not is_of_changes
    for line in (
        *unproven(result, has_anchor=has_anchor),
        *unproven_of_changes(changes, has_anchor=is_of_changes),
    ):
        click.echo(f"  {line}")
    click.echo(f"Head     {result.head_sha256 or 'none'}")
    if changes.head:
        click.echo(f"Changes  {changes.head_sha256}")


def _as_json(result: Verification, changes: Verification) -> Mapping[str, Any]:
    return {
        "project": result.scope,
        "verified": not result.faults,
        "digests": result.digests,
        "objects": result.objects,
        "bytes": result.size,
        "signatures": result.signatures,
        "signed": result.signed,
        "signed_but_not_checked": result.unchecked,
        "verified_before": len(result.passed_over),
        "replayed": result.replayed,
        "made_by_other_versions": result.others,
        "head": result.head_sha256 or None,
        "first_until": shown(result.first.until) if result.first else None,
        "last_until": shown(result.head.until) if result.head else None,
        "faults": [{"object": fault.object, "problem": fault.problem} for fault in result.faults],
        "notes": result.notes,
        **({"changes": _changes_as_json(changes, changes.head)} if changes.head else {}),
    }


def _changes_as_json(changes: Verification, head: Digest) -> Mapping[str, Any]:
    return {
        "digests": changes.digests,
        "objects": changes.objects,
        "bytes": changes.size,
        "signed": changes.signed,
        "signed_but_not_checked": changes.unchecked,
        "verified_before": len(changes.passed_over),
        "replayed": changes.replayed,
        "head": changes.head_sha256,
        "last_judged_at": shown(head.until),
    }


def _print_what_if(result: Replay, stored: Mapping[str, Any]) -> None:
    recomputed = orjson.loads(json_report.render(result.report))
    for line in summary_lines(recomputed):
        click.echo(line)
    click.echo("\nWhat the other profile changes:")
    _print_changes(compare(stored, recomputed, findings_report.lines(result.report)))


def _print_changes(changes: Changes) -> None:
    parts: tuple[tuple[str, tuple[Change, ...], Callable[[Change], str]], ...] = (
        ("New failures", changes.new, lambda _change: ""),
        ("Still fails", changes.still, lambda change: f", since {shown(change.since)}{_doubt(change)}"),
        ("Resolved", changes.resolved, lambda change: f", had failed since {shown(change.since)}"),
        (
            "Disappeared",
            changes.disappeared,
            lambda change: f", had failed since {shown(change.since)}; no longer judged",
        ),
        ("Not compared", changes.not_compared, _only_one),
    )
    for title, listed, extra in parts:
        click.echo(f"{title}: {len(listed)}")
        for change in listed:
            click.echo(printable(f"  {change.control} {change.kind} {change.name}{extra(change)}"))


def _only_one(change: Change) -> str:
    fails = change.outcome == "fail"
    if fails:
        return "; fails, but only the newer profile judges it"
    return "; failed, but only the older profile judges it, or the later run could not see it"


def _doubt(change: Change) -> str:
    return "; now unknown, so not resolved" if change.outcome == "unknown" else ""
