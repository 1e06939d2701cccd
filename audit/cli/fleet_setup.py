"""The commands ``cbr-audit fleet doctor`` and ``agency``: what a fleet needs, and whether it is there."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from itertools import groupby
from pathlib import Path

import click
import orjson

from audit.app.doctor import Check, Result
from audit.cli.exit_codes import NOT_POSSIBLE
from audit.cli.fleet import FILE_SETTING, settings_from, with_options, with_settings
from audit.cli.fleet_doctor import HOME, PlacedCheck, run_fleet_checks
from audit.cli.screen import printable
from audit.errors import SettingsError
from audit.fleet.agency import agency_files
from audit.fleet.configuration import FleetConfiguration, load_fleet
from audit.log import REDACTOR
from audit.report.wording import count


@click.command(name="doctor", short_help="Check everything that a fleet needs.")
@with_settings
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
@click.pass_context
def examine_fleet(ctx: click.Context, /, *, as_json: bool, **options: str | None) -> None:
    """Check everything that a fleet with these settings needs, and report what is missing.

    Checks who one is, whether Organizations and IAM can be asked, for each project of the fleet as whom it is read and
    whether each of its lists can be, and once the signing key and the store. Nothing stays stored.

    Exit codes: 0 all checks passed, 2 something is missing.
    """
    found = [_for_people(each) for each in run_fleet_checks(settings_from(options))]
    is_ready = all(each.check.result != Result.MISSING for each in found)
    if as_json:
        click.echo(orjson.dumps({"ok": is_ready, "checks": found}, option=orjson.OPT_INDENT_2))
    else:
        for line in _lines(found):
            click.echo(printable(line))
        click.echo("Ready to audit." if is_ready else "Not ready: fix what is MISSING, then run fleet doctor again.")
    ctx.exit(0 if is_ready else NOT_POSSIBLE)


def _for_people(placed: PlacedCheck) -> PlacedCheck:
    """Redact a check, and name options beside settings, which are those of home."""
    text = REDACTOR.text(placed.check.detail)
    shown = with_options(text) if placed.place == HOME else text
    return PlacedCheck(placed.place, replace(placed.check, detail=shown))


def _lines(found: Iterable[PlacedCheck]) -> Iterator[str]:
    """Yield a line for each check; a target in which everything is there has only one."""
    for place, placed in groupby(found, key=lambda each: each.place):
        checks = [each.check for each in placed]
        names = [check.name for check in checks]
        less = [check for check in checks if check.result == Result.WITHOUT]
        if "sign-in" in names and all(check.result == Result.OK or check in less for check in checks):
            who = next((check.detail for check in checks if check.name == "agency"), "the own identity")
            lists = count(len(names) - names.index("sign-in") - 1 - len(less), "list")
            yield f"{Result.OK:<10} {place}: {lists} can be read, as {who}"
            yield from (_line(place, check) for check in less)
        else:
            yield from (_line(place, check) for check in checks)


def _line(place: str, check: Check) -> str:
    return f"{check.result:<10} {place}: {check.name}: {check.detail or check.action}".rstrip(": ")


@click.command(name="agency", short_help="Show what each account has to set up.")
@FILE_SETTING
@click.option("--home-name", metavar="NAME", help="Name of the account that audits the others, for Terraform.  "
              "[default: as the fleet file has it]")  # fmt: skip
@click.option("--out", metavar="FOLDER", type=click.Path(file_okay=False, path_type=Path),
              help="Write them to files in this folder, which must not exist.  [default: standard output]")  # fmt: skip
def show_agency(*, file: str | None, home_name: str | None, out: Path | None) -> None:
    """Show what each account sets up to be read: trust and identity policies, and Terraform; and what home needs.

    The trust policy demands CBR_AUDIT_EXTERNAL_ID if that is set. Nothing is asked or changed in the cloud.
    """
    variables = settings_from({"file": file})
    if "CBR_AUDIT_FLEET" not in variables:
        raise SettingsError("set --file (CBR_AUDIT_FLEET) to the fleet file")
    configuration = load_fleet(variables["CBR_AUDIT_FLEET"]).configuration
    name = home_name or _home_name(configuration, variables)
    files = agency_files(configuration, name, variables.get("CBR_AUDIT_EXTERNAL_ID", ""))
    if out is None:
        for place, data in files.items():
            click.echo(f"--- {place}\n{data.decode()}")
        return
    out.mkdir(parents=True)
    for place, data in files.items():
        (out / place).parent.mkdir(exist_ok=True)
        (out / place).write_bytes(data)
        click.echo(f"Wrote {out / place}")


def _home_name(configuration: FleetConfiguration, variables: Mapping[str, str]) -> str:
    """Return the name of home, as the fleet file or the settings have it."""
    listed = (account.name for account in configuration.listed if account.id == configuration.home)
    name = next(listed, "") or variables.get("CBR_AUDIT_DOMAIN", "")
    if not name:
        raise SettingsError("give the name of the account that audits the others with --home-name")
    return name
