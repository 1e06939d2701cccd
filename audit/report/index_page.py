"""index.html: the results of recent runs, for people; it links to their pages and is not evidence itself.

It follows from the report of the latest run alone, whose trend is covered by the chain of digests. Like that report, it
requests nothing from the network.
"""

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, partial
from typing import Any, Final

from jinja2 import Environment

from audit.report.baseline import TrendLine, recall
from audit.report.contents import Report
from audit.report.facts import Conclusion
from audit.report.page import templates
from audit.report.page.sentences import VERDICTS
from audit.report.page.times import Clock
from audit.report.page.trend_charts import HEIGHT, WIDTH, age_words, backup_hours, charts, passed_per_mille
from audit.report.page.words import Words, marked, words_of

_PAGE: Final = "index.html.jinja"
_STYLES: Final = ("page.css.jinja", "index.css.jinja")
TEMPLATES: Final = (_PAGE, *_STYLES)


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexPage:
    """The contents of the page.

    Attributes:
        timezone: the IANA name of the zone that the page shows in addition to UTC.
        language: the language, as profiles name it.
        lines: the runs, the latest one last; never empty.
        trouble: why earlier runs are unknown; None if they are known or there are none.
    """

    project_id: str
    region: str
    timezone: str
    language: str
    lines: tuple[TrendLine, ...]
    trouble: str | None


def index_of(report: Report) -> IndexPage:
    """Extract the page's contents from the report of the latest run."""
    run = report.run
    return IndexPage(
        project_id=run.project_id,
        region=run.region,
        timezone=run.timezone,
        language=run.language,
        lines=report.trend,
        trouble=run.previous.trouble,
    )


def stored_index(report: Mapping[str, Any]) -> IndexPage:
    """Extract them from its report.json.

    Raises:
        LookupError, TypeError, ValueError: it is not a report of this version.
    """
    run = report["run"]
    return IndexPage(
        project_id=run["project_id"],
        region=run["region"],
        timezone=run["timezone"],
        language=str(run["language"]),
        lines=recall(report).trend,
        trouble=run["previous"]["trouble"],
    )


def render(index: IndexPage) -> bytes:
    """Return the page in UTF-8."""
    read = environment().get_template
    words = words_of(index.language)
    style = "".join(read(name).render() for name in _STYLES)
    page = read(_PAGE).render(
        index=index,
        newest=index.lines[-1],
        clock=Clock(index.timezone, index.lines[-1].as_of, words),
        words=words,
        count=words.count,
        age=partial(_age, words=words),
        _=marked(words),
        style=style,
        style_hash=base64.b64encode(hashlib.sha256(style.encode()).digest()).decode(),
        charts=charts(index.lines, words),
    )
    return f"{page}\n".encode()


def _age(line: TrendLine, words: Words) -> str:
    hours = backup_hours(line)
    return words.text("none") if hours is None else age_words(hours, words)


@cache
def environment() -> Environment:
    """Load the templates once, when the first page is rendered."""
    environment = templates.environment()
    environment.globals |= {"width": WIDTH, "height": HEIGHT}
    environment.filters |= {
        "place": lambda line: f"{line.as_of:%Y/%m/%d}/{line.run}/report.html",
        "number": "{:,}".format,
        "rate": passed_per_mille,
        "verdict": lambda line: VERDICTS[Conclusion(line.conclusion)],
    }
    return environment
