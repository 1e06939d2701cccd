"""report.html: one page for people that requests nothing from the network.

The verdict comes first, then what to do, the calendar, the controls and the evidence. audit/report/page/ computes what
is shown; words and markup are in ``page.html.jinja``, styles in ``page.css.jinja``. Its script, ``page.js``, filters
and sorts; without it, the page has the same contents. ``words.py`` translates the words.
"""

import base64
import hashlib
from collections.abc import Iterator, Mapping
from functools import cache, partial
from itertools import groupby, islice
from typing import Any, Final

from jinja2 import Environment
from markupsafe import Markup

from audit.collection import ALL_GRANTED, Kind
from audit.judging.witnesses import Pair
from audit.report.contents import Report
from audit.report.page import templates
from audit.report.page.by_whom import ByWhom
from audit.report.page.calendar_rows import CalendarRows
from audit.report.page.calendar_strips import late, strips
from audit.report.page.calendar_table import dates, groups, legend, lengths
from audit.report.page.catalogue import OUTCOMES, doc_parts, listed, not_met
from audit.report.page.change_lists import change_lists, new_ones
from audit.report.page.enterprise_projects import EnterpriseProjects
from audit.report.page.framework_tables import standing_style, standing_words, sums, worst
from audit.report.page.items import Items
from audit.report.page.names import identity, marked_up, shortened
from audit.report.page.problem_list import by_severity, entries
from audit.report.page.protection_lists import protection_lists
from audit.report.page.sentences import (
    VERDICTS,
    as_sentence,
    doubts,
    drift_news,
    each_explained_sentence,
    explained_sentence,
    notices,
    verdict_sentence,
)
from audit.report.page.times import Clock, full_date, month
from audit.report.page.unmet_runs import unmet_runs
from audit.report.page.words import Words, marked, words_of
from audit.timestamps import shown

_PAGE: Final = "page.html.jinja"
_STYLE: Final = "page.css.jinja"
TEMPLATES: Final = (_PAGE, _STYLE)
_MOST_REJECTED: Final = 200
_AT_A_TIME: Final = 1000
"""The number of parts of a page that are joined at a time; most are a few words."""
LISTS: Final = {kind: as_sentence(kind.words) for kind in Kind}


def render(report: Report) -> bytes:
    """Return the report as one HTML page in UTF-8."""
    return b"".join(pieces(report))


def pieces(report: Report) -> Iterator[bytes]:
    """Yield the page in parts."""
    words = words_of(report.run.language)
    page = environment()
    months = [(name, len(list(days))) for name, days in groupby(dates(report), partial(month, words=words))]
    style = page.get_template(_STYLE).render(
        days=len(dates(report)), months=months, legend=legend(report), runs=lengths(report)
    )
    parts = page.get_template(_PAGE).generate(
        report=report,
        style_sheet=Markup(style),  # noqa: S704 - our own, and it contains nothing from the report but numbers
        script=Markup(templates.source("page.js")),  # noqa: S704 - our own, and it contains nothing from the report
        months=months,
        most_rejected=_MOST_REJECTED,
        **_contents(report, words),
        **_functions(words),
    )
    while some := "".join(islice(parts, _AT_A_TIME)):
        yield some.encode()
    yield b"\n"


def _contents(report: Report, words: Words) -> Mapping[str, Any]:
    """Compute every part of the page."""
    found = not_met(report)
    grouped, drawn = groups(report, found, words), strips(report)
    reasons: Mapping[Pair, str] = {(each.control, each.kind, each.id): each.verdict.reason for each in found.failures}
    clock, projects = Clock(report.run.timezone, report.run.as_of, words), EnterpriseProjects(report)
    return {
        "clock": clock,
        "verdict": VERDICTS[report.conclusion],
        "notices": tuple(notices(report.run, words)),
        "sentence": verdict_sentence(report, words),
        "doubts": doubts(report, words),
        "drift_news": drift_news(report, words, clock.utc),
        "severities": by_severity(report.problems),
        "entries": entries(report.problems, new_ones(report.changes), reasons),
        "change_lists": change_lists(report.changes) if report.changes else (),
        "protection_lists": protection_lists(report.protection, clock, words),
        "legend": legend(report),
        "dates": dates(report),
        "calendar_rows": CalendarRows(dates(report), drawn, clock, projects, words),
        "items": Items({line.id: line.vaults for line in report.resources}, clock, projects, words),
        "by_whom": ByWhom(report, clock, words),
        "projects": projects,
        "strips": drawn,
        "late": late(grouped),
        "groups": grouped,
        "unmet": unmet_runs(grouped, words),
        "names": {control.id: control.name for control in report.controls},
        "reasons": reasons,
        "tally": report.tally,
        "listed": listed(report.controls, found),
    }


def _functions(words: Words) -> Mapping[str, Any]:
    """Return the functions that the template calls for words."""
    return {
        "_": marked(words),
        "words": words,
        "count": words.count,
        "each_explained": partial(each_explained_sentence, words=words),
        "explained": partial(explained_sentence, words=words),
        "full_date": partial(full_date, words=words),
        "sums": partial(sums, words=words),
    }


def _hash(source: str) -> str:
    """Return the hash by which a content security policy allows a style sheet or script."""
    return base64.b64encode(hashlib.sha256(source.encode()).digest()).decode()


@cache
def environment() -> Environment:
    """Load the templates once, when the first page is rendered."""
    environment = templates.environment()
    environment.globals |= {
        "outcomes": OUTCOMES,
        "lists": LISTS,
        "all_granted": ALL_GRANTED,
        "identity": identity,
        "worst": worst,
    }
    environment.filters |= {
        "doc_parts": doc_parts,
        "hash": _hash,
        "marked_up": marked_up,
        "number": "{:,}".format,
        "sentence": as_sentence,
        "shortened": shortened,
        "shown": shown,
        "standing_style": standing_style,
        "standing_words": standing_words,
        "style": lambda outcome: outcome.replace("_", "-"),
    }
    return environment
