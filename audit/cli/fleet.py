"""The commands ``cbr-audit fleet …``: audit many accounts, regions and projects, and look at what came of it."""

import secrets
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

import click
import orjson

from audit.app.connections import Connections, opened
from audit.app.request import RunRequest, request_from_settings
from audit.cli.evidence import moment
from audit.cli.exit_codes import NO_RESULT, OF_CONCLUSION, TAMPERED
from audit.cli.screen import place
from audit.cli.setting_options import beside_options, environment, given_by
from audit.cli.stores import opened_store
from audit.errors import SettingsError, StoreError
from audit.evidence.chain import PublicKey
from audit.evidence.store import ProbedStore
from audit.evidence.verify import Verification, proven, verdict
from audit.fleet.configuration import FleetFile
from audit.fleet.finishing import PAGE, finish, finish_late, telling_failures
from audit.fleet.forms import SCOPE, FleetPlan, Receipt, Target
from audit.fleet.here import HereLimits, audit_here
from audit.fleet.publication import latest_run
from audit.fleet.roll_up import FleetReport, TargetLine
from audit.fleet.selecting import remarks
from audit.fleet.starting import begun_fleet, load_configured, planned, run_id
from audit.fleet.verify import targets_of, verify_fleet
from audit.report.facts import Conclusion
from audit.report.wording import VERDICTS, count, printable
from audit.timestamps import shown
from audit.watch.change_verify import verify_project

_OPTIONS: Final = {
    "CBR_AUDIT_FLEET": "--file",
    "HUAWEICLOUD_SDK_REGION": "--region",
    "HUAWEICLOUD_SDK_PROJECT_ID": "--project-id",
    "CBR_AUDIT_STORE": "--store",
}
_MOST: Final = 20
_MOST_FAULTS: Final = 50
FILE_SETTING: Final = click.option("--file", metavar="FILE", help="The fleet file.  [default: CBR_AUDIT_FLEET]")
_SETTINGS: Final = (
    FILE_SETTING,
    click.option("--region", metavar="NAME", help="Home region: of the store, and of IAM."),
    click.option("--project-id", metavar="ID", help="Home project, in the account that audits the others."),
    click.option("--store", metavar="URL", help="Where everything goes: a folder or obs://bucket/prefix."),
)


def with_settings(command: Any) -> Any:
    """Add the options that are settings to a command."""
    for option in reversed(_SETTINGS):
        command = option(command)
    return command


@click.group(short_help="Audit many accounts, regions and projects.")
def fleet() -> None:
    """Audit many accounts, regions and projects, and roll the results up.

    A plan is stored first; each project of it is audited on its own; and whatever was not seen is named.
    """


@fleet.command(short_help="Audit everything that the fleet file names.")
@with_settings
@click.option("--as-of", metavar="TIME", help="Time of judgement.  [default: now]")
@click.option("--json", "as_json", is_flag=True, help="Print the roll-up as JSON.")
@click.pass_context
def run(ctx: click.Context, /, *, as_of: str | None, as_json: bool, **options: str | None) -> None:
    """Audit every project that the fleet file names or leads to, on this machine, and roll the results up.

    Settings and credentials are those of `cbr-audit run`; they are of the account that audits the others.

    Exit codes: 0 compliant, 10 not compliant, 3 incomplete, 2 wrong usage or settings.
    """
    report, url = audit_fleet(settings_from(options), as_of)
    print_roll_up(report, url, as_json=as_json)
    ctx.exit(OF_CONCLUSION[report.conclusion])


@fleet.command(name="plan", short_help="Show what would be audited, and what not.")
@with_settings
@click.option("--json", "as_json", is_flag=True, help="Print the plan as JSON.")
@click.pass_context
def show_plan(ctx: click.Context, /, *, as_json: bool, **options: str | None) -> None:
    """Look for accounts and projects, and show what would be audited, and what not. Nothing is stored.

    Exit codes: 0 everything could be looked at, 3 something could not, 2 wrong usage or settings.
    """
    with at_home(settings_from(options)) as (request, connections):
        configuration = load_configured(request.settings)
        name = run_id(configuration.configuration.name, request.until, "plan")
        plan, _found = planned(configuration, request, connections, name)
    if as_json:
        click.echo(orjson.dumps(plan.model_dump(mode="json"), option=orjson.OPT_INDENT_2))
    else:
        for line in (*_plan_lines(plan), *_remark_lines(configuration)):
            click.echo(printable(line))
    is_whole = plan.targets and not plan.discovery.troubles and plan.discovery.accounts >= plan.min_accounts
    ctx.exit(0 if is_whole else NO_RESULT)


