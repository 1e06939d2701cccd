"""The command ``cbr-audit``: its arguments, output and exit codes."""

import signal
import sys
import threading
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any, Final

import click
import orjson
from click.core import ParameterSource
from rich.console import Console

from audit import __version__, log
from audit.answers.check import as_lines, as_values, check
from audit.answers.kinds import ANSWERS
from audit.app.connections import store_at
from audit.app.doctor import Result
from audit.app.event import read_time
from audit.app.execute import execute
from audit.app.garbage import look_rarely
from audit.app.request import request_from_settings
from audit.app.run import Done
from audit.cli.changes import list_changes
from audit.cli.doctor import run_checks
from audit.cli.evidence import diff_runs, replay_run, verify_store
from audit.cli.exit_codes import DRIFT_ONLY, INTERNAL_ERROR, NOT_AN_ANSWER, NOT_POSSIBLE, OF_CONCLUSION, ROWS_REJECTED
from audit.cli.fleet import fleet
from audit.cli.fleet_demo import demonstrate, told
from audit.cli.fleet_setup import examine_fleet, show_agency
from audit.cli.invoke import invoke_command
from audit.cli.profile import profile as profile_group
from audit.cli.progress import watching
from audit.cli.prune import prune_store
from audit.cli.screen import framework_lines, notices, place, printable, summary_lines
from audit.cli.setting_options import beside_options, environment, given_by
from audit.controls import CONTROLS
from audit.errors import AuditError, DocumentError, SettingsError, SourceAnswerError, StoreError
from audit.evidence.reader import INCOMPATIBLE, RUN_ID, read_report, read_run
from audit.generators.api_schemas import derive
from audit.judging.control_catalogue import OPT_IN
from audit.judging.frameworks import FRAMEWORKS
from audit.profile import load_profile
from audit.report.formats import csv_report, json_report
from audit.settings import MOST_WORKERS, WORKERS
from audit.simulator import (
    ACTIONS,
    PRESETS,
    SCENARIOS,
    STAGED,
    TAMPERED,
    Answering,
    Estate,
    Simulator,
    add_undocumented_answers,
    add_unlisted_vaults,
    build_estate,
    build_staged_company,
    replan,
    serve,
    tamper,
)
from audit.timestamps import shown

_DEMO: Final = "cbr-audit-demo"
_STAGED: Final = f"{', '.join(STAGED[:-1])} or {STAGED[-1]}"
_OF_FLEETS: Final = {"is_fleet", "port", "scenario", "seed", "as_of", "truth"}
_OPTIONS: Final = {
    "CBR_AUDIT_ENDPOINT": "--endpoint",
    "HUAWEICLOUD_SDK_IAM_ENDPOINT": "--iam-endpoint",
    "CBR_AUDIT_OBS_ENDPOINT": "--obs-endpoint",
    "HUAWEICLOUD_SDK_REGION": "--region",
    "HUAWEICLOUD_SDK_PROJECT_ID": "--project-id",
    "CBR_AUDIT_STORE": "--store",
    "CBR_AUDIT_PROFILE": "--profile",
    "CBR_AUDIT_WORKERS": "--workers",
}


class _Command(click.Group):
    """Prints every error on one line and exits with its code."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the chosen command."""
        try:
            return super().invoke(ctx)
        except AuditError as error:
            click.echo(f"cbr-audit: {printable(log.REDACTOR.text(str(error)))}", err=True)
            ctx.exit(error.exit_code)
        except (click.exceptions.Exit, click.Abort, click.ClickException, BrokenPipeError):
            raise
        except OSError as error:
            place = f": {error.filename}" if error.filename else ""
            click.echo(f"cbr-audit: {printable(f'{error.strerror or error}{place}')}", err=True)
            ctx.exit(NOT_POSSIBLE)
        except Exception as error:
            if ctx.params.get("traceback"):
                raise
            text = printable(log.REDACTOR.text(str(error)))
            click.echo(f"cbr-audit: internal error, please report it: {type(error).__name__}: {text}", err=True)
            click.echo("cbr-audit: `cbr-audit --traceback …` shows where it happened", err=True)
            ctx.exit(INTERNAL_ERROR)


