"""A fleet run in its store: whoever begins or ends it, however often, it comes to the same bytes."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from hashlib import sha256
from pathlib import Path

import pytest

from audit.errors import ChainError, StoreError
from audit.evidence.chain import Link, Unsigned, commit
from audit.evidence.publish import read_latest
from audit.evidence.store import ProbedStore, open_store
from audit.evidence.stored_runs import find_digest
from audit.fleet.forms import Discovery, Evidence, FleetPlan, Status
from audit.fleet.publication import (
    FleetRun,
    begin,
    begun_prefixes,
    begun_run,
    evidence_name,
    former,
    manifest_of,
    previous_run,
)
from audit.fleet.roll_up import FleetReport
from audit.report import INDEX
from audit.report.facts import Conclusion
from tests.fleet.builders import AS_OF, PROFILE, PROFILES, a_plan, a_receipt, a_target

ONE, TWO = (a_target(number) for number in (1, 2))
RESPONSE = b'{"accounts": []}'
FOUND = Evidence(
    name=evidence_name(RESPONSE),
    sha256=evidence_name(RESPONSE)[len("discovery/") : -len(".json.gz")],
    url="https://organizations.myhuaweicloud.com/v1/organizations/accounts",
    received_at=AS_OF,
)


def rendered(report: FleetReport) -> dict[str, bytes]:
    return {"fleet.csv": b"a,b\n", INDEX: report.run.encode()}


@pytest.fixture
def store(tmp_path: Path) -> ProbedStore:
    return open_store(str(tmp_path / "store"))


def begun(store: ProbedStore, plan: FleetPlan | None = None) -> FleetRun:
    plan = plan or a_plan(ONE, TWO, discovery=Discovery(accounts=2, evidence=(FOUND,)))
    return begin(store, plan, PROFILES, {FOUND.name: RESPONSE} if plan.discovery.evidence else None)


def rolled(store: ProbedStore, plan: FleetPlan | None = None) -> FleetReport:
    run = begun(store, plan)
    for target in run.plan.targets:
        run.leave(a_receipt(target, fleet_run=run.plan.run))
    return run.roll_up(Unsigned(), rendered)


def test_the_plan_is_stored_with_profiles_and_evidence_before_anything_is_audited(store: ProbedStore) -> None:
    run = begun(store)

    assert {key.removeprefix(f"{run.plan.prefix}/") for key in store.keys("fleet-all/")} == {
        *("plan.json", FOUND.name, f"profiles/{PROFILE.sha256}.json"),
    }
    assert run.profile(PROFILE.sha256) == PROFILE.canonical
    assert not run.is_rolled_up


def test_whoever_begins_a_run_again_goes_on_with_the_plan_that_is_stored(store: ProbedStore) -> None:
    begun(store)
    again = begin(store, a_plan(ONE), PROFILES)

    assert again.plan.targets == (ONE, TWO)


def test_of_two_receipts_the_first_counts(store: ProbedStore) -> None:
    run = begun(store)

    assert run.leave(a_receipt(ONE))
    assert not run.leave(a_receipt(ONE, Status.FAILED))
    stored = run.receipt_of(ONE.key)
    assert stored is not None
    assert stored.status == Status.AUDITED
    assert run.receipt_of(TWO.key) is None


def test_a_roll_up_is_committed_once_and_points_to_itself(store: ProbedStore) -> None:
    report = rolled(store)
    pointer = read_latest(store, "fleet-all")

    assert report.conclusion == Conclusion.COMPLIANT
    assert pointer is not None
    assert (pointer.run, pointer.conclusion) == (report.run, "compliant")
    assert store.read(f"fleet-all/{INDEX}") == report.run.encode()
    assert store.read(f"{pointer.prefix}/fleet.csv") == b"a,b\n"


def test_rolling_up_again_changes_nothing_whatever_came_since(store: ProbedStore) -> None:
    run = begun(store)
    run.leave(a_receipt(ONE))
    first = run.roll_up(Unsigned(), rendered)
    before = {key: store.read(key) for key in store.keys("fleet-all/")}
    run.leave(a_receipt(TWO))

    assert run.roll_up(Unsigned(), rendered) == first
    assert first.targets[1].status == Status.NEVER
    assert before == {key: store.read(key) for key in before}
    assert run.is_rolled_up


class KilledError(Exception):
    """The process is gone."""


def killing(store: ProbedStore, after: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the store's process die at the write with this number."""
    writes = 0

    def dying(write: Callable[..., None]) -> Callable[..., None]:
        def written(*arguments: object) -> None:
            nonlocal writes
            writes += 1
            if writes > after:
                raise KilledError
            write(*arguments)

        return written

    for name in ("create", "replace"):
        monkeypatch.setattr(store, name, dying(getattr(store, name)))


