"""What is compared by identity: a text is never the same object as a member of an enum that equals it."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SOURCES = [*sorted((ROOT / "audit").rglob("*.py")), ROOT / "handler.py"]
SENTINELS = {"NOTHING", "UNSET", "UTC", "_ANY", "_LOST"}
ONE_OBJECT = {
    "course is courses[-1]",
    "first is table",
    "known is not record",
    "known is record",
    "other is vault",
    "other.policy is policy",
    "other.policy is vault.policy",
    "policy is not vault.policy",
    "readable(rest) is not rest",
    "subject is not chosen",
    "vault.policy is not policy",
    "vault.policy is policy",
}
"""Each asks whether two names stand for one object; none has an enum or a text on either side."""


def doubtful(source: str) -> Iterator[str]:
    """Give the comparisons by identity that may never be true."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Compare) and any(isinstance(each, ast.Is | ast.IsNot) for each in node.ops):
            sides = [node.left, *node.comparators]
            if not any(map(_is_unique, sides)) and ast.unparse(node) not in ONE_OBJECT:
                yield ast.unparse(node)


def _is_unique(side: ast.expr) -> bool:
    """Whether there is one such object only: None, a truth, a sentinel, or the type of something."""
    match side:
        case ast.Constant(value=value):
            return value is None or isinstance(value, bool)
        case ast.Name(id=name):
            return name in SENTINELS
        case ast.Call(func=ast.Name(id="type")):
            return True
    return False


def test_nothing_but_single_objects_is_compared_by_identity() -> None:
    found = {str(path.relative_to(ROOT)): [*doubtful(path.read_text())] for path in SOURCES}

    assert {path: comparisons for path, comparisons in found.items() if comparisons} == {}, "compare them with == or !="


@pytest.mark.parametrize(
    "source", ["row.kind is kind", "kind is Kind.TASKS", "outcome is not Outcome.PASS", "kind is 'tasks'", "count is 1"]
)
def test_a_comparison_that_may_never_be_true_is_found(source: str) -> None:
    assert list(doubtful(source)) == [source]


@pytest.mark.parametrize("source", ["row is None", "row.kind == kind", "type(row) is not str", "moment.tzinfo is UTC"])
def test_a_comparison_that_holds_is_left_alone(source: str) -> None:
    assert list(doubtful(source)) == []
