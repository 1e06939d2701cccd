from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.records.moments import Moments, moment_of, state_of

MOMENTS = st.datetimes(timezones=st.just(UTC))


@given(MOMENTS)
def test_what_was_written_is_read(moment: datetime) -> None:
    read = moment_of(state_of(moment))

    assert (read, read.tzinfo, read.microsecond) == (moment, UTC, moment.microsecond)


@given(MOMENTS, MOMENTS)
def test_written_times_are_in_the_order_of_time(one: datetime, other: datetime) -> None:
    assert (state_of(one) < state_of(other)) == (one < other)


@pytest.mark.parametrize("zone", [None, timezone(timedelta(hours=8))])
def test_a_time_that_is_not_in_utc_is_refused(zone: timezone | None) -> None:
    with pytest.raises(ValueError, match=r".+"):
        state_of(datetime(2026, 1, 5, tzinfo=zone))


@given(st.lists(MOMENTS, max_size=5))
def test_moments_are_a_sequence_of_times(moments: list[datetime]) -> None:
    kept = Moments(moments)

    assert (len(kept), list(kept), kept[1:]) == (len(moments), moments, tuple(moments[1:]))
    assert [kept[place] for place in range(len(moments))] == moments


def test_moments_compare_by_content() -> None:
    moments = [datetime(2026, 1, 5, tzinfo=UTC)]

    assert Moments(moments) == Moments(moments) != Moments()
    assert Moments(moments) != tuple(moments)
    assert len({Moments(moments), Moments(moments), Moments()}) == 2
