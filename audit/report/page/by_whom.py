"""By whom something was done, as the page says it at a problem."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from markupsafe import Markup

from audit.report.actors import OF_EACH, tell
from audit.report.contents import Report
from audit.report.page.names import inert
from audit.report.page.times import Clock
from audit.report.page.words import Words, marked
from audit.report.problems import Problem
from audit.timestamps import shown


class ByWhom:
    """Tells who may have done what problems show."""

    def __init__(self, report: Report, clock: Clock, words: Words) -> None:
        """Store who did what, and how to write times and words."""
        self._report = report
        self._clock = clock
        self._say = marked(words)
        self._is_english = words.tag == "en"

    def of(self, problems: Iterable[Problem]) -> Sequence[Markup]:
        """Tell it of an entry; nothing if nobody is named for a reason that the page says once."""
        found = self._report.behind(problems)
        if found is None or not (found.named or found.why_not in OF_EACH):
            return ()
        return [*tell(found, self, self._when, self._mark)]

    @property
    def unread(self) -> Sequence[str]:
        """Why nobody is named, where the reason is said once."""
        found = (self._report.behind([problem]) for problem in self._report.problems)
        whys = dict.fromkeys(each.why_not for each in found if each and not each.named)
        return [why for why in whys if why not in OF_EACH]

    def text(self, english: str, /, **parts: object) -> Any:
        """Fill in the parts of a text, and translate it."""
        return self._say(english, **parts)

    def _when(self, moment: datetime) -> Markup:
        time = self._say("{time} UTC", time=self._clock.utc(moment))
        return Markup(f"<time datetime={shown(moment)}>{time}</time>")  # noqa: S704  # digits and words of ours

    def _mark(self, name: str) -> Markup:
        return Markup(f"<bdi>{inert(name)}</bdi>")  # noqa: S704  # escaped
