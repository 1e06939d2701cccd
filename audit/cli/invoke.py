"""The command ``cbr-audit invoke``: what is asked for, and what is shown of the answer."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click
import orjson

from audit.app.event import read_keys
from audit.cli.exit_codes import NO_RESULT, OF_CONCLUSION
from audit.cloud.functiongraph import Invoked, invoke, target
from audit.errors import SettingsError
from audit.report.wording import VERDICTS, compliant_by, count, notices, printable
from audit.settings import VARIABLES


@click.command(name="invoke", short_help="Start the deployed function by hand.")
@click.option("--function", default="cbr-audit", show_default=True, metavar="NAME", help="The function's name or URN.")
@click.option(
    "--event", metavar="FILE|JSON", default="{}", help='What the function is told, such as \'{"since": "7d"}\'.'
)
@click.option("--wait/--async", default=True, help="Wait for the answer (90 seconds at most), or only start it.")
@click.option("--region", metavar="NAME", help="Region of the function, unless its URN says so.")
@click.option("--project-id", metavar="ID", help="Project of the function, unless its URN says so.")
@click.option("--endpoint", metavar="URL", help="Endpoint of FunctionGraph, where the region does not give it.")
@click.option("--json", "as_json", is_flag=True, help="Print what came back as JSON.")
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
    """Start the deployed function by hand, signed in as for an audit.

    Exit codes: as of an audit when waiting, 0 when the function was only started, 3 when it failed or took too long.
    """
    names = {"region": "HUAWEICLOUD_SDK_REGION", "project_id": "HUAWEICLOUD_SDK_PROJECT_ID"}
    variables = {name: os.environ[name] for name in VARIABLES if os.environ.get(name)}
    variables |= {names[option]: value for option, value in options.items() if value}
    urn, variables = target(function, variables)
    invoked = invoke(urn, variables, _event(event), endpoint=endpoint, wait=wait)
    if as_json:
        click.echo(orjson.dumps({"request_id": invoked.request_id, "returned": invoked.returned}))
    else:
        click.echo("\n".join(printable(line) for line in (_lines(invoked) if wait else _started(invoked))))
    ctx.exit(OF_CONCLUSION.get(str(invoked.returned.get("conclusion")), NO_RESULT) if wait else 0)


def _event(given: str) -> Any:
    """Read an event that is JSON itself, or the file that holds it."""
    if given.lstrip().startswith("{"):
        return read_keys(given.encode(), "the event")
    try:
        return read_keys(Path(given).read_bytes(), given)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise SettingsError(f"the event {given} cannot be read: {reason}; give a file, or JSON such as {{}}") from error


def _started(invoked: Invoked) -> list[str]:
    return [
        f"Started. FunctionGraph calls it request {invoked.request_id}.",
        "Its report will be in the function's store: `cbr-audit show` shows the latest one.",
    ]


def _lines(invoked: Invoked) -> list[str]:
    """Say what the function returned in a few lines."""
    told = invoked.returned
    lines = [*notices(told), _verdict(told), ""]
    if told.get("problems"):
        worst = f", the worst {told['worst']}" if told.get("worst") else ""
        lines.append(f"Problems {count(int(told['problems']), 'problem')}{worst}")
    lines += [f"Gap      {gap}" for gap in told.get("gaps", ())]
    return [
        *lines,
        f"Report   {told.get('prefix')}/report.html in the function's store",
        f"Show it  cbr-audit show {told.get('run')}",
    ]


def _verdict(told: Mapping[str, Any]) -> str:
    conclusion, left_out = str(told.get("conclusion")), told.get("controls_left_out")
    if conclusion == "compliant" and left_out:
        return compliant_by(int(told.get("controls", 0)), int(left_out))
    return VERDICTS.get(conclusion, f"Conclusion: {conclusion}")
