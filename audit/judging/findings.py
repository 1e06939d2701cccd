"""The types of a judgement: outcomes, severities, verdicts, controls and findings."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import lru_cache
from typing import Final, Generic, TypeVar

from msgspec import Struct
from msgspec.structs import replace

from audit.clouds import Feature
from audit.collection import Kind
from audit.records import Deed, Task
from audit.records.keys import Key, text_of
from audit.subjects import Limits, Presence, Resource, Subject, SubjectKind, VaultSubject, Waiver
from audit.timestamps import shown

Fact = str | int | bool | None
Facts = dict[str, Fact | datetime]
S_contra = TypeVar("S_contra", bound=Subject, contravariant=True)


class Outcome(StrEnum):
    """What a control says of a subject. Missing data gives unknown, never pass."""

    PASS = "pass"  # noqa: S105  # an outcome, not a password
    FAIL = "fail"
    UNKNOWN = "unknown"
    NOT_APPLICABLE = "not_applicable"


_FAIL: Final = Outcome.FAIL  # compared for every finding; a module constant saves the lookup of the member


class Severity(StrEnum):
    """How much a failure matters, worst first."""

    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"

    @property
    def rank(self) -> int:
        """The rank, 0 for the worst."""
        return _RANKS[self.value]


_RANKS: Final = {severity.value: rank for rank, severity in enumerate(Severity)}


class Clue(Struct, frozen=True, gc=False):
    """What somebody may have done, for whoever looks for him; no report shows it.

    Attributes:
        id: what it was done to, such as a backup or a policy, or the trace of it; empty for the subject itself.
        seen: the time of judgement of the run that saw it first; None if unknown.
    """

    id: str
    seen: datetime | None


class Verdict(Struct, frozen=True, gc=False):
    """What a control concludes about one subject.

    Attributes:
        reason: a fixed text for people; the numbers are in ``facts``.
        facts: in the given order; times are UTC texts with whole seconds. ``since`` is when a problem began;
            ``or_earlier`` means that the evidence does not reach further back.
        tasks: the ids of the tasks that the verdict rests on.
        severity: how much this failure matters; None if as much as any other of its control.
        clues: what no task shows and somebody may have done.
    """

    outcome: Outcome
    reason: str
    facts: tuple[tuple[str, Fact], ...]
    tasks: tuple[str, ...]
    severity: Severity | None = None
    clues: tuple[Clue, ...] = ()

    def with_clues(self, clues: Iterable[Clue]) -> "Verdict":
        """Add what somebody may have done."""
        return replace(self, clues=tuple(clues))

    def with_severity(self, severity: Severity | None) -> "Verdict":
        """Return the verdict with a severity of its own."""
        return replace(self, severity=severity)


def passed(reason: str, tasks: Iterable[Task | str] = (), /, **facts: Fact | datetime) -> Verdict:
    """The subject complies; the arguments are the evidence."""
    return _verdict(Outcome.PASS, reason, tasks, facts)


def failed(reason: str, tasks: Iterable[Task | str] = (), /, **facts: Fact | datetime) -> Verdict:
    """The subject does not comply; the arguments are the evidence."""
    return _verdict(Outcome.FAIL, reason, tasks, facts)


def unknown(reason: str, tasks: Iterable[Task | str] = (), /, **facts: Fact | datetime) -> Verdict:
    """The evidence is missing or in doubt."""
    return _verdict(Outcome.UNKNOWN, reason, tasks, facts)


def unread(kind: Kind, /, **facts: Fact | datetime) -> Verdict:
    """The subject cannot be judged because part of a list is missing."""
    return unknown(f"the {kind.words} could not be read completely", **facts)


def gone_or_unread(vault: VaultSubject) -> Verdict:
    """A vault is missing from the list of vaults: it is gone, or the list is incomplete."""
    return not_applicable("the vault is gone") if vault.vaults_complete else unread(Kind.VAULTS)


def puzzled(what: str, tasks: Sequence[Task], /, **facts: Fact | datetime) -> Verdict:
    """It is unclear how tasks went: the newest has an undocumented status, names an error, or says too little."""
    newest = tasks[-1]
    if newest.is_understood and newest.failures:
        return unknown(f"{what} says that it succeeded, but not with all", tasks, failures=newest.failures, **facts)
    if newest.is_understood:
        return unknown(f"{what} does not say what it brought", tasks, operation=newest.operation, **facts)
    if newest.claims_success:
        return unknown(f"{what} says that it succeeded, but names an error", tasks, error=newest.error, **facts)
    return unknown(f"{what} has a status that is not documented", tasks, status=newest.status, **facts)


def strange(what: str, tasks: Sequence[Task], /, **facts: Fact | datetime) -> Verdict:
    """It is unclear what tasks did: their operation is not documented."""
    reason = f"a task whose operation is not documented may have {what}"
    return unknown(reason, tasks, operation=tasks[-1].operation, **facts)


def guessed(tasks: Iterable[Task], /, **facts: Fact | datetime) -> Verdict:
    """It is unclear whether backups that are gone had expired: no run saw the rules of that time."""
    reason = "backups are gone by rules that no run saw when they were made, and others beside them are kept for longer"
    return unknown(reason, tasks, **facts)


def last_copy(tasks: Iterable[Task], /, **facts: Fact | datetime) -> Verdict:
    """It is unclear whether a backup was removed by a number, or was one that the policy keeps for longer."""
    return unknown(
        "a backup is gone that the policy may keep as the one of its day, week, month or year", tasks, **facts
    )


def unclear(resource: Resource, /, **facts: Fact | datetime) -> Verdict:
    """It is unclear whether a planned backup of a resource was made."""
    if resource.puzzling:
        return puzzled("a backup", resource.puzzling, **facts)
    if resource.strange:
        return strange("been a planned backup", resource.strange, **facts)
    return unknown("a row of the task log could not be used, and may be a planned backup", **facts)


def not_applicable(reason: str, tasks: Iterable[Task | str] = (), /, **facts: Fact | datetime) -> Verdict:
    """The control does not apply to this subject."""
    return _verdict(Outcome.NOT_APPLICABLE, reason, tasks, facts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Control(Generic[S_contra]):
    """One rule of the catalogue.

    Attributes:
        id: such as ``CBR-101``; never used again for another rule.
        title: a sentence that is true when the subject complies.
        doc: why it matters, how it is judged, how to fix it.
        kinds: what the rule judges.
        needs: lists that the rule cannot do without, beside the one that its subjects come from.
        reads: lists that the rule looks at too; without them it may still find a failure, and never passes.
        weighs_gaps: the rule itself says unknown where what is missing could change its verdict. Without it, the
            finding is unknown wherever something that may be about the subject is missing: of what every run reads,
            and of what the rule needs or reads.
        compares: it looks at what the run before saw of the inventory.
        looks_at_watch: it looks at what the watch committed.
        judges_departed: the rule has something to say about subjects that no vault holds.
        judges_deleted: the rule has something to say about resources that were deleted, and are still in a vault.
        judges_deleted_alone: other rules that demand something of what was deleted leave it to this one.
        judges_missed: the rule judges the backups that an earlier run saw and that are gone.
        leaves_missed: the rule leaves these to one that does, and passes only where one is applied.
        judges_alone: how resources may stand that other rules leave to this one, so that one finding says it.
        asks_people: whether it was meant is what the rule asks: the word of a person settles what is unknown, too.
        deeds: what somebody may have done where it fails: whoever did one of these is looked for.
        policies_of: which operation the policies of a vault have that this is about; empty for all.
        about: what of the cloud the rule is about: in a cloud that lacks it, the rule is not applicable.
    """

    id: str
    name: str
    title: str
    severity: Severity
    doc: str
    kinds: tuple[SubjectKind, ...]
    judge: Callable[[S_contra, Limits], Verdict]
    needs: frozenset[Kind] = frozenset()
    reads: frozenset[Kind] = frozenset()
    weighs_gaps: bool = False
    compares: bool = False
    looks_at_watch: bool = False
    judges_departed: bool = False
    judges_deleted: bool = False
    judges_deleted_alone: bool = False
    judges_missed: bool = False
    leaves_missed: bool = False
    judges_alone: frozenset[Presence] = frozenset()
    asks_people: bool = False
    deeds: frozenset[Deed] = frozenset()
    policies_of: str = ""
    about: Feature | None = None


class Finding(Struct, frozen=True, gc=False):
    """What one control concludes about one subject; there is exactly one for each pair.

    Attributes:
        severity: that of the verdict, or else of the control.
        waiver: the waiver that accepts this outcome, or None.
    """

    control: str
    kind: SubjectKind
    id: str
    name: str
    severity: Severity
    verdict: Verdict
    waiver: Waiver | None = None

    @property
    def is_problem(self) -> bool:
        """Whether the subject does not comply and no waiver accepts that."""
        return self.verdict.outcome == _FAIL and self.waiver is None

    @property
    def outcome(self) -> Outcome:
        """The outcome of the verdict."""
        return self.verdict.outcome

    @property
    def reason(self) -> str:
        """The reason of the verdict."""
        return self.verdict.reason

    @property
    def facts(self) -> dict[str, Fact]:
        """The facts of the verdict, by name."""
        return dict(self.verdict.facts)


def _verdict(outcome: Outcome, reason: str, tasks: Iterable[Task | str], facts: Facts) -> Verdict:
    told = [shown(fact) if type(fact) is datetime else fact for fact in facts.values()]
    if not tasks:
        return _without_task(outcome, reason, tuple(facts), *told)
    named = _named(tuple([task if isinstance(task, str) else task.key for task in tasks]))
    return Verdict(outcome, reason, _told(tuple(facts), *told), named)


@lru_cache(maxsize=4096, typed=True)  # True equals 1 but is not the same
def _told(names: tuple[str, ...], *told: Fact) -> tuple[tuple[str, Fact], ...]:
    """Store equal facts once: nine in ten findings have the same facts as another."""
    return tuple(zip(names, told, strict=True))


@lru_cache(maxsize=64)
def _named(tasks: tuple[Key, ...]) -> tuple[str, ...]:
    """Store equal evidence once: several controls rest on the same tasks of the current subject."""
    return tuple(map(text_of, tasks))


@lru_cache(maxsize=4096, typed=True)
def _without_task(outcome: Outcome, reason: str, names: tuple[str, ...], *told: Fact) -> Verdict:
    """Give all subjects with the same facts and no named task the same verdict."""
    return Verdict(outcome, reason, _told(names, *told), ())
