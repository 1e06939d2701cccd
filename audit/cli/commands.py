"""The command ``cbr-audit``: arguments, what is printed, and exit codes."""

import os
import signal
import sys
import threading
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final
from urllib.parse import unquote, urlsplit

import click
import orjson
from rich.console import Console

from audit import __version__, log
from audit.answers.check import as_lines, as_values, check
from audit.answers.kinds import ANSWERS
from audit.app.connections import store_at
from audit.app.doctor import Result
from audit.app.event import read_time
from audit.app.garbage import look_rarely
from audit.app.order import order
from audit.app.run import Done
from audit.app.wiring import carry_out
from audit.cli.doctor import examined
from audit.cli.evidence import diff_runs, replay_run, verify_store
from audit.cli.exit_codes import DRIFT_ONLY, INTERNAL_ERROR, NOT_AN_ANSWER, NOT_POSSIBLE, OF_CONCLUSION, ROWS_REJECTED
from audit.cli.invoke import invoke_command
from audit.cli.profile import profile as profile_group
from audit.cli.progress import watching
from audit.cli.screen import framework_lines, notices, printable, summary_lines
from audit.controls import CONTROLS
from audit.errors import AuditError, DocumentError, SettingsError, SourceAnswerError, StoreError
from audit.evidence.reader import RUN_ID, StoredReport, read_report, read_run
from audit.generators.api_schemas import derive
from audit.judging.frameworks import FRAMEWORKS
from audit.profile import load_profile
from audit.report import json_report
from audit.settings import VARIABLES
from audit.simulator import (
    ACTIONS,
    PRESETS,
    SCENARIOS,
    TAMPERED,
    Estate,
    Simulator,
    build_estate,
    haunt,
    replan,
    riddle,
    serve,
    tamper,
)
from audit.timestamps import shown

_DEMO: Final = "cbr-audit-demo"
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
    """Prints every error as one line and ends with its exit code."""

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

    Exit codes of an audit: 0 compliant, 10 not compliant, 3 incomplete, 2 wrong use or settings, 1 internal error.
    """
    del traceback  # read by the group when an error arrives
    look_rarely()
    if show_log:
        log.set_up(sys.stderr)
    else:
        log.silence()


main.add_command(profile_group)


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
@click.option("--scenario", type=click.Choice(SCENARIOS), default="mixed", show_default=True, help="What to find.")
@click.option("--seed", type=int, default=1, show_default=True, help="Another seed makes another company.")
@click.option("--as-of", callback=_time, help="The time to judge at; now unless told.")
def demo(*, out: Path, scenario: str, seed: int, as_of: datetime | None) -> None:
    """Audit a simulated project over real HTTP and write the report to a folder."""
    now = as_of or datetime.now(UTC).replace(microsecond=0)
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
    click.option("--endpoint", metavar="URL", help="Endpoint of CBR, where the region does not give it."),
    click.option("--iam-endpoint", metavar="URL", help="Endpoint of IAM, where the region does not give it."),
    click.option("--obs-endpoint", metavar="URL", help="Endpoint of OBS, where the region does not give it."),
    click.option("--region", metavar="NAME", help="Region of the project, such as eu-west-101."),
    click.option("--project-id", metavar="ID", help="The project to audit."),
    click.option("--store", metavar="URL", help="Where the report goes: a folder or obs://bucket/prefix."),
    click.option(
        "--profile", metavar="NAME|FILE", help="What to demand: a preset or a file; good defaults without it."
    ),
    click.option("--workers", metavar="N", help="Pages read at the same time, 1 to 16.  [default: 4]"),
)


def _with_settings(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the options that are settings."""
    for option in reversed(_SETTINGS):
        command = option(command)
    return command


