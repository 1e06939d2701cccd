"""What verifying the chain of changes finds, and what it lets pass."""

import shutil
from collections.abc import Callable
from datetime import timedelta
from hashlib import sha256
from pathlib import Path

import pytest

from audit import __version__
from audit.errors import StoreError
from audit.evidence.chain import Digest, DigestKind, Link, Unsigned, commit
from audit.evidence.store import open_store
from audit.evidence.verify import Verification, last_good
from audit.judging.findings import Outcome
from audit.packing import packed
from audit.report.facts import Conclusion
from audit.watch.change_manifest import ChangeManifest, ChangePage
from audit.watch.change_store import StoredChange
from audit.watch.change_verify import replay_changes, verify_changes, verify_project
from tests.builders import NOW
from tests.evidence.chains import Shelf
from tests.evidence.test_hostile_stores import huge, link_to_a_device, link_to_the_same, pipe
from tests.fleet.test_publication import Slow
from tests.watch.stored import EVENT, PROJECT, a_page, a_verdict, judged

SCOPE = f"{PROJECT}/changes"
DAY = timedelta(days=1)


@pytest.fixture
def store() -> Shelf:
    shelf = Shelf()
    for number in (1, 2, 3):
        judged(shelf, f"t-{number}", judged_at=NOW + number * DAY).mark_told(NOW)
    return shelf


def faults(shelf: Shelf) -> list[str]:
    return [f"{fault.object}: {fault.problem}" for fault in verify_changes(shelf, PROJECT).faults]


def only(shelf: Shelf, trace: str, start: str) -> str:
    (key,) = (key for key in shelf.objects if key.startswith(f"{SCOPE}/{trace}/{start}"))
    return key


def forged(shelf: Shelf, change: Callable[[ChangeManifest], ChangeManifest]) -> None:
    """Change the manifest of the last change of an unsigned chain, and hash it anew."""
    stored = StoredChange(shelf, PROJECT, "t-3")
    digest = stored.digest()
    assert digest is not None
    data = change(stored.manifest()).dump()
    shelf.objects[digest.manifest.object] = data
    del shelf.objects[digest.digest_object], shelf.objects[f"{SCOPE}/latest.json"]
    link = Link(object=digest.manifest.object, sha256=sha256(data).hexdigest())
    commit(shelf, digest.model_copy(update={"manifest": link}), Unsigned())


def replaced(shelf: Shelf, start: str, data: bytes, **field: str) -> None:
    """Put another object in the place of one of the last change, with a name and hashes that fit."""
    old = only(shelf, "t-3", start).rpartition("/")[2]
    digest = sha256(data).hexdigest()
    new = f"{start}{digest}.{old.partition('.')[2]}" if start.endswith("-") else old
    shelf.objects[f"{SCOPE}/t-3/{new}"] = data

    def change(manifest: ChangeManifest) -> ChangeManifest:
        listed = tuple(
            each.model_copy(update={"name": new, "sha256": digest, "size": len(data)}) if each.name == old else each
            for each in manifest.objects
        )
        return manifest.model_copy(update={"objects": listed, **dict.fromkeys(field, new)})

    forged(shelf, change)


def test_a_chain_of_changes_is_verified(store: Shelf) -> None:
    result = verify_changes(store, PROJECT)

    assert (result.faults, result.notes) == ([], [])
    assert (result.digests, result.objects, len(result.runs)) == (3, 15, 3)
    assert result.size == sum(
        len(data) for key, data in store.objects.items() if not key.endswith(("latest.json", "told.json"))
    )


def test_a_project_without_changes_has_nothing_to_say() -> None:
    assert verify_changes(Shelf(), PROJECT) == Verification(SCOPE)


@pytest.mark.parametrize("name", ["event.json", "vaults-", "change-", "profile-", "manifest.json"])
@pytest.mark.parametrize("change", [None, b"", b"{}"])
def test_what_is_gone_or_changed_is_a_fault(name: str, change: bytes | None, store: Shelf) -> None:
    key = only(store, "t-2", name)
    store.objects.pop(key)
    if change is not None:
        store.objects[key] = change

    assert [fault for fault in faults(store) if fault.startswith(key)]


