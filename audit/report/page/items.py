"""What the lists of the page say about each resource, problem or finding, as markup.

It is written here because the template took five times as long: each list may have thousands of items.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import timedelta
from typing import Final

from markupsafe import Markup, escape

from audit.judging.findings import Fact, Finding
from audit.report.changes import Change
from audit.report.contents import ResourceLine
from audit.report.page.catalogue import fact_words
from audit.report.page.enterprise_projects import EnterpriseProjects
from audit.report.page.names import identity, inert
from audit.report.page.times import Clock, lasting, problem_age
from audit.report.page.unmet_runs import Ended, Unmet
from audit.report.page.words import Words
from audit.report.problems import Problem
from audit.report.timeline import Gap, Timeline
from audit.subjects import SubjectKind

_MOST_GAPS: Final = 12


class Items:
    """Writes the items of lists."""

    def __init__(
        self, vaults: Mapping[str, tuple[str, ...]], clock: Clock, projects: EnterpriseProjects, words: Words
    ) -> None:
        """Store the names of the vaults of each resource, the marks of items, and how to write times and words."""
        self._vaults = vaults
        self._clock = clock
        self._projects = projects
        self._words = words
        self._comma = inert(words.comma)
        self._facts: dict[tuple[str, type, Fact], str] = {}

    def late(self, lines: Iterable[ResourceLine]) -> Iterator[Markup]:
        """Write how long each resource went without a backup."""
        return (self._of(line, self._gaps(line.timeline)) for line in lines)

    def unmet(self, unmet: Iterable[Unmet]) -> Iterator[Markup]:
        """Write which planned runs of each resource brought no backup."""
        return (self._of(each.line, self._runs(each)) for each in unmet)

    def findings(self, findings: Iterable[Finding]) -> Iterator[Markup]:
        """Write the finding of each subject."""
        return (_named(each.name, each.id, self._found(each)) for each in findings)

    def named(self, changes: Iterable[Change]) -> Iterator[Markup]:
        """Write the subject of each change."""
        return (_item(identity(each.name, each.id)) for each in changes)

    def alike(self, problems: Iterable[Problem]) -> Iterator[Markup]:
        """Write the subject of each problem, and since when."""
        return (
            _item(
                f"{identity(each.name, each.id)}{self.held_in(each)}{self._age(each)}",
                self._projects.attribute(each.kind, each.id),
            )
            for each in problems
        )

    def held_in(self, problem: Problem) -> Markup:
        """Name the vaults of a resource that has a problem."""
        names = [f"<bdi>{inert(name)}</bdi>" for name in self._vaults.get(problem.id, ())]
        if not names:
            return Markup()
        vaults = Markup(self._comma.join(names))  # noqa: S704  # escaped above
        return Markup(" ") + escape(self._words.text("in {vaults}")).format(vaults=vaults)

    def marks(self, problems: Iterable[Problem]) -> Markup:
        """Mark the only problem of an entry; several are marked one by one."""
        first, *others = problems
        mark = "" if others else self._projects.attribute(first.kind, first.id)
        return Markup(mark)  # noqa: S704  # numbers only

    def _of(self, line: ResourceLine, told: str) -> Markup:
        return _named(line.name, line.id, told, self._projects.attribute(SubjectKind.RESOURCE, line.id))

    def _age(self, problem: Problem) -> str:
        told, age = "", problem_age(problem)
        if age:
            passed = self._clock.age(age.since)
            words = self._words.text("at least {age}", age=passed) if age.is_at_least else passed
            told = f"{self._comma}{inert(words)}"
        if problem.task:
            task = f"{inert(self._words.text('task'))} <code>{inert(problem.task)}</code>"
            told += f"{self._comma}<small>{task}</small>"
        return told

    def _gaps(self, timeline: Timeline) -> str:
        longest, limit = (lasting(each or timedelta(), self._words) for each in (timeline.longest, timeline.limit))
        told = inert(self._words.text("Longest gap {gap}, limit {limit}:", gap=longest, limit=limit))
        told += " " + "; ".join([self._gap(gap) for gap in reversed(timeline.gaps[-_MOST_GAPS:])])
        told += self._more(len(timeline.gaps[:-_MOST_GAPS]))
        if not timeline.is_sure:
            doubt = self._words.text("(the task log has gaps, so backups may be missing here)")
            told += f" {inert(doubt)}"
        return told

    def _gap(self, gap: Gap) -> str:
        until = self._words.text("now") if gap.until == self._clock.now else self._clock.brief(gap.until)
        return inert(self._words.text("{since} to {until}", since=self._clock.brief(gap.since), until=until))

    def _runs(self, unmet: Unmet) -> str:
        share = inert(self._words.text("{number} of {whole}", number=f"{unmet.number:,}", whole=unmet.judged))
        return f"{share}: {'; '.join(map(self._ended, unmet.ended))}"

    def _ended(self, ended: Ended) -> str:
        due = self._comma.join(map(inert, map(self._clock.brief, ended.due)))
        return f"{inert(ended.words)}: {due}{self._more(ended.more)}"

    def _more(self, number: int) -> str:
        return f" {inert(self._words.text('and {number} more', number=f'{number:,}'))}" if number else ""

    def _found(self, finding: Finding) -> str:
        told = ", ".join(map(self._fact, finding.verdict.facts))
        if finding.waiver:
            owner = Markup(f"<bdi>{inert(finding.waiver.owner)}</bdi>")  # noqa: S704  # escaped
            told += f" {escape(self._words.text('(waived by {owner})')).format(owner=owner)}"
        return told

    def _fact(self, fact: tuple[str, Fact]) -> str:
        """Write a fact, which many findings share; it is in English, and True is not 1."""
        name, value = fact
        key = name, type(value), value
        if key not in self._facts:
            text = inert(fact_words(fact))
            self._facts[key] = text if self._words.tag == "en" else f'<span lang="en">{text}</span>'
        return self._facts[key]


def _named(name: str, subject_id: str, told: str, mark: str = "") -> Markup:
    return _item(f"<p>{identity(name, subject_id)} <p>{told}", mark)


def _item(written: str, mark: str = "") -> Markup:
    return Markup(f"<li{mark}>{written}")  # noqa: S704  # everything in it is escaped; the next item ends it