@click.group(cls=_Command, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="cbr-audit")
@click.option("--traceback", is_flag=True, help="Show where an internal error happened.")
@click.option("--log", "show_log", is_flag=True, help="Write the log to standard error, as lines of JSON.")
def main(*, traceback: bool, show_log: bool) -> None:
    """Prove that the backups of a Huawei Cloud project really happened.

    Exit codes of an audit: 0 compliant, 10 not compliant, 3 incomplete, 2 wrong usage or settings, 1 internal error.
    """
    del traceback  # the group reads it when an error occurs
    look_rarely()
    if show_log:
        log.set_up(sys.stderr)
    else:
        log.silence()


main.add_command(profile_group)
main.add_command(fleet)
fleet.add_command(examine_fleet)
fleet.add_command(show_agency)


def _time(_context: click.Context, parameter: click.Parameter, text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        return read_time(text, datetime.now(UTC)).replace(microsecond=0)
    except ValueError as error:
        raise click.BadParameter(str(error), param=parameter) from error


@main.command(short_help="Audit a simulated project over real HTTP.")
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), default=_DEMO, show_default=True,
              help="Folder for the report and its evidence.")  # fmt: skip
@click.option("--scenario", type=click.Choice(SCENARIOS), default="mixed", show_default=True,
              help="The state of the simulated project.")  # fmt: skip
@click.option("--seed", type=int, default=1, show_default=True, help="Each seed gives a different project.")
@click.option("--as-of", metavar="TIME", callback=_time, help="Time of judgement.  [default: now]")
@click.option("--fleet", "is_fleet", is_flag=True, help="Audit a company of accounts, regions and projects; "
              f"with --scenario {_STAGED}.")  # fmt: skip
def demo(*, out: Path, scenario: str, seed: int, as_of: datetime | None, is_fleet: bool) -> None:
    """Audit a simulated project over real HTTP and write the report to a folder."""
    now = as_of or datetime.now(UTC).replace(microsecond=0)
    if is_fleet:
        _check_staged(scenario)
        click.echo(f"Auditing a simulated company ({scenario}, seed {seed}) …", err=True)
        demonstrate(scenario, seed=seed, as_of=now, out=out)
        return
    simulator = Simulator(build_estate(scenario, seed=seed, as_of=now))
    click.echo(f"Auditing a simulated project ({scenario}, seed {seed}) …", err=True)
    with serve(simulator) as served:
        variables = {
            "HUAWEICLOUD_SDK_REGION": "simulated",
            "CBR_AUDIT_ENDPOINT": served.url,
            "HUAWEICLOUD_SDK_IAM_ENDPOINT": served.url,
            "HUAWEICLOUD_SDK_PROJECT_ID": simulator.project_id,
            "CBR_AUDIT_USER": simulator.user,
            "CBR_AUDIT_PASSWORD": simulator.password,
            "CBR_AUDIT_DOMAIN": simulator.domain,
            "CBR_AUDIT_STORE": str(out),
        }
        done = _audit(variables, since=None, as_of=shown(now), profile=None)
    _print_done(done)


_SETTINGS: Final = (
    click.option("--endpoint", metavar="URL", help="CBR endpoint, if it is not the region's usual one."),
    click.option("--iam-endpoint", metavar="URL", help="IAM endpoint, if it is not the region's usual one."),
    click.option("--obs-endpoint", metavar="URL", help="OBS endpoint, if it is not the region's usual one."),
    click.option("--region", metavar="NAME", help="Region of the project, such as eu-west-101."),
    click.option("--project-id", metavar="ID", help="Project to audit."),
    click.option("--store", metavar="URL", help="Where to write the report: a folder or obs://bucket/prefix."),
    click.option(
        "--profile", metavar="NAME|FILE", help="Rules to judge by: a preset or a file.  [default: the preset 'default']"
    ),
    click.option(
        "--workers", metavar="N", help=f"Pages to read in parallel, 1 to {MOST_WORKERS}.  [default: {WORKERS}]"
    ),
)


