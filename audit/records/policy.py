"""Policies: when backups are made or copied, and how long they are kept."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from msgspec import Struct

from audit.records.fields import between, block, number, optional_instant, text

_LONGEST_START_WINDOW: Final = 24 * 60  # minutes
_OFF: Final = -1
_LIMITS: Final = (
    "retention_duration_days",
    "max_backups",
    "day_backups",
    "week_backups",
    "month_backups",
    "year_backups",
)


class KeepingRule(Struct, frozen=True, kw_only=True):
    """Which backups are kept for how many weeks, months or years (operation_definition.advanced_retention_rules).

    No document says which backup of a picked day it keeps, or how it combines with the other rules.

    Attributes:
        periods: for how many weeks, months or years it keeps them; None if that cannot be read.
        picks_by: Monthly if it picks days of the month, Weekly if it picks weekdays of some weeks of the month.
        weekdays: the weekdays that it picks, as the API writes them; weeks and months likewise.
        days: the days of the month that it picks; -1 is the last one.
    """

    periods: int | None
    picks_by: str | None = None
    weekdays: tuple[str, ...] = ()
    days: tuple[int, ...] = ()
    weeks: tuple[str, ...] = ()
    months: tuple[str, ...] = ()


class Policy(Struct, frozen=True, kw_only=True):
    """A backup or replication policy in its current state.

    Attributes:
        patterns: the recurrence rules of its trigger, in UTC (trigger.properties.pattern).
        start_time: when the trigger was set; INTERVAL counts from here.
        start_window: how long after the planned time CBR may start a run (trigger.properties.start_window_minutes).
        vault_ids: the vaults that it is applied to; the only link between the two.
        retention_days: the age at which backups are deleted; None or -1 if age does not matter.
        max_backups: the number of backups that are kept; None or -1 if the number does not matter.
        limits_known: whether these and the numbers of copies could be read; unreadable ones must promise nothing.
        daily_copies, weekly_copies, monthly_copies, yearly_copies: for how many days, weeks … the newest backup is kept
            beside the other rules; 0 if there is no such rule.
        weekly_rule, monthly_rule, yearly_rule: which backups are also kept for weeks, months or years; None if there is
            no such rule, or it is switched off.
        timezone: the time zone of these days and weeks, such as UTC+08:00; the patterns are still in UTC.
        full_backup_interval: the number of incremental backups between full ones; None or -1 if not set.
        destination_region, destination_project_id: where a replication policy copies to.
        destinations: for each of its vaults, the vault that its copies go into, if any.
        cross_account_urn: the vault of another account that a replication policy copies to; neither its format nor
            whether it can be in the same region is documented.
        policy_type: custom_policy, or one of an organisation: organization_policy_v1, _v2, or _removed for one that
            the account kept when it left.
    """

    id: str
    name: str
    operation: str
    enabled: bool
    patterns: tuple[str, ...]
    start_time: datetime | None
    vault_ids: frozenset[str]
    retention_days: int | None
    max_backups: int | None
    start_window: timedelta = timedelta(0)
    daily_copies: int = 0
    weekly_copies: int = 0
    monthly_copies: int = 0
    yearly_copies: int = 0
    timezone: str | None = None
    full_backup_interval: int | None = None
    destination_region: str | None = None
    destination_project_id: str | None = None
    destinations: frozenset[tuple[str, str]] = frozenset()
    weekly_rule: KeepingRule | None = None
    monthly_rule: KeepingRule | None = None
    yearly_rule: KeepingRule | None = None
    cross_account_urn: str | None = None
    policy_type: str | None = None
    limits_known: bool = True

    @property
    def organisation_type(self) -> str | None:
        """Its type if an organisation deployed it or left it behind; None if not, or if the response does not say."""
        return None if self.policy_type == "custom_policy" else self.policy_type

    @property
    def keeping_rules(self) -> tuple[KeepingRule, ...]:
        """Its rules that keep picked backups for longer."""
        return tuple([rule for rule in (self.weekly_rule, self.monthly_rule, self.yearly_rule) if rule])

    @property
    def keeps_by_age(self) -> bool:
        """Whether backups are deleted when they reach an age."""
        return (self.retention_days or -1) > 0

    @property
    def keeps_by_number(self) -> bool:
        """Whether backups are deleted when there are more than a number."""
        return (self.max_backups or -1) > 0

    @property
    def keeps_for_ever(self) -> bool:
        """Whether backups are never deleted; -1, 0 and a missing value mean that there is no such rule."""
        return not self.keeps_by_age and not self.keeps_by_number

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> "Policy":
        """Build a policy from a row of policies.

        Raises:
            ValueError: the start time is invalid.
        """
        properties = row["trigger"]["properties"]
        definition = block(row, "operation_definition")
        rules = definition.get("advanced_retention_rules")
        return cls(
            id=row["id"],
            name=text(row.get("name")) or row["id"],
            operation=row["operation_type"],
            enabled=row["enabled"],
            patterns=tuple(properties["pattern"]),
            start_time=optional_instant(properties.get("start_time")),
            vault_ids=frozenset(vault["vault_id"] for vault in row.get("associated_vaults") or ()),
            destinations=frozenset(
                (vault["vault_id"], into)
                for vault in row.get("associated_vaults") or ()
                if (into := text(vault.get("destination_vault_id")))
            ),
            retention_days=number(definition.get("retention_duration_days")),
            max_backups=number(definition.get("max_backups")),
            limits_known=all(_is_limit(definition.get(name)) for name in _LIMITS),
            start_window=timedelta(minutes=between(properties.get("start_window_minutes"), 0, _LONGEST_START_WINDOW)),
            daily_copies=number(definition.get("day_backups")) or 0,
            weekly_copies=number(definition.get("week_backups")) or 0,
            monthly_copies=number(definition.get("month_backups")) or 0,
            yearly_copies=number(definition.get("year_backups")) or 0,
            timezone=text(definition.get("timezone")),
            full_backup_interval=number(definition.get("full_backup_interval")),
            destination_region=text(definition.get("destination_region")),
            destination_project_id=text(definition.get("destination_project_id")),
            weekly_rule=_keeping_rule(rules, "weekly_retention_rules"),
            monthly_rule=_keeping_rule(rules, "monthly_retention_rules"),
            yearly_rule=_keeping_rule(rules, "yearly_retention_rules"),
            cross_account_urn=text(definition.get("cross_account_urn")),
            policy_type=text(row.get("policy_type")),
        )


def _is_limit(value: object) -> bool:
    """Whether the value is a number or missing."""
    return value is None or value == "" or number(value) is not None


def _keeping_rule(rules: object, key: str) -> KeepingRule | None:
    """Read one of the advanced rules; one that cannot be read is still a rule, with unknown contents."""
    rule = rules.get(key) if isinstance(rules, Mapping) else rules
    if not rule:
        return None
    if not isinstance(rule, Mapping):
        return KeepingRule(periods=None)
    periods = number(rule.get("retention_duration_periods"))
    if periods == _OFF:
        return None
    return KeepingRule(
        periods=periods if periods and periods > 0 else None,
        picks_by=text(rule.get("retention_type")),
        weekdays=_texts(rule.get("days_of_week")),
        days=tuple(sorted(day for day in map(number, _items(rule.get("days_of_month"))) if day)),
        weeks=_texts(rule.get("retention_weeks")),
        months=_texts(rule.get("retention_months")),
    )


def _texts(value: object) -> tuple[str, ...]:
    return tuple(sorted(filter(None, map(text, _items(value)))))


def _items(value: object) -> list[object]:
    return value if isinstance(value, list) else []
