"""What became weaker or stronger since the previous run, as the page lists it: before and after in words."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from itertools import groupby
from typing import Final

from markupsafe import Markup

from audit.report.page.names import identity, inert
from audit.report.page.times import Clock, lasting
from audit.report.page.words import Words
from audit.report.protection import ProtectionChanges, Turn
from audit.subjects import Value
from audit.timestamps import instant

LABELS: Final[Mapping[str, str]] = {
    "exists": "the vault is there",
    "enabled": "enabled",
    "retention_days": "backups are kept",
    "max_backups": "number of backups kept",
    "daily_copies": "daily copies kept",
    "weekly_copies": "weekly copies kept",
    "monthly_copies": "monthly copies kept",
    "yearly_copies": "yearly copies kept",
    "weekly_rule": "weeks of the weekly rule",
    "monthly_rule": "months of the monthly rule",
    "yearly_rule": "years of the yearly rule",
    "weekly_rule_picks": "days of the weekly rule",
    "monthly_rule_picks": "days of the monthly rule",
    "yearly_rule_picks": "days of the yearly rule",
    "longest_gap_minutes": "longest time between runs",
    "runs_a_year": "runs a year",
    "full_backup_interval": "incremental backups between full ones",
    "copies_to": "where copies go",
    "copies_into": "the vaults that copies go into",
    "protect_type": "what the vault is for",
    "locked": "backups are locked",
    "consistent_level": "how consistent backups are",
    "is_multi_az": "kept in several zones",
    "auto_expand": "enlarged by itself",
    "demand_billing": "backups may exceed its size",
    "auto_bind": "new resources come in by themselves",
    "bind_rules": "tags of the new resources that come in",
    "backup_policy": "a policy makes backups",
    "replication_policy": "a policy makes copies",
    "held": "a vault holds it",
    "auto_protect": "it follows the policy",
    "excluded_disks": "disks that are left out",
    "included_disks": "the only disks that are backed up",
    "backup_end": "end of a backup",
}
"""The names of the aspects of policies, vaults and resources; those of a profile have the names of its keys."""


@dataclass(frozen=True, slots=True)
class ProtectionList:
    """Changes in the same direction: a style, a word for their number, what it means, and the items."""

    style: str
    words: str
    meaning: str
    number: int
    items: tuple[Markup, ...]


def protection_lists(changes: ProtectionChanges, clock: Clock, words: Words) -> tuple[ProtectionList, ...]:
    """Return both directions, the worse one first, even if empty."""
    writer = _Writer(clock, words)
    weaker = "What protected more then; CBR-114 fails until it is restored, waived or older than its limit."
    return (
        ProtectionList("fail", "weaker", weaker, len(changes.weakened), tuple(writer.items(changes.weakened))),
        ProtectionList(
            "pass",
            "stronger",
            "What protects more now than then.",
            len(changes.strengthened),
            tuple(writer.items(changes.strengthened)),
        ),
    )


class _Writer:
    """Writes changes of protection in one language."""

    def __init__(self, clock: Clock, words: Words) -> None:
        self._clock = clock
        self._words = words
        self._units: Mapping[str, Callable[[int], str]] = {
            "retention_days": lambda days: words.count(days, "day"),
            "longest_gap_minutes": lambda minutes: lasting(timedelta(minutes=minutes), words),
        }

    def items(self, turns: Iterable[Turn]) -> Iterator[Markup]:
        """Write one item for each aspect of each subject; of several changed expiries, only the first."""
        for _key, alike in groupby(turns, key=lambda turn: (turn.kind, turn.id, turn.aspect.what)):
            first, *others = alike
            yield Markup(  # noqa: S704  # everything in it is escaped
                f"<li><p>{identity(first.name, first.id)} <p>{self._change(first)}{self._more(len(others))}"
            )

    def _change(self, turn: Turn) -> str:
        what = turn.aspect.what
        label = inert(self._words.text(LABELS[what])) if what in LABELS else f"<code>{inert(what)}</code>"
        about = f" <small><code>{inert(turn.aspect.about)}</code></small>" if turn.aspect.about else ""
        return f"{label}{about}: {inert(self._value(what, turn.before))} → {inert(self._value(what, turn.after))}"

    def _value(self, what: str, value: Value) -> str:
        if value is None:
            return self._words.text("without limit")
        if isinstance(value, bool):
            return self._words.text("yes") if value else self._words.text("no")
        if isinstance(value, int):
            return self._units[what](value) if what in self._units else f"{value:,}"
        if isinstance(value, tuple):
            return ", ".join(value) or self._words.text("none")
        return self._clock.utc(instant(value)) if what == "backup_end" else value

    def _more(self, number: int) -> str:
        return f" {inert(self._words.text('and {number} more', number=f'{number:,}'))}" if number else ""
