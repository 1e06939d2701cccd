"""The accounting of rows: which were used as they are, how others differ from the documents, which are unusable."""

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from itertools import tee
from typing import Any, Final

import orjson
from msgspec.structs import replace

from audit.answers.examiner import Examiner
from audit.answers.kinds import LONGEST_PATH, AnswerKind, Deviation, deviations, explain, path_of
from audit.answers.strict_json import Unreadable, is_exact
from audit.answers.unusable_rows import glance
from audit.collection import About, ContestedError, Drift, Rejected, Sheet

_LONGEST_EXAMPLE: Final = 80
_LONGEST_MESSAGE: Final = 300
_MOST_KINDS_OF_DRIFT: Final = 500
_LONGEST_MARK: Final = 16

Outcome = bool | ValueError | RecursionError
"""Whether a row was kept as something new, or why it is unusable after all."""
Keep = Callable[[Iterable[Any]], Iterable[Outcome]]
"""Keeps usable rows, and tells the outcome of each: one by one, or all together, which is faster."""


def one_by_one(keep: Callable[[Any], bool]) -> Keep:
    """Make of what keeps one row what keeps many; it returns False if the same row is known, and may raise."""

    def outcome(row: Any) -> Outcome:
        try:
            return keep(row)
        except (ValueError, RecursionError) as error:  # unusable after all, or nested deeper than a validator goes
            return error

    return partial(map, outcome)


class Sorting:
    """Counts deviations by kind of response, path and problem, and records each rejected row once.

    Attributes:
        used: the number of rows that are as documented.
        drifted: the number of rows that were used although they differ.
        refused: the number of unusable rows, including repeated ones.
    """

    def __init__(self) -> None:
        self.used = self.drifted = self.refused = 0
        self._rejected: dict[tuple[str, bytes], Rejected] = {}
        self._examiners: dict[str, Examiner] = {}
        self._first: dict[tuple[str, str, str], Drift] = {}
        self._counts: Counter[tuple[str, str, str]] = Counter()

    @property
    def rejected(self) -> tuple[Rejected, ...]:
        """Every unusable row, in the order read."""
        return tuple(self._rejected.values())

    @property
    def drift(self) -> tuple[Drift, ...]:
        """Every way in which responses differ from the documents, sorted by kind, path and problem."""
        return tuple(replace(self._first[key], count=self._counts[key]) for key in sorted(self._first))

    def enter(
        self, answer: AnswerKind, rows: Iterable[tuple[int, Any]], rest: Mapping[str, Any], keep: Keep, *, sheet: Sheet
    ) -> None:
        """Sort the rows of a response.

        Args:
            answer: the kind of response.
            rows: its rows and their indices, counted from 0.
            rest: the envelope.
            keep: keeps the usable ones.
            sheet: where they are.
        """
        around = {**rest, answer.key: []} if answer.is_list else rest
        self._note(answer, list(deviations(answer.envelope.iter_errors(around))), "")
        if answer.name not in self._examiners:
            self._examiners[answer.name] = Examiner(answer)
        examine = self._examiners[answer.name].examine
        examined, ahead = tee((number, row, _examined(examine, row)) for number, row in rows)
        outcomes = iter(keep(row for _, row, seen in ahead if isinstance(seen, Sequence)))
        for number, row, seen in examined:
            if seen is None:
                self._reject(answer, row, (sheet, number), explain(answer, row))
            elif isinstance(seen, Exception):
                self._refuse(answer, row, (sheet, number), seen)
            elif isinstance(outcome := next(outcomes), Exception):
                self._refuse(answer, row, (sheet, number), outcome)
            elif not seen:
                self.used += 1
            else:
                self.drifted += 1
                if outcome:
                    self._note(answer, seen, _id(answer, row))

    def _refuse(self, answer: AnswerKind, row: Any, place: tuple[Sheet, int], error: Exception) -> None:
        """Reject a row that the schema takes, and that is unusable all the same."""
        reason = row.reason if isinstance(row, Unreadable) else str(error)
        self._reject(answer, row, place, ("", reason), error.about if isinstance(error, ContestedError) else None)

    def _reject(
        self, answer: AnswerKind, row: Any, place: tuple[Sheet, int], fault: tuple[str, str], other: About | None = None
    ) -> None:
        """Reject a row once; if another row has its id and differs, ``other`` is what that one concerns."""
        self.refused += 1
        sheet, number = place
        path, message = fault
        about = glance(answer, row)
        digest = hashlib.sha256(_written(row))
        rejected = Rejected(
            kind=answer.name,
            page=sheet.page,
            row=number,
            id=_id(answer, row),
            path=path,
            message=message[:_LONGEST_MESSAGE],
            mark=digest.hexdigest()[:_LONGEST_MARK],
            about=about if other is None else about | other,
            is_contested=other is not None,
            run=sheet.run,
            asked=sheet.asked,
        )
        self._rejected.setdefault((answer.name, digest.digest()), rejected)

    def _note(self, answer: AnswerKind, seen: Sequence[Deviation], row_id: str) -> None:
        """Count the deviations of one row, each kind once."""
        kinds: dict[tuple[str, str, str], Any] = {}
        for parts, problem, value in seen:
            kinds.setdefault((answer.name, path_of(*parts), problem), value)
        for kind, value in kinds.items():
            is_told = kind in self._first or len(self._first) < _MOST_KINDS_OF_DRIFT
            key = kind if is_told else (answer.name, "…", "further differences")
            if key not in self._first:
                example = _written(value).decode()[:_LONGEST_EXAMPLE]
                self._first[key] = Drift(*key, count=1, first_id=row_id, example=example)
            self._counts[key] += 1


def _examined(
    examine: Callable[[Any], Sequence[Deviation] | None], row: Any
) -> Sequence[Deviation] | ValueError | RecursionError | None:
    """Return the deviations of a usable row, None for an unusable one, or what kept it from being examined."""
    try:
        seen = examine(row)
        _refuse_rounded(seen or ())
    except (ValueError, RecursionError) as error:
        return error
    return seen


def _id(answer: AnswerKind, row: Any) -> str:
    row_id = (
        row.get(answer.identity or "id") if isinstance(row, dict) else row.id if isinstance(row, Unreadable) else ""
    )
    return row_id[:LONGEST_PATH] if isinstance(row_id, str) else ""


def _refuse_rounded(seen: Sequence[Deviation]) -> None:
    """Refuse a row with a number that the parser may have rounded; the schemas bound every number that is read."""
    for parts, _, value in seen:
        if not is_exact(value):
            raise ValueError(f"{path_of(*parts)} has a number that cannot be read exactly")


def _written(value: Any) -> bytes:
    """Serialise a value in its only form."""
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)