@main.command(short_help="Audit a project and write its report to a store.")
@_with_settings
@click.option(
    "--since",
    metavar="TIME",
    help="Start of the window, such as 2026-10-24 or 30d; goes on after the run before unless told.",
)
@click.option("--as-of", metavar="TIME", help="End of the window and time of judgement.  [default: now]")
@click.option(
    "--official",
    is_flag=True,
    help="Let the report become the latest one even if --profile is not the configured profile.",
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

    Credentials come from the environment: HUAWEICLOUD_SDK_AK and HUAWEICLOUD_SDK_SK (with _SECURITY_TOKEN for
    temporary ones), or CBR_AUDIT_TOKEN, or CBR_AUDIT_USER and CBR_AUDIT_PASSWORD. Every other setting may come from
    there too; see the README.

    With another --profile than the configured one (CBR_AUDIT_PROFILE, or else that of the last run), the report is a
    what-if: it is stored beside the others, nobody is told, and the latest report stays what it was.
    """
    variables = _variables(options)
    try:
        done = _audit(variables, since=since, as_of=as_of, profile=profile, official=official)
    except SettingsError as error:
        raise type(error)(_with_options(str(error))) from error
    _print_done(done)
    ctx.exit(OF_CONCLUSION[done.report.conclusion])


@main.command(short_help="Try out everything that an audit needs.")
@_with_settings
@click.option("--json", "as_json", is_flag=True, help="Print one object of JSON.")
@click.pass_context
def doctor(ctx: click.Context, /, *, as_json: bool, profile: str | None, **options: str | None) -> None:
    """Try out everything that an audit with the present settings needs, and say what is missing.

    The clock, signing in, every list of CBR, the key that signs digests, and the store: an object is written, read
    back and removed again. A line names what came of it, and the action that IAM must allow.

    Exit codes: 0 everything is there, 2 something is missing.
    """
    checks = list(examined(_variables({**options, "profile": profile})))
    told = [replace(check, detail=log.REDACTOR.text(_with_options(check.detail))) for check in checks]
    is_fine = all(check.result != Result.MISSING for check in told)
    if as_json:
        click.echo(orjson.dumps({"ok": is_fine, "checks": told}, option=orjson.OPT_INDENT_2))
    else:
        for check in told:
            click.echo(printable(f"{check.name:<15} {check.result:<10} {check.detail or check.action}".rstrip()))
        click.echo("Everything is there." if is_fine else "Something is missing.")
    ctx.exit(0 if is_fine else NOT_POSSIBLE)


@main.command()
@click.argument("where", required=False)
@click.option("--project-id", metavar="ID", help="The project, where the store holds several.")
def show(*, where: str | None, project_id: str | None) -> None:
    """Show the latest report of a store, or that of a run.

    WHERE is a folder, a URL such as obs://bucket/prefix, or the id of a run.

    Without WHERE, the store is CBR_AUDIT_STORE, or else the folder of the demo.
    """
    variables = _environment()
    usual = variables.get("CBR_AUDIT_STORE", _DEMO)
    if where and RUN_ID.fullmatch(where):
        _print_report(read_run(store_at(usual, variables), where))
    else:
        _print_report(read_report(store_at(where or usual, variables), project_id))


@main.command()
@click.argument("control_id", metavar="[ID]", required=False)
@click.option("--framework", type=click.Choice([framework.id for framework in FRAMEWORKS]),
              help="Show which requirements of a standard the controls serve instead.")  # fmt: skip
def controls(*, control_id: str | None, framework: str | None) -> None:
    """List the controls, or explain one."""
    if framework is not None:
        if control_id is not None:
            raise click.UsageError("name a control or a framework, not both")
        for line in framework_lines(next(each for each in FRAMEWORKS if each.id == framework)):
            click.echo(line)
        return
    if control_id is None:
        for control in CONTROLS:
            click.echo(f"{control.id}  {control.name:<24}{control.severity:<10}{control.title}")
        on_demand = ", ".join(control.id for control in CONTROLS if control.opt_in)
        click.echo(f"\nOnly where a profile selects them: {on_demand}")
        return
    chosen = next((control for control in CONTROLS if control_id.upper() in {control.id, control.name.upper()}), None)
    if chosen is None:
        raise SettingsError(f"there is no control {control_id!r}; `cbr-audit controls` lists them")
    click.echo(f"{chosen.doc.strip()}\n\nSeverity: {chosen.severity}")


@main.command(name="check")
@click.argument(
    "files", nargs=-1, required=True, metavar="FILE…", type=click.Path(exists=True, dir_okay=False, path_type=Path)
)
@click.option(
    "--kind", type=click.Choice(list(ANSWERS)), help="What the files hold; shown by their fields unless told."
)
@click.option("--json", "as_json", is_flag=True, help="Print one line of JSON for each file.")
@click.pass_context
def check_files(ctx: click.Context, /, *, files: tuple[Path, ...], kind: str | None, as_json: bool) -> None:
    """Check saved answers of the API, gzipped or not, against the schemas.

    Exit codes: 0 as documented, 4 different but usable, 3 rows that cannot be used, 2 not an answer of a known kind.
    """
    codes = [_check_file(path, kind, as_json=as_json) for path in files]
    ctx.exit(next((code for code in (NOT_AN_ANSWER, ROWS_REJECTED, DRIFT_ONLY) if code in codes), 0))


@main.command(short_help="Serve a simulated project until stopped.")
@click.option("--port", type=click.IntRange(0, 65535), default=0, show_default=True, help="0 takes a free port.")
@click.option("--scenario", type=click.Choice(SCENARIOS), default="mixed", show_default=True, help="What to find.")
@click.option("--seed", type=int, default=1, show_default=True, help="Another seed makes another company.")
@click.option("--resources", type=click.IntRange(0), default=40, show_default=True, help="Protected resources.")
@click.option("--days", type=click.IntRange(2), default=30, show_default=True, help="Days that the task log covers.")
@click.option("--as-of", callback=_time, help="The time that the estate is made for; now unless told.")
@click.option("--latency-ms", type=click.IntRange(0), default=0, show_default=True, help="Delay of every answer.")
@click.option("--truth", type=click.Path(dir_okay=False, path_type=Path), help="Write what an auditor must conclude.")
@click.option("--preset", type=click.Choice(PRESETS), default="default", show_default=True,
              help="By which limits the truth is stated.")  # fmt: skip
@click.option("--tampered", is_flag=True, help="Serve it twenty minutes later, after somebody weakened its protection; "
              "the truth is that of a run that follows one without.")  # fmt: skip
@click.option("--riddles", is_flag=True, help="Let a healthy project answer what nobody understands; the truth names "
              "what must be unknown.")  # fmt: skip
@click.option("--ghosts", is_flag=True, help="Let the log of a healthy project speak of vaults that no list shows; the "
              "truth names those that hide.")  # fmt: skip
@click.option("--replanned", type=click.Choice(("before", "now")), help="Tell a healthy project twice, as it was a day "
              "ago and as it is now: a policy was moved, another saved again over a missing run, a resource added. The "
              "truth of now is that of a run that follows one over before.")  # fmt: skip
@click.option("--deny", "denied", type=click.Choice(ACTIONS), metavar="ACTION", multiple=True,
              help="Refuse what needs this IAM action, such as cbr:backups:list; may be repeated.")  # fmt: skip
def simulate(
    *,
    port: int,
    as_of: datetime | None,
    latency_ms: int,
    truth: Path | None,
    preset: str,
    denied: tuple[str, ...],
    **estate: Any,
) -> None:
    """Serve a simulated project on this machine until stopped; prints one line of JSON that says where."""
    estate["as_of"] = as_of or datetime.now(UTC).replace(microsecond=0)
    made = _made(estate, preset, has_truth=truth is not None)
    simulator = Simulator(made, latency=timedelta(milliseconds=latency_ms), denied=denied)
    if truth:
        truth.write_bytes(orjson.dumps(made.truth(preset), option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))
    stopped = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopped.set())
    with serve(simulator, port) as served:
        line = {
            "url": served.url,
            "project_id": simulator.project_id,
            "as_of": shown(made.as_of),
            "token": simulator.token,
            "user": simulator.user,
            "password": simulator.password,
            "domain": simulator.domain,
            "ak": simulator.ak,
            "sk": simulator.sk,
            "signing_kms_key": simulator.key.id,
        }
        click.echo(orjson.dumps(line))
        stopped.wait()


def _made(estate: dict[str, Any], preset: str, *, has_truth: bool) -> Estate:
    """Make a simulated project, and let happen to it what was asked for."""
    tampered, riddles, ghosts, replanned = map(estate.pop, ("tampered", "riddles", "ghosts", "replanned"))
    if tampered and (preset != "default" or estate["scenario"] not in TAMPERED):
        raise SettingsError(f"--tampered is for the default preset and the scenarios {', '.join(TAMPERED)}")
    is_plain = preset == "default" and estate["scenario"] == "healthy" and not tampered
    if riddles and not is_plain:
        raise SettingsError("--riddles is for the default preset and the scenario healthy, without --tampered")
    if ghosts and not (is_plain and not riddles):
        raise SettingsError("--ghosts is for the default preset and the scenario healthy alone")
    if replanned and not (is_plain and not (riddles or ghosts) and (replanned == "now" or not has_truth)):
        raise SettingsError(
            "--replanned is for the default preset and the scenario healthy alone; before has no --truth"
        )
    made, seed = build_estate(**estate), estate["seed"]
    made = tamper(made, seed=seed) if tampered else made
    made = riddle(made, seed=seed) if riddles else made
    made = _haunted(made, seed) if ghosts else made
    return replan(made, seed=seed)[replanned == "now"] if replanned else made


def _haunted(estate: Estate, seed: int) -> Estate:
    try:
        return haunt(estate, seed=seed)
    except ValueError as error:
        raise SettingsError(f"--ghosts: {error}") from error


main.add_command(invoke_command)


@main.group()
def schemas() -> None:
    """Work on the schemas of the cloud's answers."""


@schemas.command(name="derive")
@click.argument("page", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="Write to a file instead of the screen.")
@click.option("--descriptions", is_flag=True, help="Keep the sentences of the page, too; they are its author's.")
def derive_schema(*, page: Path, out: Path | None, descriptions: bool) -> None:
    """Derive a JSON Schema from the text of a saved page of the API documents."""
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
    made = order(variables, since=since, as_of=as_of, profile=given, official=official)
    with watching(sys.stderr) as watch:
        return carry_out(made, watch)


def _print_done(done: Done) -> None:
    _print_report(StoredReport(orjson.loads(json_report.render(done.report)), done.url))


def _print_report(found: StoredReport) -> None:
    console = Console(markup=False, highlight=False, emoji=False, soft_wrap=True)
    colours = {"compliant": "bold green", "non_compliant": "bold red", "incomplete": "bold yellow"}
    try:
        verdict, *rest = summary_lines(found.report)
    except (AttributeError, LookupError, TypeError, ValueError) as error:
        raise StoreError("the report is damaged, or another version of cbr-audit wrote it") from error
    for notice in notices(found.report["run"]):
        console.print(printable(notice), style="bold yellow")
    console.print(verdict, style=colours[found.report["conclusion"]])
    for line in rest:
        console.print(line)
    page = f"{found.url}/report.html"
    click.echo(f"Report   {unquote(urlsplit(page).path) if page.startswith('file:') else page}")


def _check_file(path: Path, kind: str | None, *, as_json: bool) -> int:
    """Check one file, print what was found, and return the exit code that it asks for."""
    try:
        found = check(path.read_bytes(), kind)
    except SourceAnswerError as error:
        if as_json:
            click.echo(orjson.dumps({"file": str(path), "kind": None, "error": str(error)}))
        else:
            click.echo(printable(f"{path}: not an answer of a known kind: {error}"), err=True)
        return NOT_AN_ANSWER
    if as_json:
        click.echo(orjson.dumps({"file": str(path), **as_values(found)}))
    else:
        first, *rest = as_lines(found)
        click.echo("\n".join(map(printable, (f"{path}: {first}", *rest))))
    return ROWS_REJECTED if found.rejected else DRIFT_ONLY if found.drift else 0


def _variables(options: Mapping[str, str | None]) -> dict[str, str]:
    """The environment, with the options that are given in front."""
    given = {name: options.get(option[2:].replace("-", "_")) for name, option in _OPTIONS.items()}
    return _environment() | {name: value for name, value in given.items() if value}


def _environment() -> dict[str, str]:
    return {name: os.environ[name] for name in VARIABLES if os.environ.get(name)}


def _with_options(text: str) -> str:
    """Name the option beside each variable that a settings error speaks of."""
    for name, option in _OPTIONS.items():
        text = text.replace(name, f"{option} ({name})")
    return text


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise SettingsError(f"{path} is not UTF-8 text: byte {error.start}") from error


for command in (verify_store, replay_run, diff_runs):
    main.add_command(command)

if __name__ == "__main__":
    main()
