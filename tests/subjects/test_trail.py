from audit.records import Deed
from audit.subjects import Trail
from tests.builders import HOUR, NOW, a_trace

GONE = (Deed.DELETE_VAULT,)


def test_a_trace_that_came_twice_counts_once_and_the_oldest_is_first() -> None:
    late, early = a_trace("b"), a_trace("a", at=NOW - 2 * HOUR)

    assert Trail.of([late, early, late], NOW).traces == (early, late)


def test_traces_are_found_by_what_was_done_to_what_and_when() -> None:
    trail = Trail.of([a_trace("a"), a_trace("b", at=NOW - 3 * HOUR), a_trace("c", ids=frozenset({"other"}))], NOW)

    assert [each.id for each in trail.naming(["VAULT-1"], GONE)] == ["b", "a"]
    assert [each.id for each in trail.naming(["vault-1"], GONE, since=NOW - 2 * HOUR)] == ["a"]
    assert [each.id for each in trail.naming(["vault-1"], GONE, until=NOW - 2 * HOUR)] == ["b"]
    assert not trail.naming(["vault-1"], (Deed.DELETE_BACKUP,))


def test_what_failed_did_nothing_and_what_is_unclear_may_have() -> None:
    failed, unclear = a_trace("failed", succeeded=False), a_trace("unclear", succeeded=None)

    assert list(Trail.of([failed, unclear], NOW).naming(["vault-1"], GONE)) == [unclear]
