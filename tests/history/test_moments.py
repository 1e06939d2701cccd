from datetime import UTC, datetime, timedelta, timezone
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.history.moments import WIDTH, moment_of, state_of, states_of

MOMENTS = st.datetimes(timezones=st.just(UTC))


@given(MOMENTS)
def test_what_was_written_is_read(moment: datetime) -> None:
    read = moment_of(state_of(moment))

    assert (read, read.tzinfo, read.microsecond) == (moment, UTC, moment.microsecond)


@given(MOMENTS, MOMENTS)
def test_written_times_are_in_the_order_of_time(one: datetime, other: datetime) -> None:
    assert (state_of(one) < state_of(other)) == (one < other)


@given(st.lists(MOMENTS.filter(lambda moment: 1000 <= moment.year <= 2999), max_size=9), st.data())
@pytest.mark.no_cover
def test_many_are_written_at_once(moments: list[datetime], data: st.DataObject) -> None:
    whole = data.draw(st.lists(st.booleans(), min_size=len(moments), max_size=len(moments)))
    moments = [moment.replace(microsecond=0) if cut else moment for moment, cut in zip(moments, whole, strict=True)]
    texts = [moment.replace(tzinfo=None).isoformat() for moment in moments]

    assert states_of(texts) == b"".join(map(state_of, moments))


@pytest.mark.parametrize("year", [1000, 1900, 2000, 2026, 2028, 2100])
def test_days_that_do_not_exist_are_refused_among_others(year: int) -> None:
    others = ["2026-11-30T23:59:59", "2028-02-29T00:00:00.000001"]
    for month, day in product((*range(14), 99), (*range(33), 99)):
        text = f"{year}-{month:02}-{day:02}T22:00:03"
        try:
            state = state_of(datetime.fromisoformat(text).replace(tzinfo=UTC))
        except ValueError:
            for near in ([], others, others[:1]):
                with pytest.raises(ValueError, match=r".+"):
                    states_of([*near, text])
        else:
            assert states_of([*others[:1], text]) == states_of(others[:1]) + state
            assert states_of([*others, text])[-WIDTH:] == state


@pytest.mark.parametrize(
    "text",
    [
        *("", ":00", "2026-01-05T22:00", "2026-01-05T22:00:03.", "2026-01-05T22:00:03.00000", "2026-01-05T22:00:03:00"),
        *("2026-01-05T22:00:03\n2026-01-05T22:00:03", "22:00:03", "2026-01-05T22:00:03.000000.000000", "\n:00\n"),
    ],
)
@pytest.mark.parametrize("near", [[], ["2026-01-05T22:00:03"], ["2026-01-05T22:00:03.000001"] * 2])
def test_texts_of_another_form_are_refused_among_others(text: str, near: list[str]) -> None:
    for texts in ([*near, text], [text, *near]):
        with pytest.raises(ValueError, match="unusual form"):
            states_of(texts)


@pytest.mark.parametrize("zone", [None, timezone(timedelta(hours=8))])
def test_a_time_that_is_not_in_utc_is_refused(zone: timezone | None) -> None:
    with pytest.raises(ValueError, match=r".+"):
        state_of(datetime(2026, 1, 5, tzinfo=zone))
