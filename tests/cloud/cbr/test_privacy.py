from typing import Any

import orjson
import pytest

from audit.answers.intake import Intake, read_envelope
from audit.cloud.cbr.privacy import without_private_parts
from audit.collection import Kind
from audit.errors import SourceAnswerError
from tests.builders import a_page

SERVER = {
    "id": "server-1",
    "name": "web-1",
    "type": "OS::Nova::Server",
    "size": 40,
    "status": "ACTIVE",
    "children": [{"id": "disk-1", "detail": {"attachments": ["10.0.0.7"]}}],
    "detail": {
        "user_data": "IyEvYmluL3NoCnBhc3N3b3JkPWh1bnRlcjI=",
        "addresses": {"net": [{"addr": "10.0.0.7"}]},
        "OS-EXT-SRV-ATTR:hostname": "secret-host",
    },
    "protectable": {
        "result": True,
        "code": "",
        "reason": "",
        "vault": {"id": "vault-1", "name": "blue", "user_id": "somebody", "billing": {"order_id": "order-7"}},
    },
}


def reduced(*instances: Any, **others: Any) -> Any:
    return orjson.loads(without_private_parts(orjson.dumps({"instances": list(instances), **others})))


def test_only_what_the_audit_judges_by_is_kept() -> None:
    assert reduced(SERVER, count=7) == {
        "instances": [
            {
                "id": "server-1",
                "name": "web-1",
                "type": "OS::Nova::Server",
                "size": 40,
                "status": "ACTIVE",
                "children": [{"id": "disk-1"}],
                "protectable": {"result": True, "vault": {"id": "vault-1", "name": "blue"}},
            }
        ],
        "count": 7,
    }


@pytest.mark.parametrize("private", [b"10.0.0.7", b"IyEvYmlu", b"secret-host", b"somebody", b"order-7"])
def test_nothing_private_is_left(private: bytes) -> None:
    assert private not in without_private_parts(orjson.dumps({"instances": [SERVER], "count": 1}))


def test_the_rows_can_be_used_and_show_no_drift() -> None:
    rows, envelope = read_envelope(
        Kind.PROTECTABLES, without_private_parts(orjson.dumps({"instances": [SERVER], "count": 1}))
    )
    intake = Intake()
    intake.accept(a_page(*rows, kind=Kind.PROTECTABLES, **envelope))

    assert (intake.rejected, intake.drift) == ((), ())
    assert (intake.protectables["server-1"].vault_id, intake.protectables["server-1"].parts) == ("vault-1", ("disk-1",))


@pytest.mark.parametrize("children", [None, 5, "disk-1", [], [None], ["disk-1"], [{"id": 5}], [{"name": "no id"}]])
def test_disks_of_another_shape_are_left_out(children: Any) -> None:
    assert reduced({**SERVER, "children": children})["instances"][0]["children"] == []


@pytest.mark.parametrize("odd", [None, 5, "server", [], {"id": 1, "protectable": None}, {"protectable": {"vault": 5}}])
def test_a_row_of_another_shape_is_kept_so_that_it_is_rejected(odd: Any) -> None:
    answer = reduced(odd)
    intake = Intake()
    intake.accept(a_page(*answer["instances"], kind=Kind.PROTECTABLES))

    assert len(intake.rejected) == 1


def test_a_count_that_is_not_stated_is_that_of_the_page() -> None:
    assert reduced(SERVER)["count"] == 1
    assert reduced()["count"] == 0


def test_an_answer_without_a_list_stays_without_one() -> None:
    body = without_private_parts(b'{"error": 1}')

    with pytest.raises(SourceAnswerError, match="no list"):
        read_envelope(Kind.PROTECTABLES, body)


@pytest.mark.parametrize(("body", "words"), [(b"<html>", "is not JSON"), (b"[]", "is not a JSON object")])
def test_what_is_no_json_object_is_refused(body: bytes, words: str) -> None:
    with pytest.raises(SourceAnswerError, match=words):
        without_private_parts(body)
