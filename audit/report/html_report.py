"""report.html: one page for people that asks nothing of the network.

The verdict comes first, then what to do, the calendar, the controls and the evidence. audit/report/page/ works out what
is shown; words and markup are in ``page.html.jinja``, looks in ``page.css.jinja``. Its script, ``page.js``, filters and
sorts; without it the page says the same.
"""

import base64
import hashlib
from functools import cache
from importlib import resources
from itertools import groupby
from typing import Final

from jinja2 import Environment, FunctionLoader, StrictUndefined
from markupsafe import Markup

from audit.collection import Kind, instant
from audit.report.contents import Conclusion, Report
from audit.report.page.calendar_table import cells, dates, groups, legend
from audit.report.page.catalogue import OUTCOMES, doc_parts, fact_words, listed, tally
from audit.report.page.change_lists import change_lists, new_ones
from audit.report.page.framework_tables import standing_style, standing_words, sums, worst
from audit.report.page.problem_list import entries
from audit.report.page.sentences import (
    as_sentence,
    count,
    doubts,
    drift_news,
    explained_sentence,
    readable,
    short,
    verdict_sentence,
)
from audit.report.page.strips import against_limit, late, strips
from audit.report.page.times import Clock, full_date, lasting, minute, month, problem_age
from audit.report.page.unmet_runs import unmet_runs

_MOST_REJECTED: Final = 200
_MOST_GAPS: Final = 12
_TYPES: Final = {
    "OS::Nova::Server": "Server",
    "OS::Ironic::BareMetalServer": "Bare-metal server",
    "OS::Native::Server": "On-premises server",
    "OS::Cinder::Volume": "Disk",
    "OS::Sfs::Turbo": "File system",
    "OS::Workspace::DesktopV2": "Desktop",
    "unknown": "Type not known",
}
_LISTS: Final = {kind: as_sentence(kind.words) for kind in Kind}
_VERDICTS: Final = {
    Conclusion.COMPLIANT: ("compliant", "✓", "Compliant"),
    Conclusion.NON_COMPLIANT: ("failed", "✗", "Not compliant"),
    Conclusion.INCOMPLETE: ("incomplete", "?", "Incomplete"),
}


def render(report: Report) -> bytes:
    """Return the report as one HTML page in UTF-8."""
    environment = _environment()
    grouped = groups(report)
    months = [(name, len(list(days))) for name, days in groupby(dates(report), month)]
    style = environment.get_template("page.css.jinja").render(days=len(dates(report)), months=months)
    clock = Clock(report.run.timezone, report.run.as_of)
    page = environment.get_template("page.html.jinja").render(
        report=report,
        style_sheet=Markup(style),  # noqa: S704 - our own, and it takes nothing from the report but a number
        script=Markup(_source("page.js")),  # noqa: S704 - our own, and it takes nothing from the report
        clock=clock,
        verdict=_VERDICTS[report.conclusion],
        sentence=verdict_sentence(report),
        doubts=doubts(report),
        drift_news=drift_news(report, clock.utc),
        entries=entries(report.problems, new_ones(report.changes)),
        change_lists=change_lists(report.changes) if report.changes else (),
        legend=legend(report),
        dates=dates(report),
        months=months,
        cells=cells(report),
        strips=strips(report),
        late=late(grouped),
        most_gaps=_MOST_GAPS,
        groups=grouped,
        unmet=unmet_runs(grouped),
        names={control.id: control.name for control in report.controls},
        vaults={line.id: line.vaults for line in report.resources},
        reasons={(found.control, found.kind, found.id): found.verdict.reason for found in report.findings},
        tally=tally(report),
        sums=sums,
        worst=worst,
        listed=listed(report),
        most_rejected=_MOST_REJECTED,
    )
    return f"{page}\n".encode()


@cache
def _source(name: str) -> str:
    return (resources.files("audit.report.page") / name).read_text(encoding="utf-8")


def _hash(source: str) -> str:
    """Return what a content security policy knows a style sheet or a script by."""
    return base64.b64encode(hashlib.sha256(source.encode()).digest()).decode()


@cache
def _environment() -> Environment:
    """Read the templates once, when the first page is wanted."""
    environment = Environment(
        loader=FunctionLoader(_source),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=readable,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals |= {"outcomes": OUTCOMES, "lists": _LISTS, "count": count, "instant": instant}
    environment.filters |= {
        "against_limit": against_limit,
        "age_of": problem_age,
        "doc_parts": doc_parts,
        "explained": explained_sentence,
        "fact": fact_words,
        "full_date": full_date,
        "hash": _hash,
        "lasting": lasting,
        "minute": minute,
        "sentence": as_sentence,
        "short": short,
        "standing_style": standing_style,
        "standing_words": standing_words,
        "style": lambda outcome: outcome.replace("_", "-"),
        "type_name": lambda kind: _TYPES.get(kind, kind),
    }
    return environment