def test_a_digest_that_is_gone_is_a_fault_and_its_change_is_not_confirmed(store: Shelf) -> None:
    del store.objects[next(key for key in store.objects if key.endswith("-t-2.json"))]
    result = verify_changes(store, PROJECT)

    assert "a digest is missing" in [fault.problem for fault in result.faults]
    assert [note for note in result.notes if note.startswith(f"{SCOPE}/t-2: an event that was not confirmed")]


def test_a_pointer_that_leads_to_a_digest_that_was_cut_off_is_a_fault(store: Shelf) -> None:
    for key in [key for key in store.objects if "t-3" in key]:
        del store.objects[key]

    assert faults(store) == [f"{SCOPE}/latest.json: the pointer to the latest run leads to no run of the chain"]


def test_a_pointer_that_lags_is_none(store: Shelf) -> None:
    latest = store.objects[f"{SCOPE}/latest.json"]
    judged(store, "t-4", judged_at=NOW + 4 * DAY)
    store.objects[f"{SCOPE}/latest.json"] = latest

    assert not faults(store)


def test_an_event_that_nothing_confirmed_is_a_note(store: Shelf) -> None:
    StoredChange(store, PROJECT, "t-9").begin(EVENT)
    (note,) = verify_changes(store, PROJECT).notes

    assert not faults(store)
    assert note.startswith(f"{SCOPE}/t-9: an event that was not confirmed")


def test_a_project_of_which_no_event_was_confirmed_has_no_head() -> None:
    store = Shelf()
    StoredChange(store, PROJECT, "t-9").begin(EVENT)
    result = verify_changes(store, PROJECT)

    assert (result.digests, result.head, result.faults) == (0, None, [])


def test_what_a_slower_audit_of_the_same_event_left_is_a_note(store: Shelf) -> None:
    change = StoredChange(store, PROJECT, "t-2")
    change.keep(a_page(7))
    (note,) = verify_changes(store, PROJECT).notes

    assert not faults(store)
    assert note == f"{SCOPE}/t-2: 1 object of audits of the same event that were interrupted or slower"


@pytest.mark.parametrize(
    "key", ["note.txt", "t-2/note.txt", "t-2/more/told.json", f"t-2/vaults-{'0' * 64}.json.gz", "t-2/latest.json"]
)
def test_an_object_that_nobody_lists_is_a_fault(key: str, store: Shelf) -> None:
    store.objects[f"{SCOPE}/{key}"] = b"x"

    assert faults(store) == [f"{SCOPE}/{key}: no manifest lists this object"]


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (b"{}", "has no known form"),
        (b'{"schema_version":1,"told_at":"2026-11-23T04:00:00Z","trace":"t-1"}', "it is about another trace"),
    ],
)
def test_a_note_of_having_told_that_is_none_is_a_fault(data: bytes, problem: str, store: Shelf) -> None:
    store.objects[f"{SCOPE}/t-2/told.json"] = data
    (fault,) = faults(store)

    assert problem in fault


def test_two_verdicts_on_one_trace_are_a_fault(store: Shelf) -> None:
    digest = StoredChange(store, PROJECT, "t-2").digest()
    assert digest is not None
    again = digest.model_copy(
        update={
            "seq": 1,
            "previous": None,
            "digest_object": f"{SCOPE}/digest/0000000001-t-2.json",
            "manifest": Link(object=digest.manifest.object, sha256="0" * 64),
        }
    )
    commit(store, again, Unsigned())

    assert [fault for fault in faults(store) if "another verdict on the same trace" in fault]


@pytest.mark.parametrize(
    ("field", "value", "problem"),
    [
        ("trace", "t-1", "something else of the change than its digest"),
        ("project_id", "project-2", "something else of the change than its digest"),
        ("judged_at", NOW, "something else of the change than its digest"),
        ("conclusion", Conclusion.COMPLIANT, "something else of the change than its digest"),
        ("complete", False, "something else of the change than its digest"),
        ("report", f"change-{'0' * 64}.json", "the manifest does not list change-"),
        ("profile", "event.json", "it is not the profile that the report names"),
        ("report", "event.json", "event.json has no known form"),
    ],
)
def test_a_forged_manifest_contradicts_what_it_commits(field: str, value: object, problem: str, store: Shelf) -> None:
    forged(store, lambda manifest: manifest.model_copy(update={field: value}))

    assert [fault for fault in faults(store) if problem in fault]


