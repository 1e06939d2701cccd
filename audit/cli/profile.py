"""The commands ``cbr-audit profile …``: write a first profile, check one, and say what it demands."""

from datetime import UTC, datetime
from pathlib import Path

import click

from audit.cli.exit_codes import NOT_USABLE
from audit.cli.screen import printable
from audit.errors import ProfileError
from audit.profile import PRESETS, build, find_source
from audit.profile.explanation import explain
from audit.profile.remarks import remarks
from audit.profile.starter import starter
from audit.report.wording import count


@click.group()
def profile() -> None:
    """Write, check and explain profiles: what is demanded of backups."""


@profile.command()
@click.option("--preset", type=click.Choice(PRESETS), default="default", show_default=True, help="What it stands on.")
@click.argument("file", default="profile.yaml", type=click.Path(dir_okay=False, path_type=Path))
def init(*, preset: str, file: Path) -> None:
    """Write a first profile with every key explained.

    FILE is profile.yaml unless told; a file that exists is never overwritten.
    """
    try:
        with file.open("x", encoding="utf-8") as new:
            new.write(starter(preset))
    except FileExistsError as error:
        raise ProfileError(f"{file} exists already; choose another name") from error
    click.echo(f"Wrote {file}: change it, then run `cbr-audit profile check {file}`")


@profile.command()
@click.argument("files", nargs=-1, required=True, metavar="FILE…")
@click.pass_context
def check(ctx: click.Context, /, *, files: tuple[str, ...]) -> None:
    """Check profiles, and warn of what will be unused.

    Exit codes: 0 every profile can be used, 2 one cannot.
    """
    usable = [_check(file) for file in files]
    ctx.exit(0 if all(usable) else NOT_USABLE)


@profile.command(name="explain")
@click.argument("file", required=False)
def explain_profile(*, file: str | None) -> None:
    """Say in plain words what a profile demands.

    FILE is a file or the name of a preset; the default preset unless told.
    """
    source = find_source(file)
    for line in explain(source, build(source), datetime.now(UTC)):
        click.echo(printable(line))


def _check(file: str) -> bool:
    """Print what is wrong with one profile, or what it will not use."""
    try:
        source = find_source(file)
        made = build(source)
    except ProfileError as error:
        for line in [f"{file}: {fault}" for fault in error.faults] or [str(error)]:
            click.echo(printable(line), err=True)
        return False
    for remark in remarks(source, made, datetime.now(UTC)):
        click.echo(printable(f"{file}: warning: {remark}"), err=True)
    counts = f"{count(len(made.selected), 'control')}, {count(len(made.waivers), 'waiver')}"
    click.echo(printable(f"{file}: can be used: {counts}"))
    return True