def _with_settings(command: Callable[..., None]) -> Callable[..., None]:
    """Add the options that are settings to a command."""
    for option in reversed(_SETTINGS):
        command = option(command)
    return command


@main.command(short_help="Audit a project and write its report to a store.")
@_with_settings
@click.option(
    "--since",
    metavar="TIME",
    help="Start of the window, such as 2026-10-24 or 30d.  [default: where the previous run ended]",
)
@click.option("--as-of", metavar="TIME", help="End of the window and time of judgement.  [default: now]")
@click.option(
    "--official",
    is_flag=True,
    help="Publish the report as the latest even if --profile is not the configured profile.",
)
@click.pass_context
def run(
    ctx: click.Context,
    /,
    *,
    since: str | None,
    as_of: str | None,
    profile: str | None,
    official: bool,
    **options: str | None,
) -> None:
    """Audit a project and write the report with its evidence to a store.

    Credentials are read from the environment: HUAWEICLOUD_SDK_AK and HUAWEICLOUD_SDK_SK (with
    HUAWEICLOUD_SDK_SECURITY_TOKEN if they are temporary), or CBR_AUDIT_TOKEN, or CBR_AUDIT_USER and
    CBR_AUDIT_PASSWORD. Every other setting can be set there too; see the README.

    If --profile differs from the configured profile (CBR_AUDIT_PROFILE, or else that of the last run), the run is a
    what-if: its report is stored, but no notification is sent and the latest report does not change.
    """
    variables = _variables(options)
    try:
        done = _audit(variables, since=since, as_of=as_of, profile=profile, official=official)
    except SettingsError as error:
        raise type(error)(beside_options(_OPTIONS, str(error))) from error
    _print_done(done)
    ctx.exit(OF_CONCLUSION[done.report.conclusion])


@main.command(short_help="Check everything that an audit needs.")
@_with_settings
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
@click.pass_context
def doctor(ctx: click.Context, /, *, as_json: bool, profile: str | None, **options: str | None) -> None:
    """Check everything that an audit with these settings needs, and report what is missing.

    Checks the clock, the credentials, every list of CBR, the signing key and the store (writes an object, reads it
    back and removes it). Prints one line per check; if permission is missing, it names the action that IAM must allow.

    Exit codes: 0 all checks passed, 2 something is missing.
    """
    checks = [
        replace(check, detail=log.REDACTOR.text(beside_options(_OPTIONS, check.detail)))
        for check in run_checks(_variables({**options, "profile": profile}))
    ]
    is_ready = all(check.result != Result.MISSING for check in checks)
    if as_json:
        click.echo(orjson.dumps({"ok": is_ready, "checks": checks}, option=orjson.OPT_INDENT_2))
    else:
        for check in checks:
            click.echo(printable(f"{check.name:<15} {check.result:<10} {check.detail or check.action}".rstrip()))
        click.echo("Ready to audit." if is_ready else "Not ready: fix what is MISSING, then run doctor again.")
    ctx.exit(0 if is_ready else NOT_POSSIBLE)


@main.command()
@click.argument("where", required=False)
@click.option("--project-id", metavar="ID", help="Project, if the store has several.")
@click.option("--csv", "as_csv", is_flag=True, help="Print every finding as CSV, also what passed.")
def show(*, where: str | None, project_id: str | None, as_csv: bool) -> None:
    """Show the latest report in a store, or the report of one run.

    WHERE is a folder, a URL such as obs://bucket/prefix, or the id of a run.

    Without WHERE, the store is CBR_AUDIT_STORE, or else the folder of the demo.
    """
    variables = environment()
    default = variables.get("CBR_AUDIT_STORE", _DEMO)
    if where and RUN_ID.fullmatch(where):
        stored = read_run(store_at(default, variables), where)
    else:
        stored = read_report(store_at(where or default, variables), project_id)
    if stored.note:
        click.echo(f"Note: {stored.note}.", err=True)
    if as_csv:
        sys.stdout.buffer.write(b"".join(csv_report.pieces(stored.findings())))  # nothing, unless all is there
    else:
        _print_report(stored.report, stored.url)