@pytest.mark.parametrize(
    "changes",
    [
        {"outcome": Outcome.PASS},
        {"judged_at": NOW},
        {"project_id": "project-2"},
        {"doubts": ("the vaults could not be read",)},
    ],
)
def test_a_forged_report_contradicts_the_manifest(changes: dict[str, object], store: Shelf) -> None:
    report = a_verdict("t-3", **({"judged_at": NOW + 3 * DAY} | changes))
    replaced(store, "change-", report.dump(), report="")

    assert [fault for fault in faults(store) if "the report says something else than the manifest" in fault]


def test_a_forged_profile_is_not_the_one_that_the_report_names(store: Shelf) -> None:
    replaced(store, "profile-", b"{}", profile="")

    assert [fault for fault in faults(store) if "it is not the profile that the report names" in fault]


@pytest.mark.parametrize("data", [packed(b"{}"), b"no gzip file"])
def test_a_forged_response_is_not_the_one_that_the_manifest_names(data: bytes, store: Shelf) -> None:
    old = only(store, "t-3", "vaults-").rpartition("/")[2]
    new = f"vaults-{sha256(data).hexdigest()}.json.gz"

    def page(listed: ChangePage) -> ChangePage:
        return listed.model_copy(update={"name": new})

    store.objects[f"{SCOPE}/t-3/{new}"] = data
    forged(
        store,
        lambda manifest: manifest.model_copy(
            update={
                "pages": tuple(map(page, manifest.pages)),
                "objects": tuple(
                    each.model_copy(update={"name": new, "sha256": sha256(data).hexdigest(), "size": len(data)})
                    if each.name == old
                    else each
                    for each in manifest.objects
                ),
            }
        ),
    )

    assert [fault for fault in faults(store) if "the response inside is not the one" in fault]


def test_a_name_that_is_not_the_hash_of_its_object_is_a_fault(store: Shelf) -> None:
    name = f"change-{'0' * 64}.json"
    store.objects[f"{SCOPE}/t-3/{name}"] = store.objects[only(store, "t-3", "change-")]
    forged(
        store,
        lambda manifest: manifest.model_copy(
            update={
                "report": name,
                "objects": tuple(
                    each.model_copy(update={"name": name}) if each.name == manifest.report else each
                    for each in manifest.objects
                ),
            }
        ),
    )

    assert f"{SCOPE}/t-3/{name}: its name is not its hash" in faults(store)


def test_changes_that_overlapped_are_a_note_until_a_later_digest_records_them() -> None:
    store = Shelf()
    judged(store, "t-1", Slow(lambda: judged(store, "t-2")))
    (note,) = verify_changes(store, PROJECT).notes
    judged(store, "t-3")
    judged(store, "t-4", Slow(lambda: (judged(store, "t-5"), judged(store, "t-6"))))
    result = verify_changes(store, PROJECT)

    assert "2 changes overlapped with others" in note
    assert not result.faults
    assert [note for note in result.notes if "1 change overlapped with others" in note]


def test_changes_before_a_time_may_be_gone_but_not_in_part(store: Shelf) -> None:
    for key in [key for key in store.objects if key.startswith(f"{SCOPE}/t-1/")]:
        del store.objects[key]
    del store.objects[only(store, "t-2", "change-")]
    result = verify_changes(store, PROJECT, since=NOW + 2 * DAY)

    assert [fault.object.partition("change-")[0] for fault in result.faults] == [f"{SCOPE}/t-2/"]
    assert "1 change before the given time removed; the digests are still there" in result.notes
    assert verify_changes(store, PROJECT, since=NOW + 3 * DAY).faults == []
    assert result.unread == 1


def test_the_objects_of_changes_after_a_time_are_not_read(store: Shelf) -> None:
    store.objects[only(store, "t-3", "change-")] = b""
    result = verify_changes(store, PROJECT, until=NOW + 2 * DAY)

    assert (result.faults, result.unread, len(result.runs)) == ([], 1, 2)


def test_what_was_verified_before_is_not_read_again(store: Shelf) -> None:
    first = verify_changes(store, PROJECT)
    assert first.head is not None
    last = last_good(first, first.head, None)
    store.objects[only(store, "t-1", "change-")] = b""
    judged(store, "t-4", judged_at=NOW + 4 * DAY)
    result = verify_changes(store, PROJECT, last=last)

    assert not result.faults
    assert ([digest.run for digest in result.runs], len(result.passed_over)) == (["t-4"], 3)