@pytest.mark.parametrize("after", range(13))
def test_a_coordinator_that_is_killed_at_any_write_loses_nothing(
    after: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, cut = (open_store(str(tmp_path / name)) for name in ("whole", "cut"))
    report = rolled(whole)
    with monkeypatch.context() as patched:
        killing(cut, after, patched)
        is_killed = False
        try:
            rolled(cut)
        except KilledError:
            is_killed = True

    assert is_killed == (after < 12)
    assert rolled(cut) == report
    keys = [key for key in whole.keys("fleet-all/") if not key.endswith("latest.json")]
    assert {key: whole.read(key) for key in keys} == {key: cut.read(key) for key in keys}
    assert read_latest(cut, "fleet-all") is not None


def test_a_run_whose_coordinator_died_is_found_after_its_deadline(store: ProbedStore) -> None:
    run = begun(store)

    assert [*begun_prefixes(store, "all", AS_OF + timedelta(days=6))] == [run.plan.prefix]
    assert [*begun_prefixes(store, "all", AS_OF + timedelta(days=7))] == []
    assert not run.is_late(run.plan.deadline - timedelta(seconds=1))
    assert run.is_late(run.plan.deadline)
    run.roll_up(Unsigned(), rendered)
    assert not run.is_late(run.plan.deadline)


def days(store: ProbedStore, count: int) -> Iterator[FleetReport]:
    for number in range(count):
        as_of = AS_OF + timedelta(days=number)
        plan = a_plan(ONE, as_of=as_of, run=f"run-{number}", previous=previous_run(store, "all", as_of).link)
        yield rolled(store, plan)


def test_a_run_goes_on_from_the_newest_one_before_that_was_rolled_up(store: ProbedStore) -> None:
    first, second = days(store, 2)
    begun(store, a_plan(TWO, as_of=AS_OF + timedelta(days=2), run="never-rolled-up"))
    found = previous_run(store, "all", AS_OF + timedelta(days=3))

    earlier = previous_run(store, "all", AS_OF + timedelta(days=1)).link
    assert earlier is not None
    assert earlier.run == first.run
    assert [day.day for day in second.days] == ["2026-11-23", "2026-11-24"]
    assert found.link is not None
    assert (found.link.run, found.lost) == (second.run, "")
    assert found.plan is not None
    assert former(store, found.link).report == second
    assert first.days == second.days[:1]


def test_a_run_of_an_earlier_time_does_not_move_the_pointer_back(store: ProbedStore) -> None:
    _, second = days(store, 2)
    rolled(store, a_plan(ONE, as_of=AS_OF - timedelta(days=1), run="late"))
    pointer = read_latest(store, "fleet-all")

    assert pointer is not None
    assert pointer.run == second.run


@pytest.mark.parametrize(
    ("name", "trouble"),
    [
        ("plan.json", "no known form"),
        ("receipts.json", "no known form"),
        (f"receipts/{ONE.key}.json", "changed since the receipts were sealed"),
    ],
)
def test_what_was_changed_is_an_error_that_names_it(
    name: str, trouble: str, store: ProbedStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = begun(store)
    run.leave(a_receipt(ONE))
    with monkeypatch.context() as patched:
        killing(store, 1, patched)  # the seal is written, and nothing after it
        with pytest.raises(KilledError):
            run.roll_up(Unsigned(), rendered)
    store.replace(f"{run.plan.prefix}/{name}", b"{}")

    with pytest.raises(ChainError, match=trouble) as caught:
        begun(store).roll_up(Unsigned(), rendered)
    assert name in str(caught.value)


def test_a_plan_of_another_run_is_refused(store: ProbedStore) -> None:
    store.create(f"{a_plan().prefix}/plan.json", a_plan(run="another").dump())

    with pytest.raises(ChainError, match="the plan of another run"):
        begun_run(store, a_plan().prefix)


@pytest.mark.parametrize("name", ["plan.json", "fleet.json"])
def test_a_run_before_that_was_changed_is_not_taken_for_nothing(name: str, store: ProbedStore) -> None:
    (first,) = days(store, 1)
    link = previous_run(store, "all", AS_OF + timedelta(days=1)).link
    assert link is not None
    store.replace(f"{link.prefix}/{name}", b"{}")

    with pytest.raises(ChainError, match=f"{name} is missing or was changed"):
        former(store, link)
    assert first.complete


@pytest.mark.parametrize("name", ["plan.json", "fleet.json", "manifest.json"])
def test_a_run_before_that_is_lost_is_a_doubt_and_the_one_before_it_counts(name: str, store: ProbedStore) -> None:
    first, second = days(store, 2)
    store.remove(f"fleet-all/2026/11/24/{second.run}/{name}")
    found = previous_run(store, "all", AS_OF + timedelta(days=2))

    assert found.link is not None
    assert found.link.run == first.run
    assert found.lost.startswith("what is gone is not known, since the fleet run before is lost: ")
    assert name in found.lost


def test_a_digest_that_is_lost_is_a_doubt(store: ProbedStore) -> None:
    _, second, _ = days(store, 3)
    store.remove(f"fleet-all/digest/0000000002-{second.run}.json")
    store.remove("fleet-all/2026/11/25/run-2/plan.json")
    found = previous_run(store, "all", AS_OF + timedelta(days=3))

    assert (found.link, found.plan) == (None, None)
    assert "run-2/plan.json" in found.lost


def test_a_manifest_without_a_plan_is_that_of_no_run_before(store: ProbedStore) -> None:
    (first,) = days(store, 1)
    digest = find_digest(store, "fleet-all", first.run)
    assert digest is not None
    manifest = manifest_of(store, digest).model_copy(update={"objects": ()}).dump()
    store.replace(digest.manifest.object, manifest)
    store.remove(digest.digest_object)
    link = Link(object=digest.manifest.object, sha256=sha256(manifest).hexdigest())
    commit(store, digest.model_copy(update={"manifest": link}), Unsigned())

    assert "does not list plan.json" in previous_run(store, "all", AS_OF + timedelta(days=1)).lost


class Slow:
    """A signer that signs the same differently each time; meanwhile, somebody else is faster."""

    key_id, algorithm = "a-key", "an-algorithm"

    def __init__(self, meanwhile: Callable[[], object]) -> None:
        self._meanwhile = meanwhile

    def sign(self, _data: bytes) -> bytes:
        self._meanwhile()
        return b"signed"


def test_whoever_signs_second_takes_what_is_there(store: ProbedStore) -> None:
    run = begun(store)
    report = run.roll_up(Slow(lambda: begun(store).roll_up(Unsigned(), rendered)), rendered)

    assert report == run.report()
    assert len(store.keys("fleet-all/digest/")) == 1


def test_a_digest_that_cannot_be_written_commits_nothing(store: ProbedStore, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object) -> None:
        raise StoreError("it is full")

    run = begun(store)
    with pytest.raises(StoreError, match="it is full"):
        run.roll_up(Slow(lambda: monkeypatch.setattr(store, "create", refused)), rendered)
    assert not run.is_rolled_up


def test_what_is_not_rolled_up_has_no_report(store: ProbedStore) -> None:
    with pytest.raises(StoreError, match="not rolled up yet"):
        begun(store).report()


@pytest.mark.parametrize(
    ("name", "data"),
    [
        (f"{ONE.key}.json", b"{}"),
        (f"{ONE.key}.json", a_receipt(TWO).dump()),
        (ONE.key, a_receipt(ONE).dump()),
        (f"{ONE.key}.json.json", a_receipt(ONE).dump()),
    ],
)
def test_something_else_among_the_receipts_is_none(name: str, data: bytes, store: ProbedStore) -> None:
    run = begun(store)
    store.create(f"{run.plan.prefix}/receipts/{name}", data)

    assert run.roll_up(Unsigned(), rendered).targets[0].status == Status.NEVER