@fleet.command(name="show", short_help="Show the latest roll-up of a fleet.")
@click.argument("where", required=False, metavar="[STORE]")
@click.option("--name", metavar="NAME", help="Fleet, if the store has several.")
@click.option("--json", "as_json", is_flag=True, help="Print the roll-up as JSON.")
def show_fleet(*, where: str | None, name: str | None, as_json: bool) -> None:
    """Show the latest roll-up of a fleet.

    STORE is a folder or a URL such as obs://bucket/prefix; without it, CBR_AUDIT_STORE.
    """
    store = opened_store(where)
    fleet_name = name or _fleet_in(store)
    stored = latest_run(store, fleet_name)
    if stored is None:
        raise StoreError(f"{store.url} has no roll-up of the fleet {fleet_name}; check the store and --name")
    print_roll_up(stored.report(), stored.url, as_json=as_json)


@fleet.command(name="verify", short_help="Check a fleet, and every audit that it names.")
@click.argument("where", required=False, metavar="[STORE]")
@click.option("--name", metavar="NAME", help="Fleet, if the store has several.")
@click.option(
    "--from",
    "since",
    callback=moment,
    metavar="TIME",
    help="Objects of runs before this time may be deleted; digests must all be there.",
)
@click.option(
    "--public-key",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Public key in PEM; every digest must be signed with its private key.",
)
@click.option("--expect-head", metavar="SHA256", help="Hash of a newest digest that you noted outside the store.")
@click.option("--targets/--no-targets", default=True, help="Whether the chain of every target is checked, too.")
@click.pass_context
def verify_store(  # noqa: PLR0913  # each is an option of the command
    ctx: click.Context,
    /,
    *,
    where: str | None,
    name: str | None,
    since: datetime | None,
    public_key: Path | None,
    expect_head: str | None,
    targets: bool,
) -> None:
    """Check the chain of a fleet, that its roll-ups follow from plan and receipts, and the chain of every target.

    STORE is a folder or a URL such as obs://bucket/prefix; without it, CBR_AUDIT_STORE.

    Exit codes: 0 everything is as published, 10 something was changed, removed or added, 2 wrong usage.
    """
    store = opened_store(where)
    fleet_name = name or _fleet_in(store)
    key = PublicKey(public_key.read_bytes()) if public_key else None
    result = verify_fleet(store, fleet_name, since=since, key=key, expected_head=expect_head)
    if not result.digests and not result.faults:
        raise StoreError(f"{store.url} has no digest of the fleet {fleet_name}; check the store and --name")
    _print_verification(f"Fleet {fleet_name}", result)
    bad = bool(result.faults)
    for project in targets_of(store, result.head) if targets and result.head in result.runs else ():
        found, _ = verify_project(store, project, since=since, key=key)
        bad |= bool(found.faults)
        _print_verification(f"Project {project}", found, is_brief=not found.faults)
    ctx.exit(TAMPERED if bad else 0)


def settings_from(options: Mapping[str, str | None]) -> dict[str, str]:
    """Return the settings of the environment, overridden by the given options."""
    return environment() | given_by(_OPTIONS, options)


@contextmanager
def at_home(variables: Mapping[str, str], as_of: str | None = None) -> Iterator[tuple[RunRequest, Connections]]:
    """Open the connections of the account that audits the others.

    Raises:
        SettingsError: naming every setting that is missing or wrong, with its option.
    """
    try:
        request = request_from_settings(variables, as_of=as_of)
    except SettingsError as error:
        raise type(error)(with_options(str(error))) from error
    with opened(request) as connections:
        yield request, connections


def with_options(text: str) -> str:
    """Put the option of the fleet's commands next to each variable that an error message names."""
    return beside_options(_OPTIONS, text)


def audit_fleet(variables: Mapping[str, str], as_of: str | None = None) -> tuple[FleetReport, str]:
    """Audit a fleet on this machine, tell how far it is, and return its roll-up with the address of the run.

    Raises:
        AuditError: the fleet could not be planned, or something could not be stored.
    """
    with at_home(variables, as_of) as (request, connections), telling_failures(request):
        configuration = load_configured(request.settings)
        for trouble in finish_late(configuration.configuration.name, request, connections).troubles:
            _tell(trouble)
        _tell("Looking for accounts and projects …")
        run = begun_fleet(configuration, request, connections, secrets.token_hex(8))
        _tell(f"Auditing {count(len(run.plan.targets), 'target')} in {count(_accounts(run.plan), 'account')} …")
        limits = configuration.configuration.limits
        here = HereLimits(
            limits.parallel, timedelta(minutes=limits.minutes_per_target), timedelta(minutes=limits.minutes)
        )
        for number, (target, receipt) in enumerate(audit_here(run, variables, here), 1):
            _tell(f"[{number}/{len(run.plan.targets)}] {_receipt_words(target, receipt)}")
        return finish(run, request, connections), run.url


