from typing import Any

import pytest

from audit.records import Protectable
from tests.builders import a_protectable_row
from tests.records.odd import ODD


def test_a_row_gives_every_field() -> None:
    row = a_protectable_row(
        children=[{"id": "disk-1"}, {"id": "disk-2"}],
        protectable={"result": False, "vault": {"id": "vault-1", "name": "blue"}},
    )

    assert Protectable.from_row(row) == Protectable(
        id="server-1",
        name="web-1",
        type="OS::Nova::Server",
        can_be_protected=False,
        vault_id="vault-1",
        parts=("disk-1", "disk-2"),
    )


def test_one_that_no_vault_holds_says_so_with_null() -> None:
    protectable = Protectable.from_row(a_protectable_row())

    assert (protectable.vault_id, protectable.can_be_protected, protectable.parts) == (None, True, ())


@pytest.mark.parametrize("odd", ODD, ids=repr)
@pytest.mark.parametrize(
    "changes",
    [
        lambda odd: {"name": odd},
        lambda odd: {"children": odd},
        lambda odd: {"children": [odd, {"id": odd}]},
        lambda odd: {"protectable": {"result": True, "vault": odd}},
        lambda odd: {"protectable": {"result": True, "vault": {"id": odd}}},
    ],
)
def test_an_odd_value_where_none_is_demanded_never_raises(changes: Any, odd: object) -> None:
    protectable = Protectable.from_row(a_protectable_row(**changes(odd)))

    assert protectable.name in {"web-1", "server-1"}
    assert (protectable.vault_id, protectable.parts) == (None, ())
