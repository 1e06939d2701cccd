from collections import Counter
from random import Random

from audit.simulator import trace_row
from audit.simulator.deliveries import deliveries
from tests.pretend import AS_OF

ROWS = [trace_row(f"trace-{number}", AS_OF, "deleteVault") for number in range(20)]


def test_events_come_more_than_once_in_any_order_and_form_and_some_before_their_trace() -> None:
    found = deliveries(Random(1), ROWS)  # noqa: S311  # repeatable
    order = [each.trace_id for each in found]

    assert set(Counter(order).values()) == {2, 3}
    assert len(set(order)) == len(ROWS)
    assert order != sorted(order)
    assert {each.is_listed for each in found} == {True, False}
    assert {"cts" in each.event or "data" in each.event for each in found} == {True, False}


def test_a_trace_that_is_listed_stays_so() -> None:
    listed: set[str] = set()
    for each in deliveries(Random(2), ROWS):  # noqa: S311  # repeatable
        assert each.is_listed or each.trace_id not in listed
        listed |= {each.trace_id} if each.is_listed else set()
