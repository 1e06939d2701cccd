from collections.abc import Iterator
from typing import Any

import pytest

from audit.judging.patterns import fits, literal_characters
from audit.judging.selection import Selector, fit_all, fit_some, is_of_the_audit
from audit.subjects import PolicySubject, Presence, Resource, VaultSubject
from tests.builders import (
    a_collection,
    a_policy,
    a_policy_subject,
    a_resource,
    a_task,
    a_vault,
    a_vault_subject,
    a_waiver_subject,
)

PROD = a_vault(
    "prod", "db-1", "web-1", name="prod-main", tags=(("env", "prod"), ("tier", "gold")), enterprise_project_id="7"
)
TEST = a_vault("test", "db-1", name="test-main", tags=(("env", "test"),), enterprise_project_id="0")
COPY = a_vault("copy", "db-1", name="copies", protect_type="replication")


def select(**parts: tuple[str, ...]) -> tuple[Selector, ...]:
    return (Selector(**parts),)


def a_held(*vaults: Any, **changes: Any) -> Resource:
    return a_resource(**{"id": "db-1", "name": "database", "vaults": vaults, **changes})


def a_policy_of(*vaults: Any, vault_ids: frozenset[str] | None = None) -> PolicySubject:
    ids = frozenset(vault.id for vault in vaults) if vault_ids is None else vault_ids
    return a_policy_subject(a_policy(vault_ids=ids), vaults=vaults)


def a_vault_of(vault: Any) -> VaultSubject:
    return a_vault_subject(id=vault.id, name=vault.name, vault=vault)


@pytest.mark.parametrize(
    ("pattern", "text", "does"),
    [
        ("web-1", "web-1", True),
        ("web-1", "web-12", False),
        ("web-?", "web-1", True),
        ("web-?", "web-", False),
        ("*", "", True),
        ("*-1", "web-1", True),
        ("web*", "WEB-1", False),
        ("w*b*1", "web\n-1", True),
        ("a[bc]", "ab", False),
        ("a[bc]", "a[bc]", True),
        ("a[b?]", "a[bc]", True),
        ("a.c*", "abc", False),
    ],
)
def test_a_pattern_knows_stars_and_question_marks_and_nothing_else(pattern: str, text: str, does: bool) -> None:  # noqa: FBT001 - pytest gives it by name
    assert fits((pattern,), text) is does
    assert fits(("other", "x*", pattern), "none", text) is does


def test_no_text_fits_where_there_is_none() -> None:
    assert not fits(("*",))
    assert not fits(())


def test_a_hostile_pattern_does_not_hold_the_audit_up() -> None:
    assert not fits(("*a" * 250 + "b",), "a" * 500)  # tried one by one, the ways to fit would outlast the test


def test_characters_that_stand_for_themselves_are_counted() -> None:
    assert [literal_characters(pattern) for pattern in ("", "*?*", "a*b?", "abc")] == [0, 0, 2, 3]


@pytest.mark.parametrize(
    ("parts", "does"),
    [
        ({"resources": ("db-*",)}, True),
        ({"resources": ("data*",)}, True),
        ({"resources": ("web-1",)}, False),
        ({"vaults": ("prod",)}, True),
        ({"vaults": ("prod-*",)}, True),
        ({"vaults": ("other", "test-main")}, False),
        ({"tags": ("env",)}, True),
        ({"tags": ("env=prod",)}, True),
        ({"tags": ("e*=pr?d",)}, True),
        ({"tags": ("env=test",)}, False),
        ({"tags": ("prod",)}, False),
        ({"enterprise_projects": ("7",)}, True),
        ({"enterprise_projects": ("0",)}, False),
        ({"resources": ("db-1",), "tags": ("env=prod",)}, True),
        ({"resources": ("db-1",), "tags": ("env=test",)}, False),
        ({"vaults": ("prod",), "enterprise_projects": ("0",)}, False),
    ],
)
def test_every_part_of_a_selector_must_fit(parts: dict[str, tuple[str, ...]], does: bool) -> None:  # noqa: FBT001 - pytest gives it by name
    assert fit_some(select(**parts), a_held(PROD)) is does
    assert fit_all(select(**parts), a_held(PROD)) is does
    assert fit_some(select(resources=("nobody",)) + select(**parts), a_held(PROD)) is does


def test_its_parts_must_fit_the_same_vault() -> None:
    assert fit_some(select(vaults=("prod",), tags=("env=test",)), a_held(PROD, TEST)) is False


def test_one_vault_is_enough_for_some_and_not_for_all() -> None:
    twice = a_held(PROD, TEST)

    assert fit_some(select(vaults=("test",)), twice) is True
    assert not fit_all(select(vaults=("test",)), twice)
    assert fit_all(select(vaults=("test",)) + select(tags=("env=prod",)), twice)


def test_a_replication_vault_counts_only_where_there_is_no_backup_vault() -> None:
    assert fit_some(select(vaults=("copies",)), a_held(PROD, COPY)) is True
    assert fit_all(select(vaults=("prod",)), a_held(PROD, COPY))
    assert not fit_all(select(vaults=("copies",)), a_held(PROD, COPY))
    assert fit_all(select(vaults=("copies",)), a_held(COPY))