@main.command()
@click.argument("control_id", metavar="[ID]", required=False)
@click.option("--framework", type=click.Choice([framework.id for framework in FRAMEWORKS]),
              help="Show which requirements of a standard the controls support.")  # fmt: skip
def controls(*, control_id: str | None, framework: str | None) -> None:
    """List the controls, or explain one."""
    if framework is not None:
        if control_id is not None:
            raise click.UsageError("give a control or --framework, not both")
        for line in framework_lines(next(known for known in FRAMEWORKS if known.id == framework)):
            click.echo(line)
        return
    if control_id is None:
        for control in CONTROLS:
            click.echo(f"{control.id}  {control.name:<24}{control.severity:<10}{control.title}")
        click.echo(f"\nApplied only if the profile selects them: {', '.join(sorted(OPT_IN))}")
        return
    chosen = next((control for control in CONTROLS if control_id.upper() in {control.id, control.name.upper()}), None)
    if chosen is None:
        raise SettingsError(f"unknown control {control_id!r}; run `cbr-audit controls` to list them")
    click.echo(f"{chosen.doc.strip()}\n\nSeverity: {chosen.severity}")


@main.command(name="check", short_help="Check saved API responses against the schemas.")
@click.argument(
    "files", nargs=-1, required=True, metavar="FILE…", type=click.Path(exists=True, dir_okay=False, path_type=Path)
)
@click.option(
    "--kind", type=click.Choice(list(ANSWERS)), help="What the files contain.  [default: recognised by their fields]"
)
@click.option("--json", "as_json", is_flag=True, help="Print one line of JSON for each file.")
@click.pass_context
def check_files(ctx: click.Context, /, *, files: tuple[Path, ...], kind: str | None, as_json: bool) -> None:
    """Check saved API responses, gzipped or not, against the schemas.

    Exit codes: 0 as documented, 4 undocumented but usable, 3 some rows are unusable, 2 not a response of a known kind.
    """
    codes = [_check_file(path, kind, as_json=as_json) for path in files]
    ctx.exit(next((code for code in (NOT_AN_ANSWER, ROWS_REJECTED, DRIFT_ONLY) if code in codes), 0))


@main.command(short_help="Serve a simulated project until stopped.")
@click.option("--port", type=click.IntRange(0, 65535), default=0, show_default=True, help="Port; 0 picks a free one.")
@click.option("--scenario", type=click.Choice(SCENARIOS), default="mixed", show_default=True,
              help="The state of the simulated project.")  # fmt: skip
@click.option("--seed", type=int, default=1, show_default=True, help="Each seed gives a different project.")
@click.option("--resources", type=click.IntRange(0), default=40, show_default=True,
              help="Number of protected resources.")  # fmt: skip
@click.option("--days", type=click.IntRange(2), default=30, show_default=True, help="Days covered by the task log.")
@click.option("--as-of", metavar="TIME", callback=_time, help="Time in the simulated project.  [default: now]")
@click.option("--latency-ms", type=click.IntRange(0), default=0, show_default=True,
              help="Delay before each response.")  # fmt: skip
@click.option("--truth", type=click.Path(dir_okay=False, path_type=Path),
              help="Write the findings that an audit must report to this file.")  # fmt: skip
@click.option("--preset", type=click.Choice(PRESETS), default="default", show_default=True,
              help="Preset whose limits --truth applies.")  # fmt: skip
@click.option("--tampered", is_flag=True, help="Serve the project twenty minutes later, with its protection weakened; "
              "--truth assumes an earlier audit of the project without --tampered.")  # fmt: skip
@click.option("--riddles", is_flag=True, help="Add values that no API document explains to a healthy project; --truth "
              "lists what must be unknown.")  # fmt: skip
@click.option("--ghosts", is_flag=True, help="Add vaults that only the task log names to a healthy project; --truth "
              "lists those that are hidden.")  # fmt: skip
