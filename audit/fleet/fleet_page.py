"""The page of a fleet: which accounts are fine, failing or not seen, at one glance; it requests nothing.

It follows from the roll-up alone. Words and markup are in ``audit/report/page/fleet.html.jinja``.
"""

import base64
import hashlib
from collections.abc import Iterator
from functools import cache
from typing import Final, NamedTuple

from jinja2 import Environment
from markupsafe import Markup

from audit.fleet.forms import Status
from audit.fleet.roll_up import FleetReport, RolledUp, TargetLine
from audit.report.facts import Conclusion
from audit.report.page import templates
from audit.report.page.sentences import VERDICTS
from audit.report.page.times import Clock
from audit.report.page.words import marked, words_of

_PAGE: Final = "fleet.html.jinja"
_STYLES: Final = ("page.css.jinja", "fleet.css.jinja")
TEMPLATES: Final = (_PAGE, _STYLES[1])
_MOST_NAMED: Final = 5


class TargetState(NamedTuple):
    """What became of a target, as the page groups it."""

    name: str
    mark: str
    words: str


class CountedState(NamedTuple):
    """The targets in one state, and the accounts that they are in."""

    name: str
    words: str
    targets: int
    accounts: tuple[str, ...]


STATES: Final = (
    TargetState("unseen", "!", "not seen"),
    TargetState("failed", "✗", "failing"),
    TargetState("incomplete", "?", "incomplete"),
    TargetState("compliant", "✓", "fine"),
)
"""What a reader looks for first comes first."""
WHAT: Final = {
    Status.DENIED: "Denied",
    Status.UNREACHABLE: "Unreachable",
    Status.FAILED: "Failed",
    Status.OUT_OF_TIME: "Out of time",
    Status.NEVER: "Never audited",
}
LETTERS: Final = {
    "c": TargetState("c", "✓", "Compliant"),
    "n": TargetState("n", "✗", "Not compliant"),
    "i": TargetState("i", "?", "Incomplete"),
    "d": TargetState("d", "D", "Denied"),
    "u": TargetState("u", "U", "Unreachable"),
    "f": TargetState("f", "F", "Failed"),
    "o": TargetState("o", "T", "Out of time"),
    "-": TargetState("never", "-", "Never audited"),
    "": TargetState("none", "", "Not planned"),
}
DIMENSIONS: Final = {
    "account": "Accounts",
    "region": "Regions",
    "owner": "Owners",
    "enterprise_project": "Enterprise projects",
    "unit": "Organisational units",
}


def render(report: FleetReport, base: str = "../", *, timezone: str = "UTC", language: str = "en") -> bytes:
    """Return the page in UTF-8.

    Args:
        report: the roll-up.
        base: leads from the page to the top of the store.
        timezone: the IANA name of a zone to show in addition to UTC.
        language: the language, as profiles name it.
    """
    words = words_of(language)
    style = "\n".join(environment().get_template(name).render() for name in _STYLES)
    ordered = sorted(report.targets, key=lambda line: (STATES.index(_state(line)), _weight(line), line.target.key))
    page = (
        environment()
        .get_template(_PAGE)
        .render(
            report=report,
            base=base,
            lines=ordered,
            by_key={line.target.key: line for line in report.targets},
            states=tuple(_counted(report)),
            regions=sorted({line.target.region for line in report.targets}),
            sums=tuple(_sums(report.groups)),
            letters=tuple(LETTERS[letter] for letter in LETTERS if letter),
            most_named=_MOST_NAMED,
            clock=Clock(timezone, report.as_of, words),
            words=words,
            count=words.count,
            _=marked(words),
            style_sheet=Markup(style),  # noqa: S704 - our own, and it contains nothing from the report
            script=Markup(templates.source("fleet.js")),  # noqa: S704 - our own, and it contains nothing from the report
        )
    )
    return f"{page}\n".encode()


def _state(line: TargetLine) -> TargetState:
    if line.audited is None:
        return STATES[0]
    names = {Conclusion.NON_COMPLIANT: 1, Conclusion.INCOMPLETE: 2, Conclusion.COMPLIANT: 3}
    return STATES[names[line.audited.conclusion]]


def _weight(line: TargetLine) -> tuple[int, ...]:
    """Order targets of one state: more of what is worse comes first."""
    severities = line.audited.by_severity if line.audited else {}
    return tuple(-severities.get(severity, 0) for severity in ("critical", "high", "medium", "low"))


def _what(line: TargetLine) -> str:
    return VERDICTS[line.audited.conclusion][2] if line.audited else WHAT[line.status]


def _counted(report: FleetReport) -> Iterator[CountedState]:
    for state in STATES:
        lines = [line for line in report.targets if _state(line) == state]
        names = {line.target.account_name or line.target.account for line in lines}
        yield CountedState(
            state.name, state.words, len(lines), tuple(sorted(names)) if state.name != "compliant" else ()
        )


def _sums(groups: tuple[RolledUp, ...]) -> Iterator[tuple[str, list[RolledUp]]]:
    """Yield the sums of each dimension that tells targets apart."""
    for dimension, title in DIMENSIONS.items():
        found = [group for group in groups if group.dimension == dimension]
        if any(group.id for group in found):
            yield title, found


@cache
def environment() -> Environment:
    """Load the templates once, when the first page is rendered."""
    loaded = templates.environment()
    loaded.filters |= {
        "number": "{:,}".format,
        "verdict": VERDICTS.__getitem__,
        "state": _state,
        "what": _what,
        "letter": LETTERS.__getitem__,
        "hash": lambda text: base64.b64encode(hashlib.sha256(str(text).encode()).digest()).decode(),
    }
    return loaded