def test_what_the_cloud_does_not_say_of_a_vault_is_not_known() -> None:
    silent = a_held(a_vault("prod", enterprise_project_id=None))

    assert fit_some(select(enterprise_projects=("7",)), silent) is None
    assert fit_some(select(enterprise_projects=("7",), vaults=("other",)), silent) is False
    assert not fit_all(select(enterprise_projects=("*",)), silent)


@pytest.mark.parametrize("presence", [Presence.LEFT, Presence.UNACCOUNTED, Presence.UNKNOWN])
def test_of_a_resource_that_no_vault_holds_its_tasks_tell_the_vaults(presence: Presence) -> None:
    tasks = [a_task("1", vault_id="prod", vault_name=None), a_task("2", vault_id=None, vault_name="prod-main")]
    gone = a_resource(*tasks, id="db-1", vaults=(), presence=presence)

    assert fit_some(select(vaults=("prod",)), gone) is True
    assert fit_some(select(vaults=("prod-main",)), gone) is True
    assert fit_some(select(vaults=("test",)), gone) is False
    assert fit_some(select(tags=("env=prod",)), gone) is None
    assert fit_some(select(enterprise_projects=("7",)), gone) is None
    assert fit_some(select(resources=("db-1",)), gone) is True
    assert fit_all(select(vaults=("prod*",)), gone)


def test_where_no_task_names_a_vault_nothing_is_known_of_it() -> None:
    task = a_task(vault_id=None, vault_name=None)
    gone = a_resource(task, vaults=(), presence=Presence.UNACCOUNTED)

    assert fit_some(select(vaults=("prod",)), gone) is None
    assert not fit_all(select(vaults=("*",)), gone)


def test_a_resource_that_never_was_in_a_vault_fits_no_vault() -> None:
    bare = a_resource(vaults=(), presence=Presence.UNPROTECTED)

    for part in ("vaults", "tags", "enterprise_projects"):
        assert fit_some(select(**{part: ("*",)}), bare) is False
    assert fit_some(select(resources=("server-1",)), bare) is True


def test_a_vault_fits_by_what_it_is_and_by_what_it_holds() -> None:
    assert fit_some(select(vaults=("prod",), tags=("tier",)), a_vault_of(PROD)) is True
    assert fit_some(select(resources=("db-1",)), a_vault_of(PROD)) is True
    assert not fit_all(select(resources=("db-1",)), a_vault_of(PROD))
    assert fit_all(select(resources=("db-1", "name of web-*")), a_vault_of(PROD))
    assert fit_some(select(resources=("db-2",)), a_vault_of(PROD)) is False
    assert fit_some(select(resources=("*",)), a_vault_of(a_vault(resources=()))) is False
    assert fit_all(select(vaults=("vault-1",)), a_vault_of(a_vault(resources=())))


def test_of_a_vault_that_is_gone_only_its_name_is_known() -> None:
    gone = a_vault_subject(id="old", name="old-main", vault=None)

    assert fit_some(select(vaults=("old-*",)), gone) is True
    assert fit_some(select(vaults=("new",)), gone) is False
    assert fit_some(select(tags=("env",)), gone) is None
    assert fit_some(select(resources=("db-1",)), gone) is None


def test_a_policy_fits_through_its_vaults() -> None:
    assert fit_some(select(vaults=("test",)), a_policy_of(PROD, TEST)) is True
    assert not fit_all(select(vaults=("test",)), a_policy_of(PROD, TEST))
    assert fit_all(select(tags=("env",)), a_policy_of(PROD, TEST))
    assert fit_some(select(resources=("web-1",)), a_policy_of(PROD, TEST)) is True
    assert fit_some(select(vaults=("prod",)), a_policy_of()) is False
    assert not fit_all(select(vaults=("*",)), a_policy_of())


def test_of_a_vault_of_a_policy_that_no_list_shows_only_the_id_is_known() -> None:
    policy = a_policy_of(PROD, vault_ids=frozenset({"prod", "unread"}))

    assert fit_some(select(vaults=("unread",)), policy) is True
    assert fit_some(select(tags=("env=test",)), policy) is None
    assert not fit_all(select(tags=("env=prod",)), policy)


def test_what_belongs_to_the_audit_itself_has_no_place() -> None:
    for subject in (a_collection(), a_waiver_subject()):
        assert is_of_the_audit(subject)
        assert fit_some(select(resources=("*",)), subject) is False
        assert not fit_all(select(resources=("*",)), subject)
    for other in (a_held(PROD), a_vault_of(PROD), a_policy_of(PROD)):
        assert not is_of_the_audit(other)


class Untouched(tuple[Any, ...]):
    """Resources that nobody looks at."""

    __slots__ = ()

    def __iter__(self) -> Iterator[Any]:
        raise AssertionError("every resource of a large vault was looked at")


def test_a_vault_is_searched_by_resource_only_where_resources_are_asked_for() -> None:
    vault = a_vault("large", resources=Untouched(PROD.resources))

    assert fit_all(select(vaults=("large",)), a_vault_of(vault))
    assert fit_all(select(vaults=("large",)), a_policy_of(vault))
    with pytest.raises(AssertionError, match="every resource"):
        fit_all(select(resources=("db-1",)), a_vault_of(vault))


def test_a_vault_that_does_not_say_its_tags_is_neither_left_out_nor_selected() -> None:
    silent = a_vault("prod", "db-1", tags=None)

    assert fit_some(select(tags=("env=prod",)), a_held(silent)) is None
    assert not fit_all(select(tags=("env=prod",)), a_held(silent))
