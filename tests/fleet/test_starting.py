"""Who is asked for the projects of an account."""

from typing import Any, cast

import pytest

from audit.errors import SettingsError
from audit.fleet.found import FoundAccount
from audit.fleet.starting import _keys_for

NOTHING = cast("Any", None)


def test_an_agency_that_has_no_known_form_is_not_replaced_by_the_own_identity() -> None:
    account = FoundAccount(id="shop", agency="nonsense")

    with pytest.raises(SettingsError, match="nonsense names no agency"):
        _keys_for(NOTHING, NOTHING, NOTHING, NOTHING, "a-session", account)
