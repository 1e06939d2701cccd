"""The command ``prune``: remove what the profile's retention lets go."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

import click

from audit.cli.exit_codes import NOT_POSSIBLE
from audit.cli.screen import printable
from audit.cli.stores import opened_store, project_of
from audit.errors import StoreError
from audit.evidence.prune import Removal, plan_removal
from audit.evidence.store import ProbedStore


@click.command(name="prune", short_help="Remove what the profile's retention lets go.")
@click.argument("where", required=False, metavar="[STORE]")
@click.option("--project-id", metavar="ID", help="Project, if the store has several.")
@click.option("--yes", "is_meant", is_flag=True, help="Remove it; without this option, only say what would be removed.")
@click.pass_context
def prune_store(ctx: click.Context, /, *, where: str | None, project_id: str | None, is_meant: bool) -> None:
    """Remove the evidence and the reports of old runs, as the profile of the newest run says under `retention`.

    What a run needs that is kept stays, and so do all digests: `verify` knows what was pruned.

    STORE is a folder or a URL such as obs://bucket/prefix; without it, CBR_AUDIT_STORE, or else the folder of the demo.

    Exit codes: 0 removed, or nothing to remove; 2 something could not be removed, or wrong usage.
    """
    store = opened_store(where)
    removals = plan_removal(store, project_of(store, project_id), datetime.now(UTC))
    for removal in removals:
        click.echo(printable(f"{removal.what}: {len(removal.keys):,} objects"))
    number = sum(len(removal.keys) for removal in removals)
    if not removals:
        click.echo("Nothing to remove: the profile sets no retention, or no run is older than that.")
    elif not is_meant:
        click.echo(f"{number:,} objects would be removed. Nothing was: add --yes.")
    elif refusals := list(_removed(store, removals)):
        for refusal in refusals:
            click.echo(f"Not removed: {printable(refusal)}", err=True)
        click.echo("Objects that are locked (WORM) stay until their lock ends: run prune again then.", err=True)
        ctx.exit(NOT_POSSIBLE)
    else:
        click.echo(f"{number:,} objects were removed.")


def _removed(store: ProbedStore, removals: Sequence[Removal]) -> Iterator[str]:
    """Remove everything; yield why something had to stay, with the rest of what belongs to it."""
    for removal in removals:
        try:
            for key in removal.keys:
                store.remove(key)
        except StoreError as error:
            yield f"{removal.what}: {error}"
