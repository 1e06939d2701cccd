"""A change in its store: however often its event comes and whoever is killed, one verdict counts."""

from collections.abc import Callable
from datetime import timedelta
from random import Random

import pytest
from msgspec import structs

from audit.errors import ChainError, StoreError
from audit.evidence.chain import Unsigned, find_head
from audit.evidence.publish import read_latest
from audit.evidence.store import Store
from audit.judging.findings import Outcome
from audit.report.facts import Conclusion
from audit.watch.change_store import StoredChange, conclusion_of
from audit.watch.change_verify import verify_changes
from tests.builders import NOW
from tests.evidence.chains import Shelf
from tests.fleet.test_publication import Slow
from tests.watch.stored import EVENT, PROFILE, PROJECT, KilledError, Stepping, a_page, a_verdict, judged

SCOPE = f"{PROJECT}/changes"
SCHEDULES = 1000
LATER = NOW + timedelta(minutes=2)


@pytest.fixture
def store() -> Shelf:
    return Shelf()


def test_the_event_is_stored_first_and_once(store: Shelf) -> None:
    change = StoredChange(store, PROJECT, "t-1")

    assert change.begin(EVENT)
    assert not change.begin(b"{}")
    assert store.objects == {f"{SCOPE}/t-1/event.json": EVENT}
    assert change.event() == EVENT
    assert not change.is_committed


def test_a_verdict_is_read_with_all_that_it_rests_on(store: Shelf) -> None:
    change = judged(store, "t-1")
    digest, again = change.digest(), StoredChange(store, PROJECT, "t-1")

    assert again.is_committed
    assert again.report() == a_verdict("t-1")
    assert again.profile() == PROFILE.canonical
    assert [*again.pages()] == [a_page()]
    assert digest is not None
    assert (digest.scope, digest.seq, digest.run, digest.conclusion) == (SCOPE, 1, "t-1", "non_compliant")
    assert digest.until == NOW