def _fleet_in(store: ProbedStore) -> str:
    """Return the only fleet of a store.

    Raises:
        StoreError: it has none, or several.
    """
    fleets = [scope.removeprefix(SCOPE) for scope in store.projects() if scope.startswith(SCOPE)]
    if len(fleets) != 1:
        remedy = f"choose one with --name: {', '.join(fleets)}" if fleets else "run `cbr-audit fleet run` first"
        raise StoreError(f"{store.url} has {len(fleets) or 'no'} fleets; {remedy}")
    return fleets[0]


def _accounts(plan: FleetPlan) -> int:
    return len({target.account for target in plan.targets})


def _tell(text: str) -> None:
    click.echo(printable(text), file=sys.stderr)


def _receipt_words(target: Target, receipt: Receipt) -> str:
    found = receipt.audited
    if found is None:
        return f"{target.called}: {receipt.status.value.replace('_', ' ')}: {receipt.reason}"
    return f"{target.called}: {_brief(found.conclusion)}, {count(found.resources, 'resource')}, {found.failing} failing"


def _brief(conclusion: Conclusion) -> str:
    return VERDICTS[conclusion].partition(":")[0].lower()


def print_roll_up(report: FleetReport, url: str, *, as_json: bool = False) -> None:
    """Print a roll-up for people, or as JSON."""
    if as_json:
        click.echo(orjson.dumps(report.model_dump(mode="json"), option=orjson.OPT_INDENT_2))
        return
    for line in _report_lines(report, url):
        click.echo(printable(line))


def _report_lines(report: FleetReport, url: str) -> Iterator[str]:
    summary = report.summary
    audited = summary.by_status["audited"]
    was = "was" if summary.targets == 1 else "were"
    yield f"{_brief(report.conclusion).upper()}: {audited} of {count(summary.targets, 'target')} {was} audited."
    if not report.complete:
        yield f"Not everything was seen ({count(len(report.doubts), 'doubt')}):"
        yield from (f"  {doubt}" for doubt in report.doubts[:_MOST])
        yield from _more(len(report.doubts) - _MOST)
    failing = [line for line in report.targets if _is_failing(line)]
    if failing:
        yield f"Not compliant ({count(len(failing), 'target')}):"
        yield from (f"  {_line_words(line)}" for line in failing[:_MOST])
        yield from _more(len(failing) - _MOST)
    if report.gone:
        yield f"Gone since the run before: {'; '.join(target.called for target in report.gone)}"
    yield f"Judged   {count(summary.resources, 'resource')}, {summary.failing} failing"
    yield f"As of    {shown(report.as_of)}"
    yield f"Page     {place(f'{url}/{PAGE}')}"


def _is_failing(line: TargetLine) -> bool:
    return line.audited is not None and line.audited.conclusion == Conclusion.NON_COMPLIANT


def _line_words(line: TargetLine) -> str:
    found = line.audited
    return f"{line.target.called}: {count(found.problems, 'problem')}, {found.failing} failing" if found else ""


def _plan_lines(plan: FleetPlan) -> Iterator[str]:
    yield f"{count(len(plan.targets), 'target')} in {count(_accounts(plan), 'account')} would be audited:"
    yield from (f"  {target.called}{f', as {target.agency}' if target.agency else ''}" for target in plan.targets)
    if plan.left_out:
        yield f"Left out ({len(plan.left_out)}):"
        for out in plan.left_out:
            parts = (out.account_name or out.account, out.region, out.project_name or out.project_id)
            yield f"  {', '.join(part for part in parts if part)}: {out.reason}"
    if plan.discovery.accounts < plan.min_accounts:
        yield f"{plan.discovery.accounts} accounts were found, and at least {plan.min_accounts} are expected."
    if plan.discovery.troubles:
        yield f"Could not be looked at, so the fleet would be incomplete ({len(plan.discovery.troubles)}):"
        yield from (f"  {trouble}" for trouble in plan.discovery.troubles)


def _remark_lines(configured: FleetFile) -> Iterator[str]:
    found = [*remarks(configured.configuration)]
    if found:
        yield f"Remarks on the fleet file ({len(found)}):"
        yield from (f"  {text}" for text in configured.source.located(found))


def _more(number: int) -> Iterator[str]:
    if number > 0:
        yield f"  and {number} more: see the page"


def _print_verification(title: str, result: Verification, *, is_brief: bool = False) -> None:
    click.echo(f"{title}: {verdict(result)}")
    for fault in result.faults[:_MOST_FAULTS]:
        click.echo(printable(f"  {fault.object}: {fault.problem}"))
    if len(result.faults) > _MOST_FAULTS:
        click.echo(f"  and {len(result.faults) - _MOST_FAULTS:,} more")
    if is_brief:
        return
    for line in proven(result):
        click.echo(f"  {line}")
    for note in result.notes:
        click.echo(printable(f"  Note: {note}"))
    click.echo(f"  Head     {result.head_sha256 or 'none'}")
