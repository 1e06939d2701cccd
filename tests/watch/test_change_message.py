from typing import Any

import orjson
import pytest

from audit.errors import ChainError
from audit.judging.findings import Outcome, Severity
from audit.records import DESTRUCTIVE, Actor
from audit.watch import change_call
from audit.watch.change_forms import ActorForm, ChangeReport
from audit.watch.change_message import subject, text, unconfirmed_subject, unconfirmed_text, who
from audit.watch.hints import Form, Hint
from audit.watch.undo import UNDO
from tests.builders import NOW, a_trace
from tests.watch.changes import EVE, WEB, a_change

URL = "obs://bucket/project-1/changes/trace-1"


def test_the_subject_says_how_bad_it_is_what_was_done_and_by_whom() -> None:
    line = subject(a_change(severity=Severity.CRITICAL))

    assert line == "cbr-audit: CRITICAL, a vault was deleted by eve of account acme, project project-1"


def test_the_text_says_who_what_when_from_where_what_is_unprotected_and_how_to_undo_it() -> None:
    assert text(a_change(recent=2), URL).splitlines() == [
        "HIGH: protection was taken away by somebody whom the profile does not trust.",
        "What: deleteVault of vault blue",
        "Who: eve of account acme, with the access key AK1",
        "When: 2026-11-23T03:00:00Z",
        "From: 192.0.2.7",
        "In the hour before, the same actor did 2 other destructive operations.",
        "",
        "Unprotected now (1):",
        "- web-1 (OS::Nova::Server): no vault any more",
        "",
        f"To undo it: {UNDO[a_change().trace.deed]}",
        "If nobody meant it, take the right to do so from the actor first.",
        "",
        "Trace: trace-1",
        f"Evidence: {URL}",
    ]


def test_what_the_trace_does_not_say_is_said_to_be_missing() -> None:
    bare = a_trace(actor=Actor(), resource_type=None, resource_id=None, resource_name=None)
    lines = text(a_change(bare), URL).splitlines()

    assert lines[1:5] == [
        "What: deleteVault",
        "Who: somebody whom the trace does not name",
        "When: 2026-11-23T03:00:00Z",
        "From: an address that the trace does not name",
    ]


@pytest.mark.parametrize(
    ("actor", "words"),
    [
        (Actor(name="eve", account_id="d-1"), "eve of account d-1"),
        (Actor(urn="iam::d-1:user:eve", id="u"), "iam::d-1:user:eve"),
        (Actor(id="u"), "u"),
        (Actor(access_key_id="AK1"), "access key AK1"),
        (Actor(name="x", is_cloud=True), "the cloud itself"),
        (Actor(account="acme"), "somebody whom the trace does not name"),
    ],
)
def test_an_actor_is_named_as_far_as_the_trace_goes(actor: Actor, words: str) -> None:
    assert who(ActorForm.of(actor)) == words


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        ({}, "No resource has lost its vault or policy."),
        ({"compared_with": None}, "What is unprotected is not known."),
        ({"doubts": ("the vaults could not be read",)}, "What is unprotected is not known."),
        ({"outcome": Outcome.UNKNOWN}, "What is unprotected is not known."),
    ],
)
def test_that_nothing_is_unprotected_is_only_said_where_it_is_known(changes: dict[str, Any], line: str) -> None:
    assert line in text(a_change(unprotected=(), **changes), URL).splitlines()


def test_doubts_are_told() -> None:
    assert "In doubt: the vaults could not be read" in text(a_change(doubts=("the vaults could not be read",)), URL)


def test_many_resources_are_counted() -> None:
    lines = text(a_change(unprotected=(WEB,) * 23), URL).splitlines()

    assert "Unprotected now (23):" in lines
    assert "- and 3 more: see the report" in lines


def test_names_from_strangers_cannot_forge_lines_or_break_a_message() -> None:
    forged = a_trace(actor=Actor(name="eve\nWho: bob [x]\x1b[31m"), resource_name="a\r\nb")
    told = text(a_change(forged), URL)

    assert len([line for line in told.splitlines() if line.startswith("Who: ")]) == 1
    assert not set("[]\x1b\r") & set(told)
    assert "\n" not in subject(a_change(forged))


def test_an_event_that_nothing_confirms_is_told_as_such() -> None:
    hint = Hint(trace_id="trace-1", at=NOW, operation="deleteVault", service="CBR", form=Form.CTS, raw=b"{}")

    assert unconfirmed_subject(hint, "p") == "cbr-audit: not confirmed, an event tells of deleteVault, project p"
    assert unconfirmed_text(hint, "p").splitlines() == [
        "An event tells of deleteVault (CBR) at 2026-11-23T04:00:00Z in project p.",
        "Cloud Trace Service does not show it. It may be late, or somebody may have sent a false event.",
        "You are told again if it is confirmed. If it is not, see who may invoke the function.",
        "Trace: trace-1",
    ]


def test_a_program_is_told_the_change_as_it_is_stored() -> None:
    change = a_change()
    told = change_call.content(change, URL)

    assert told["change"] == orjson.loads(change.dump())
    assert (told["event"], told["evidence"], told["schema_version"]) == ("destructive_change", URL, 1)


def test_a_stored_change_is_read_back() -> None:
    change = a_change(a_trace(actor=EVE, succeeded=None))

    assert ChangeReport.load(change.dump(), "key") == change
    assert change.is_alarming
    assert not a_change(outcome=Outcome.PASS).is_alarming
    with pytest.raises(ChainError, match="key has no known form"):
        ChangeReport.load(b"{}", "key")


def test_every_destructive_deed_says_how_to_undo_it() -> None:
    assert UNDO.keys() == DESTRUCTIVE
