"""The command ``cbr-audit invoke``: start the deployed function and print what it returns."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import click
import orjson

from audit.app.event import read_keys
from audit.cli.exit_codes import NO_RESULT, OF_CONCLUSION
from audit.cli.setting_options import environment, given_by
from audit.cloud.functiongraph import GATEWAY, Invoked, invoke, target
from audit.errors import SettingsError
from audit.report.wording import VERDICTS, compliant_by, count, notices, printable

_OPTIONS: Final = {"HUAWEICLOUD_SDK_REGION": "--region", "HUAWEICLOUD_SDK_PROJECT_ID": "--project-id"}


@click.command(name="invoke", short_help="Start the deployed function by hand.")
@click.option("--function", default="cbr-audit", show_default=True, metavar="NAME", help="Name or URN of the function.")
@click.option("--event", metavar="FILE|JSON", default="{}", help='Event for the function, such as \'{"since": "7d"}\'.')
@click.option("--wait/--async", default=True,
              help=f"Wait for the result ({GATEWAY.seconds} seconds at most), or only start the audit.")  # fmt: skip
@click.option("--region", metavar="NAME", help="Region of the function; not needed with a URN.")
@click.option("--project-id", metavar="ID", help="Project of the function; not needed with a URN.")
@click.option("--endpoint", metavar="URL", help="FunctionGraph endpoint, if it is not the region's usual one.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
@click.pass_context
def invoke_command(
    ctx: click.Context,
    /,
    *,
    function: str,
    event: str,
    wait: bool,
    as_json: bool,
    endpoint: str | None,
    **options: str | None,
) -> None:
    """Start the deployed function by hand, with the same credentials as an audit.

    Exit codes: that of the audit with --wait, 0 with --async, 3 if the function failed or took too long.
    """
    urn, variables = target(function, environment() | given_by(_OPTIONS, options))
    asked = _event(event)
    if wait and "fleet" in asked:
        raise SettingsError("what an event asks of a fleet goes on after it: add --async, and look with fleet show")
    invoked = invoke(urn, variables, asked, endpoint=endpoint, wait=wait)
    if as_json:
        click.echo(orjson.dumps({"request_id": invoked.request_id, "returned": invoked.returned}))
    else:
        click.echo("\n".join(printable(line) for line in (_lines(invoked) if wait else _started(invoked, asked))))
    ctx.exit(OF_CONCLUSION.get(str(invoked.returned.get("conclusion")), NO_RESULT) if wait else 0)


def _event(given: str) -> Any:
    """Read an event from JSON, or from a file."""
    if given.lstrip().startswith("{"):
        return read_keys(given.encode(), "the event")
    try:
        return read_keys(Path(given).read_bytes(), given)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise SettingsError(f"cannot read the event {given}: {reason}; give a file, or JSON such as {{}}") from error


def _started(invoked: Invoked, event: Mapping[str, Any]) -> list[str]:
    show = "fleet show" if "fleet" in event else "show"
    return [
        f"Started. The request id is {invoked.request_id}.",
        f"The function will write the report to its store; `cbr-audit {show}` shows the latest one.",
    ]


def _lines(invoked: Invoked) -> list[str]:
    """Return the result of the function as a few lines."""
    result = invoked.returned
    lines = [*notices(result), _verdict(result), ""]
    if result.get("problems"):
        worst = f", the worst {result['worst']}" if result.get("worst") else ""
        lines.append(f"Problems {count(int(result['problems']), 'problem')}{worst}")
    lines += [f"Gap      {gap}" for gap in result.get("gaps", ())]
    return [
        *lines,
        f"Report   {result.get('prefix')}/report.html in the function's store",
        f"Show it  cbr-audit show {result.get('run')}",
    ]


def _verdict(result: Mapping[str, Any]) -> str:
    conclusion, left_out = str(result.get("conclusion")), result.get("controls_left_out")
    if conclusion == "compliant" and left_out:
        return compliant_by(int(result.get("controls", 0)), int(left_out))
    return VERDICTS.get(conclusion, f"Conclusion: {conclusion}")