def test_whoever_commits_a_verdict_need_not_look_for_its_digest(store: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    change = judged(store, "t-1")
    monkeypatch.delattr(Shelf, "keys")

    assert change.report() == a_verdict("t-1")
    assert change.is_due_to_be_told(LATER)


def test_digests_of_changes_follow_each_other_and_the_pointer_names_the_newest(store: Shelf) -> None:
    for trace in ("t-1", "t-2", "t-3"):
        judged(store, trace)
    head, pointer = find_head(store, SCOPE, None), read_latest(store, SCOPE)

    assert head is not None
    assert pointer is not None
    assert (head.seq, pointer.run, pointer.digest) == (3, "t-3", head.link.object)


@pytest.mark.parametrize(
    ("outcome", "conclusion"),
    [
        (Outcome.FAIL, Conclusion.NON_COMPLIANT),
        (Outcome.UNKNOWN, Conclusion.INCOMPLETE),
        (Outcome.PASS, Conclusion.COMPLIANT),
        (Outcome.NOT_APPLICABLE, Conclusion.COMPLIANT),
    ],
)
def test_what_is_not_known_is_never_compliant(outcome: Outcome, conclusion: Conclusion) -> None:
    assert conclusion_of(a_verdict("t-1", outcome=outcome)) == conclusion


def test_a_second_verdict_on_a_trace_changes_nothing(store: Shelf) -> None:
    first = judged(store, "t-1").digest()
    second = judged(store, "t-1", reason="something else")

    assert second.report() == a_verdict("t-1")
    assert second.digest() == first
    assert len(store.keys(f"{SCOPE}/digest/")) == 1


def test_an_id_that_ends_like_another_is_another_trace(store: Shelf) -> None:
    judged(store, "a-b")
    other = StoredChange(store, PROJECT, "b")
    store.objects[f"{SCOPE}/b/manifest.json"] = store.objects[f"{SCOPE}/a-b/manifest.json"]

    assert not other.is_committed
    with pytest.raises(StoreError, match="has no verdict yet"):
        other.report()


def test_whoever_signs_second_takes_what_is_there(store: Shelf) -> None:
    change = judged(store, "t-1", Slow(lambda: judged(store, "t-1")))

    assert len(store.keys(f"{SCOPE}/digest/")) == 1
    assert change.is_committed


def test_a_digest_that_cannot_be_written_commits_nothing(store: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object) -> None:
        raise StoreError("it is full")

    with pytest.raises(StoreError, match="it is full"):
        judged(store, "t-1", Slow(lambda: monkeypatch.setattr(store, "create", refused)))
    assert not StoredChange(store, PROJECT, "t-1").is_committed


def test_whoever_was_overtaken_does_not_put_the_pointer_back(store: Shelf) -> None:
    judged(store, "t-1", Slow(lambda: (judged(store, "t-2"), judged(store, "t-3"))))
    pointer = read_latest(store, SCOPE)

    assert pointer is not None
    assert pointer.run == "t-3"


@pytest.mark.parametrize("damage", [b"{}", b'{"digest": "project-1/changes/digest/9999999999-x.json"}'])
def test_a_damaged_pointer_is_written_anew(damage: bytes, store: Shelf) -> None:
    judged(store, "t-1")
    latest = f"{SCOPE}/latest.json"
    store.objects[latest] = (
        damage + store.objects[latest][:0]
        if damage == b"{}"
        else store.objects[latest].replace(b"0000000001-t-1", b"9999999999-x")
    )
    judged(store, "t-2")
    pointer = read_latest(store, SCOPE)

    assert pointer is not None
    assert pointer.run == "t-2"


@pytest.mark.parametrize(
    ("read", "name"),
    [
        (StoredChange.event, "event.json"),
        (StoredChange.report, "change-"),
        (StoredChange.profile, "profile-"),
        (lambda change: [*change.pages()], "vaults-"),
        (StoredChange.manifest, "manifest.json"),
    ],
)
def test_what_is_missing_is_an_error_that_names_it(
    read: Callable[[StoredChange], object], name: str, store: Shelf
) -> None:
    change = judged(store, "t-1")
    del store.objects[next(key for key in store.objects if name in key)]

    with pytest.raises(ChainError, match=f"{name}.*is missing"):
        read(change)


def test_a_request_for_a_time_that_is_none_is_an_error_and_no_crash(store: Shelf) -> None:
    change = StoredChange(store, PROJECT, "t-1")
    change.begin(EVENT)
    change.keep(structs.replace(a_page(), params=(("start_time", "never"),)))
    change.commit(a_verdict("t-1"), PROFILE.canonical, Unsigned())

    with pytest.raises(ChainError, match=r"vaults-.* is missing or was changed"):
        [*change.pages()]


@pytest.mark.parametrize("outcome", [Outcome.FAIL, Outcome.UNKNOWN])
def test_a_verdict_that_nobody_was_told_of_is_told_after_two_minutes(outcome: Outcome, store: Shelf) -> None:
    change = judged(store, "t-1", outcome=outcome)

    assert not change.is_due_to_be_told(LATER - timedelta(seconds=1))
    assert change.is_due_to_be_told(LATER)
    change.mark_told(LATER)
    change.mark_told(LATER + timedelta(seconds=1))
    assert change.was_told
    assert not change.is_due_to_be_told(LATER)


@pytest.mark.parametrize("outcome", [Outcome.PASS, Outcome.NOT_APPLICABLE])
def test_nobody_is_told_of_what_does_no_harm(outcome: Outcome, store: Shelf) -> None:
    assert not judged(store, "t-1", outcome=outcome).is_due_to_be_told(LATER)


def test_being_told_that_nothing_confirms_an_event_is_not_being_told_of_a_verdict(store: Shelf) -> None:
    change = StoredChange(store, PROJECT, "t-1")
    change.begin(EVENT)
    change.mark_told_unconfirmed(NOW)

    assert change.was_told_unconfirmed
    assert not change.was_told
    assert not change.is_due_to_be_told(LATER)


def an_invocation(trace: str, number: int) -> Callable[[Store], object]:
    """What the watch does with one event; each invocation has another answer and comes to another verdict."""

    def work(store: Store) -> object:
        change = StoredChange(store, PROJECT, trace)
        change.begin(EVENT)
        if not change.is_committed:
            change.keep(a_page(number))
            change.commit(a_verdict(trace, recent=number), PROFILE.canonical, Unsigned())
        change.mark_told(NOW)
        return change.report()

    return work


def test_events_that_come_twice_in_any_order_and_are_killed_anywhere_leave_one_verdict_each() -> None:
    killed = twice = 0
    for seed in range(SCHEDULES):
        chance, store = Random(seed), Shelf()  # noqa: S311  # the order of events
        traces = [f"t-{chance.randrange(3)}" for _ in range(chance.randint(2, 5))]
        works = [an_invocation(trace, number) for number, trace in enumerate(traces)]
        results = Stepping(store, chance).run(works, [chance.choice((None, chance.randint(1, 26))) for _ in works])
        killed += sum(isinstance(each, KilledError) for each in results)
        told = {trace: [an_invocation(trace, 99)(store)] for trace in traces}  # the platform tries again
        for trace, result in zip(traces, results, strict=True):
            told[trace] += [] if isinstance(result, KilledError) else [result]

        assert not [trace for trace, each in told.items() if each != each[:1] * len(each)], f"schedule {seed}"
        found = verify_changes(store, PROJECT)
        assert not found.faults, f"schedule {seed}"
        assert {digest.run for digest in found.runs} == {*traces}, f"schedule {seed}"
        twice += found.digests - len(found.runs)

    assert killed > SCHEDULES / 2
    assert twice