def test_changes_that_were_there_at_the_last_verification_and_are_all_gone_are_a_fault(store: Shelf) -> None:
    first = verify_changes(store, PROJECT)
    assert first.head is not None

    (fault,) = verify_changes(Shelf(), PROJECT, last=last_good(first, first.head, None)).faults
    assert fault.object == first.head.digest_object


def publish(shelf: Shelf) -> str:
    """Commit the run that changes were compared with, and remove its manifest, as a retention does."""
    manifest = f"{PROJECT}/2026/11/23/run-1/manifest.json"
    link = Link(object=manifest, sha256="0" * 64)
    digest = Digest(
        scope=PROJECT,
        seq=1,
        kind=DigestKind.NORMAL,
        run="run-1",
        digest_object=f"{PROJECT}/digest/0000000001-run-1.json",
        digest_start_time=0,
        digest_end_time=0,
        conclusion="compliant",
        complete=True,
        manifest=link,
        previous=None,
    )
    commit(shelf, digest, Unsigned())
    return manifest


def replayed(store: Shelf, judge: Callable[[StoredChange], bytes]) -> Verification:
    result = verify_changes(store, PROJECT)
    assert [*replay_changes(store, result, judge)] == ["t-1", "t-2", "t-3"]
    return result


def test_changes_are_judged_again_to_the_same_bytes(store: Shelf) -> None:
    result = replayed(store, lambda change: change.report().dump())

    assert (result.replayed, result.others, result.faults) == (3, 0, [])


def test_a_change_of_another_version_may_be_judged_in_other_words(store: Shelf) -> None:
    result = replayed(store, lambda _: b"{}")

    assert (result.replayed, result.others, result.faults) == (0, 3, [])


def test_a_change_that_is_judged_to_another_report_is_a_fault() -> None:
    store = Shelf()
    for number in (1, 2, 3):
        judged(store, f"t-{number}", tool_version=__version__)
    result = replayed(store, lambda _: b"{}")

    assert [fault.problem for fault in result.faults] == ["judged again, the change comes to another report"] * 3


@pytest.mark.parametrize("error", [StoreError, LookupError, TypeError, ValueError, AttributeError])
@pytest.mark.parametrize("digest", [None, b"{}"])
def test_a_change_that_cannot_be_judged_again_is_a_fault(
    error: type[Exception], digest: bytes | None, store: Shelf
) -> None:
    def judge(_: StoredChange) -> bytes:
        raise error("its report is gone")

    if digest is not None:
        store.objects[f"{PROJECT}/digest/0000000001-run-1.json"] = digest
    result = replayed(store, judge)

    assert "the change cannot be judged again: " in result.faults[0].problem


def test_a_change_whose_report_to_compare_with_was_pruned_is_not_judged_again(store: Shelf) -> None:
    def judge(_: StoredChange) -> bytes:
        raise StoreError("its report is gone")

    digest = publish(store)
    result = replayed(store, judge)

    assert digest not in store.objects
    assert not result.faults
    assert result.replayed == 0
    assert f"{SCOPE}/t-1: the change was not judged again: its report is gone" in result.notes


def test_the_faults_of_both_chains_are_in_one_list_also_those_of_judging_again() -> None:
    store = Shelf()
    judged(store, "t-1", tool_version=__version__)
    runs, changes = verify_project(store, PROJECT)
    assert [*replay_changes(store, changes, lambda _: b"{}")] == ["t-1"]

    assert [fault.object for fault in runs.faults] == [f"{SCOPE}/t-1"]


@pytest.mark.parametrize("plant", [link_to_the_same, link_to_a_device, pipe, huge], ids=lambda plant: plant.__name__)
def test_what_is_no_object_is_a_fault_wherever_it_is(plant: Callable[[Path], None], tmp_path: Path) -> None:
    judged(open_store(str(tmp_path / "0")), "t-1").mark_told(NOW)
    paths = [each for each in (tmp_path / "0").rglob("*") if each.is_file()]
    assert len(paths) == 8
    for number, path in enumerate(paths, 1):
        folder = tmp_path / str(number)
        shutil.copytree(tmp_path / "0", folder)
        plant(folder / path.relative_to(tmp_path / "0"))

        result, _ = verify_project(open_store(str(folder)), PROJECT)
        assert result.faults, path
