"""The command ``changes``: list what the watch judged."""

from collections.abc import Iterator
from typing import Any, Final

import click
import orjson

from audit.cli.screen import place, printable
from audit.cli.stores import opened_store, project_of
from audit.timestamps import shown
from audit.watch.change_list import ListedChange, newest_changes
from audit.watch.change_message import who

_COLUMNS: Final = "{:<21} {:<8} {:<14} {:<24} {:<32} {:<5} {}"


@click.command(name="changes", short_help="List the changes that the watch judged.")
@click.argument("where", required=False, metavar="[STORE]")
@click.option("--project-id", metavar="ID", help="Project, if the store has several.")
@click.option(
    "--last", "most", type=click.IntRange(min=1), default=20, show_default=True, metavar="N", help="How many to list."
)
@click.option("--json", "as_json", is_flag=True, help="Print each change as it is stored, as JSON.")
def list_changes(*, where: str | None, project_id: str | None, most: int, as_json: bool) -> None:
    """List the newest changes: when, how severe, what was done, to what, by whom, and whether people were told.

    STORE is a folder or a URL such as obs://bucket/prefix; without it, CBR_AUDIT_STORE, or else the folder of the demo.

    Only what Cloud Trace Service confirmed is listed; `verify` also names events that it did not.
    """
    store = opened_store(where)
    found = [*newest_changes(store, project_of(store, project_id), most)]
    if as_json:
        click.echo(orjson.dumps([*map(_as_json, found)], option=orjson.OPT_INDENT_2))
    elif not found:
        click.echo("No changes: no event of Cloud Trace Service was judged here.")
    else:
        for line in _lines(found):
            click.echo(printable(line))


def _as_json(each: ListedChange) -> dict[str, Any]:
    return {"change": each.report.model_dump(mode="json"), "told": each.is_told, "url": each.url}


def _lines(found: list[ListedChange]) -> Iterator[str]:
    yield _COLUMNS.format("WHEN", "SEVERITY", "OUTCOME", "WHAT", "OF", "TOLD", "BY WHOM").rstrip()
    for report, is_told, url in found:
        trace = report.trace
        severity = report.severity if report.is_alarming else "-"
        thing = trace.resource_name or trace.resource_id or "-"
        told = "yes" if is_told else "no" if report.is_alarming else "-"
        yield _COLUMNS.format(shown(trace.at), severity, report.outcome, trace.operation, thing, told, who(trace.actor))
        if report.is_alarming:
            yield f"  {report.reason}: {place(url)}"
