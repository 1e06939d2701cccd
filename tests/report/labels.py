"""Every label of the page, found where it is written: in the template, in the modules, and in their tables."""

import ast
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from jinja2 import Environment, nodes

from audit.collection import Kind
from audit.controls import CONTROLS
from audit.fleet import fleet_page
from audit.judging.findings import Outcome, Severity, unread
from audit.report import actors, advice, contents
from audit.report.formats import html_report
from audit.report.page import (
    calendar_rows,
    calendar_table,
    change_lists,
    framework_tables,
    protection_lists,
    sentences,
    times,
    unmet_runs,
)
from audit.report.page.catalogue import OUTCOMES
from audit.report.page.words import ENGLISH
from audit.report.protection import ProtectionChanges
from audit.subjects import SubjectKind
from tests.builders import NOW
from tests.report.page.test_changes_on_the_page import against, change

_PAGE: Final = Path(contents.__file__).parent / "page"
_TEXTS: Final = {"_": 0, "text": 0}
_COUNTS: Final = {"count": 1}
"""What is called for words, and the place of its argument that is looked up."""


def texts() -> set[str]:
    """Every text that must have a translation."""
    return {*_of_template(_TEXTS), *_of_modules(_TEXTS), *_of_tables(), *_of_controls()}


def counts() -> set[str]:
    """Every noun that is counted."""
    return {*_of_template(_COUNTS), *_of_modules(_COUNTS), *(kind.value for kind in SubjectKind)}


def optional() -> set[str]:
    """Reasons that controls give: those without a translation are marked as English."""
    sources = Path(contents.__file__).parents[1].joinpath("controls").glob("*.py")
    found = {text for source in sources for text in _strings(ast.parse(source.read_text(encoding="utf-8")))}
    unread_lists = {unread(kind).reason for kind in Kind}
    return found | unread_lists | {f"{text}, and no enabled policy makes any" for text in found}


def _of_template(names: Mapping[str, int]) -> Iterator[str]:
    for path in sorted(_PAGE.glob("*.html.jinja")):
        for call in Environment(autoescape=True).parse(path.read_text(encoding="utf-8")).find_all(nodes.Call):
            if isinstance(call.node, nodes.Name) and call.node.name in names:
                argument = call.args[names[call.node.name]]
                if isinstance(argument, nodes.Const):
                    yield str(argument.value)


def _of_modules(names: Mapping[str, int]) -> Iterator[str]:
    for path in (*sorted(_PAGE.glob("*.py")), Path(actors.__file__)):
        for call in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.func.attr in names:
                yield from _strings(ast.Tuple(call.args[names[call.func.attr] :][:1]))


def _strings(tree: ast.AST) -> Iterator[str]:
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value
        else:
            yield from _strings(node)


def _of_tables() -> Iterator[str]:
    yield from OUTCOMES.values()
    yield from actors.OF_EACH
    yield from (severity.value.title() for severity in Severity)
    yield from (kind.value for kind in SubjectKind)
    yield from (word for _, _, word in sentences.VERDICTS.values())
    yield from calendar_rows.TYPES.values()
    yield from html_report.LISTS.values()
    yield from (text for state in calendar_table.STATES.values() for text in (state.words, state.meaning))
    yield from calendar_table.GROUPS.values()
    yield from unmet_runs.ENDS.values()
    yield from framework_tables.CONCLUSIONS.values()
    yield from (framework_tables.CANNOT_BE_SHOWN, framework_tables.AS_FAR_AS_IT_CAN_BE_SHOWN)
    yield framework_tables.worst({Outcome.NOT_APPLICABLE: 1})
    yield from (
        text
        for each in change_lists.change_lists(against(not_compared=(change(),)))
        for text in (each.words, each.meaning)
    )
    yield from protection_lists.LABELS.values()
    shown = protection_lists.protection_lists(ProtectionChanges(), times.Clock("UTC", NOW), ENGLISH)
    yield from (text for each in shown for text in (each.words, each.meaning))
    yield from (*times.MONTHS, *times.WEEKDAYS)
    yield from (state.words for state in (*fleet_page.STATES, *fleet_page.LETTERS.values()))
    yield from (*fleet_page.WHAT.values(), *fleet_page.DIMENSIONS.values())


def _of_controls() -> Iterator[str]:
    yield from ("Why it matters", "How it is judged", "How to fix it")
    yield from (control.title for control in CONTROLS)
    yield from (contents.remedy(control) for control in CONTROLS)
    yield from advice.ADVICE.values()
