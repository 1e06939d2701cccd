from datetime import datetime, timedelta
from math import inf

from hypothesis import given
from hypothesis import strategies as st

from audit.subjects import PastRules, PolicySubject, Rules, Terms
from tests.builders import DAY, NOW, TICK, a_policy, a_policy_subject

MOMENTS = st.builds(lambda days, ticks: NOW + days * DAY + ticks * TICK, st.integers(-9, 1), st.integers(-1, 1))
AGES = st.none() | st.sampled_from([-1, 3, 7, 10**12])


@st.composite
def terms(draw: st.DrawFn) -> tuple[Terms, ...]:
    """What runs saw one after the other; the last of a policy may have been seen by one run alone."""
    moments = sorted(draw(st.lists(MOMENTS, min_size=2, max_size=6, unique=True)))
    pairs = zip(moments[::2], moments[1::2], strict=False)
    return tuple(Terms(since, until, draw(AGES), draw(st.none() | st.integers(1, 3))) for since, until in pairs)


SUBJECTS = st.builds(
    lambda days, seen: a_policy_subject(a_policy(retention_days=days), terms=seen), AGES, st.just(()) | terms()
)
PAST = st.builds(lambda seen, until: PastRules("gone", seen, until), terms(), MOMENTS)


@given(st.lists(SUBJECTS, max_size=2), st.lists(PAST, max_size=2), st.lists(MOMENTS, min_size=1, max_size=6))
def test_rules_are_those_in_force_at_every_time(
    subjects: list[PolicySubject], past: list[PastRules], moments: list[datetime]
) -> None:
    rules = Rules(subjects, past)

    for made in moments:
        found = [each.days for each in rules.terms(made, made)]
        ages = [days for days in found if days is not None]
        assert list(rules.days(made)) == ages
        assert (rules.shortest(made) <= 4 * DAY) == (min(ages, default=inf) <= 4)
        assert rules.shortest(made) <= rules.longest
        assert rules.give(made, None) == (None in found)
        for gone in (moment for moment in moments if moment >= made):
            numbers = [each.number for each in rules.terms(made, gone)]
            assert list(rules.numbers(made, gone)) == [number for number in numbers if number is not None]


def test_the_longest_age_is_that_of_the_policy_that_always_had_one() -> None:
    changed = (Terms(NOW - 9 * DAY, NOW - 5 * DAY, 7, None), Terms(NOW - 4 * DAY, NOW, 3, None))
    without = (Terms(NOW - 9 * DAY, NOW - 5 * DAY, 2, None), Terms(NOW - 4 * DAY, NOW, None, None))
    subjects = [
        a_policy_subject(a_policy(f"policy-{number}"), terms=seen) for number, seen in enumerate((changed, without))
    ]

    assert Rules(subjects, ()).longest == 7 * DAY
    assert Rules(subjects[1:], ()).longest == timedelta(days=timedelta.max.days)
    assert Rules((), ()).longest == timedelta(days=timedelta.max.days)
