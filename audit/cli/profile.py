"""The commands ``cbr-audit profile …``: write a starter profile, check profiles and explain them."""

from datetime import UTC, datetime
from pathlib import Path

import click

from audit.cli.exit_codes import NOT_USABLE
from audit.cli.screen import printable
from audit.errors import ProfileError
from audit.profile import PRESETS, build, find_source
from audit.profile.applied import controls_of
from audit.profile.explanation import explain
from audit.profile.remarks import remarks
from audit.profile.starter import starter
from audit.report.wording import count


@click.group()
def profile() -> None:
    """Write, check and explain profiles.

    A profile holds the rules that backups are judged by.
    """


@profile.command()
@click.option(
    "--preset", type=click.Choice(PRESETS), default="default", show_default=True, help="Preset to start from."
)
@click.argument("file", default="profile.yaml", type=click.Path(dir_okay=False, path_type=Path))
def init(*, preset: str, file: Path) -> None:
    """Write a starter profile with every key explained.

    FILE defaults to profile.yaml. An existing file is never overwritten.
    """
    try:
        with file.open("x", encoding="utf-8") as new:
            new.write(starter(preset))
    except FileExistsError as error:
        raise ProfileError(f"{file} already exists; choose another name") from error
    click.echo(f"Wrote {file}. Edit it, then run `cbr-audit profile check {file}`.")


@profile.command()
@click.argument("files", nargs=-1, required=True, metavar="FILE…")
@click.pass_context
def check(ctx: click.Context, /, *, files: tuple[str, ...]) -> None:
    """Check profiles, and warn about settings that have no effect.

    Exit codes: 0 every profile is valid, 2 at least one is not.
    """
    usable = [_check(file) for file in files]
    ctx.exit(0 if all(usable) else NOT_USABLE)


@profile.command(name="explain")
@click.argument("file", required=False)
def explain_profile(*, file: str | None) -> None:
    """Explain in plain words what a profile requires.

    FILE is a file or the name of a preset. The default is the preset 'default'.
    """
    source = find_source(file)
    for line in explain(source, build(source), datetime.now(UTC)):
        click.echo(printable(line))


def _check(file: str) -> bool:
    """Print the errors in one profile, or its warnings, and return whether it is valid."""
    try:
        source = find_source(file)
        built = build(source)
    except ProfileError as error:
        for line in [f"{file}: {fault}" for fault in error.faults] or [str(error)]:
            click.echo(printable(line), err=True)
        return False
    for remark in remarks(source, built, datetime.now(UTC)):
        click.echo(printable(f"{file}: warning: {remark}"), err=True)
    counts = f"{count(len(controls_of(built)), 'control')}, {count(len(built.waivers), 'waiver')}"
    click.echo(printable(f"{file}: valid: {counts}"))
    return True
