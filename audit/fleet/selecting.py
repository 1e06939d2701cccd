"""Which targets the rules of a fleet select, and which rules can never count."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from audit.fleet.configuration import FleetConfiguration, TargetSelector
from audit.fleet.found import FoundAccount
from audit.judging.patterns import fits
from audit.profile.written import KeyPath

_LACKING: Final = {
    "accounts": "none of its accounts is listed",
    "units": "accounts have units only while discovery.organization is on",
    "tags": "no account that is listed has such a tag",
}


def is_about_accounts(selector: TargetSelector) -> bool:
    """Whether it selects whole accounts."""
    return selector.parts.keys() <= _LACKING.keys()


def selects(
    selector: TargetSelector, account: FoundAccount, region: str = "", project_id: str = "", project_name: str = ""
) -> bool:
    """Whether every part that is given fits; what could not be read fits nothing."""
    texts: Mapping[str, Sequence[str]] = {
        "accounts": (account.id, account.name),
        "units": tuple(account.unit_names),
        "tags": tuple(text for key, value in account.tags.items() for text in (key, f"{key}={value}")),
        "regions": (region,),
        "projects": (project_id, project_name),
    }
    return all(fits(patterns, *texts[part]) for part, patterns in selector.parts.items())


def remarks(configuration: FleetConfiguration) -> Iterator[tuple[KeyPath, str]]:
    """Yield what has no effect, each with its place in the file."""
    for name, selectors in (("rules", configuration.rules), ("leave_out", configuration.leave_out)):
        for number, selector in enumerate(selectors):
            earlier = next((place for place in range(number) if _covers(selectors[place], selector)), None)
            if earlier is not None:
                yield (name, number), f"it can never count: number {earlier + 1} of {name} selects all of it"
            elif lacking := _impossible(configuration, selector):
                yield (name, number), f"it can never count: {lacking}"
    if configuration.agency and configuration.discovery.organization and configuration.home is None:
        yield ("agency",), "without home, it is assumed in the account of the audit itself, too"
    for key in ("include_units", "exclude_units"):
        if getattr(configuration.discovery, key) and not configuration.discovery.organization:
            yield ("discovery", key), f"{key} has no effect while discovery.organization is off"


def _covers(first: TargetSelector, second: TargetSelector) -> bool:
    """Whether the first one surely selects everything that the second one does."""
    return all(
        part in second.parts and all(_is_within(pattern, patterns) for pattern in second.parts[part])
        for part, patterns in first.parts.items()
    )


def _is_within(pattern: str, patterns: tuple[str, ...]) -> bool:
    """Whether a pattern surely stands for nothing but what the others stand for."""
    plain = tuple(other for other in patterns if "?" not in other)  # a ? would take a * for a character
    return pattern in patterns or fits(plain, pattern)


def _impossible(configuration: FleetConfiguration, selector: TargetSelector) -> str:
    """Say which part can fit nothing, whatever is found."""
    regions = _regions(configuration)
    if selector.regions and regions is not None and not fits(selector.regions, *regions):
        return "none of its regions is audited"
    if configuration.discovery.organization:
        return ""
    known = [*configuration.listed, *(FoundAccount(id=each.account) for each in configuration.targets)]
    for part, lacking in _LACKING.items():
        alone = TargetSelector.model_construct(**{part: getattr(selector, part)})
        if not any(selects(alone, account) for account in known):
            return lacking
    return ""


def _regions(configuration: FleetConfiguration) -> set[str] | None:
    """Return every region that can be audited; None if that is not limited."""
    usual = configuration.discovery.regions
    if usual is None:
        return None
    own = (region for account in configuration.listed for region in account.regions or ())
    return {*usual, *own, *(each.region for each in configuration.targets)}