@click.option("--replanned", type=click.Choice(("before", "now")), help="Serve a healthy project before or after a day "
              "in which one policy was moved, another saved again over a missed run, and a resource added. With 'now', "
              "--truth assumes an earlier audit of 'before'.")  # fmt: skip
@click.option("--deny", "denied", type=click.Choice(ACTIONS), metavar="ACTION", multiple=True,
              help="Refuse requests that need this IAM action, such as cbr:backups:list; repeatable.")  # fmt: skip
@click.option("--fleet", "is_fleet", is_flag=True, help="Serve a company of accounts, regions and projects; takes "
              f"--port, --scenario ({_STAGED}), --seed, --as-of and --truth.")  # fmt: skip
def simulate(
    *,
    port: int,
    as_of: datetime | None,
    latency_ms: int,
    truth: Path | None,
    preset: str,
    denied: tuple[str, ...],
    **parameters: Any,
) -> None:
    """Serve a simulated project on this machine until stopped.

    Prints its URL, project and credentials as one line of JSON; with --fleet, its URL and all settings.
    """
    parameters["as_of"] = as_of or datetime.now(UTC).replace(microsecond=0)
    if parameters.pop("is_fleet"):
        _refuse_others(click.get_current_context())
        _check_staged(parameters["scenario"])
        staged = build_staged_company(**{name: parameters[name] for name in ("scenario", "seed", "as_of")})
        _write_truth(truth, staged.truth)
        _serve(staged.company, port, partial(told, staged))
        return
    estate = _estate(parameters, preset, has_truth=truth is not None)
    simulator = Simulator(estate, latency=timedelta(milliseconds=latency_ms), denied=denied)
    _write_truth(truth, estate.truth(preset))
    _serve(simulator, port, partial(_told, simulator, estate))


def _refuse_others(ctx: click.Context) -> None:
    """Refuse options that say nothing of a company."""
    others = [
        option.opts[0]
        for option in ctx.command.params
        if ctx.get_parameter_source(option.name or "") == ParameterSource.COMMANDLINE and option.name not in _OF_FLEETS
    ]
    if others:
        raise SettingsError(f"--fleet does not go with {', '.join(others)}")


def _check_staged(scenario: str) -> None:
    if scenario not in STAGED:
        raise SettingsError(f"--fleet needs --scenario {_STAGED}")


def _write_truth(path: Path | None, truth: Mapping[str, Any]) -> None:
    if path:
        path.write_bytes(orjson.dumps(truth, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))


def _serve(simulator: Answering, port: int, tell: Callable[[str], Mapping[str, Any]]) -> None:
    """Serve until stopped; say first what one must know."""
    stopped = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopped.set())
    with serve(simulator, port) as served:
        click.echo(orjson.dumps(tell(served.url)))
        stopped.wait()


def _told(simulator: Simulator, estate: Estate, url: str) -> dict[str, str]:
    return {
        "url": url,
        "project_id": simulator.project_id,
        "as_of": shown(estate.as_of),
        "token": simulator.token,
        "user": simulator.user,
        "password": simulator.password,
        "domain": simulator.domain,
        "ak": simulator.ak,
        "sk": simulator.sk,
        "signing_kms_key": simulator.key.id,
    }


def _estate(parameters: dict[str, Any], preset: str, *, has_truth: bool) -> Estate:
    """Build a simulated project, with the changes that the options ask for."""
    tampered, riddles, ghosts, replanned = map(parameters.pop, ("tampered", "riddles", "ghosts", "replanned"))
    if tampered and (preset != "default" or parameters["scenario"] not in TAMPERED):
        raise SettingsError(f"--tampered needs --preset default and --scenario {' or '.join(TAMPERED)}")
    is_plain = preset == "default" and parameters["scenario"] == "healthy" and not tampered
    if riddles and not is_plain:
        raise SettingsError("--riddles needs --preset default and --scenario healthy, without --tampered")
    if ghosts and not (is_plain and not riddles):
        raise SettingsError("--ghosts needs --preset default and --scenario healthy, without --tampered or --riddles")
    if replanned and not (is_plain and not (riddles or ghosts) and (replanned == "now" or not has_truth)):
        raise SettingsError(
            "--replanned needs --preset default and --scenario healthy, without --tampered, --riddles or --ghosts; "
            "--truth needs --replanned now"
        )
    estate, seed = build_estate(**parameters), parameters["seed"]
    estate = tamper(estate, seed=seed) if tampered else estate
    estate = add_undocumented_answers(estate, seed=seed) if riddles else estate
    estate = _with_unlisted_vaults(estate, seed) if ghosts else estate
    return replan(estate, seed=seed)[replanned == "now"] if replanned else estate


