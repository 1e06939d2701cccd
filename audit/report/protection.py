"""What became weaker or stronger since the previous run, and what the next run needs to know about it."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from audit.judging.requirements import Requirements
from audit.subjects import (
    Aspect,
    Collection,
    Fates,
    PolicySubject,
    Resource,
    SubjectKind,
    Subjects,
    Taken,
    Value,
    VaultSubject,
    Weakened,
)

_Protected = Collection | PolicySubject | Resource | VaultSubject


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """One aspect of one subject's protection that changed."""

    kind: SubjectKind
    id: str
    name: str
    aspect: Aspect
    before: Value
    after: Value


@dataclass(frozen=True, slots=True, kw_only=True)
class ProtectionChanges:
    """How the protection changed since the previous run, by subject and aspect."""

    weakened: tuple[Turn, ...] = ()
    strengthened: tuple[Turn, ...] = ()


def protection_changes(subjects: Subjects, requirements: Requirements, now: datetime) -> ProtectionChanges:
    """Collect the changes of everything in scope, without what became weaker in earlier runs."""
    weakened: list[Turn] = []
    strengthened: list[Turn] = []
    for subject in filter(requirements.covers, _protected(subjects)):
        if subject.protection is not None:
            fresh = (each for each in subject.protection.weakened if each.since == now)
            weakened += [_turn(subject, each.aspect, each.before, each.after) for each in fresh]
            strengthened += [_turn(subject, *each) for each in subject.protection.strengthened]
    return ProtectionChanges(weakened=tuple(weakened), strengthened=tuple(strengthened))


def still_weakened(subjects: Subjects, requirements: Requirements, now: datetime) -> tuple[Weakened, ...]:
    """Return everything that became weaker, is not restored and does not count as accepted yet."""
    found = list(subjects.forgotten)
    for subject in _protected(subjects):
        period = requirements.of(subject).weakened_for
        weak = subject.protection.weakened if subject.protection else ()
        kept = tuple([each for each in weak if now - each.since <= period])
        if kept:
            found.append(Weakened(kind=subject.kind, id=subject.id, name=subject.name, weakenings=kept))
    return tuple(found)


def still_missed(subjects: Subjects, since: datetime) -> tuple[Taken, ...]:
    """Return the missing backups that the next run cannot know otherwise, as far back as is judged."""
    found = [each for vault in subjects.vaults if vault.taken for each in Fates(vault).worth_remembering()]
    return tuple(each for each in (*found, *subjects.elsewhere) if each.gone >= since)


def _protected(subjects: Subjects) -> Iterator[_Protected]:
    parts: tuple[Iterable[_Protected], ...] = (subjects.policies, subjects.vaults, subjects.resources)
    yield subjects.collection
    for part in parts:
        yield from part


def _turn(subject: _Protected, aspect: Aspect, before: Value, after: Value) -> Turn:
    return Turn(kind=subject.kind, id=subject.id, name=subject.name, aspect=aspect, before=before, after=after)