def _with_unlisted_vaults(estate: Estate, seed: int) -> Estate:
    try:
        return add_unlisted_vaults(estate, seed=seed)
    except ValueError as error:
        raise SettingsError(f"--ghosts: {error}") from error


main.add_command(invoke_command)


@main.group()
def schemas() -> None:
    """Maintain the schemas of API responses."""


@schemas.command(name="derive", short_help="Derive a JSON Schema from a page of the API documents.")
@click.argument("page", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path),
              help="File to write to.  [default: standard output]")  # fmt: skip
@click.option("--descriptions", is_flag=True, help="Copy the descriptions, too; the page's author has their copyright.")
def derive_schema(*, page: Path, out: Path | None, descriptions: bool) -> None:
    """Derive a JSON Schema from a page of the API documents that was saved as text."""
    try:
        derived = derive(_text(page), descriptions=descriptions)
    except DocumentError as error:
        raise SettingsError(f"{page}: {error}") from error
    schema = orjson.dumps(derived, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)
    if out is None:
        click.echo(schema, nl=False)
    else:
        out.write_bytes(schema)


def _audit(
    variables: Mapping[str, str],
    *,
    since: str | None,
    as_of: str | None,
    profile: str | None,
    official: bool = False,
) -> Done:
    given = load_profile(profile) if profile else None
    request = request_from_settings(variables, since=since, as_of=as_of, profile=given, official=official)
    with watching(sys.stderr) as watch:
        return execute(request, watch)


def _print_done(done: Done) -> None:
    _print_report(orjson.loads(json_report.render(done.report)), done.url)


def _print_report(report: Mapping[str, Any], url: str) -> None:
    console = Console(markup=False, highlight=False, emoji=False, soft_wrap=True)
    colours = {"compliant": "bold green", "non_compliant": "bold red", "incomplete": "bold yellow"}
    try:
        told = tuple(notices(report["run"]))
        verdict, *rest = summary_lines(report)
    except (AttributeError, LookupError, TypeError, ValueError) as error:
        raise StoreError(f"the report {INCOMPATIBLE}") from error
    for notice in told:
        console.print(printable(notice), style="bold yellow")
    console.print(verdict, style=colours[report["conclusion"]])
    for line in rest:
        console.print(line)
    click.echo(f"Report   {place(f'{url}/report.html')}")


def _check_file(path: Path, kind: str | None, *, as_json: bool) -> int:
    """Check one file, print the result and return its exit code."""
    try:
        checked = check(path.read_bytes(), kind)
    except SourceAnswerError as error:
        if as_json:
            click.echo(orjson.dumps({"file": str(path), "kind": None, "error": str(error)}))
        else:
            click.echo(printable(f"{path}: not a response of a known kind: {error}"), err=True)
        return NOT_AN_ANSWER
    if as_json:
        click.echo(orjson.dumps({"file": str(path), **as_values(checked)}))
    else:
        first, *rest = as_lines(checked)
        click.echo("\n".join(map(printable, (f"{path}: {first}", *rest))))
    return ROWS_REJECTED if checked.rejected else DRIFT_ONLY if checked.drift else 0


def _variables(options: Mapping[str, str | None]) -> dict[str, str]:
    """Return the settings of the environment, overridden by the given options."""
    return environment() | given_by(_OPTIONS, options)


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise SettingsError(f"{path} is not UTF-8 text: byte {error.start}") from error


for command in (verify_store, replay_run, diff_runs, prune_store, list_changes):
    main.add_command(command)

if __name__ == "__main__":
    main()
