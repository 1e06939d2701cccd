"""What a target of a fleet is audited with."""

from audit.fleet.target_run import variables_of
from tests.fleet.builders import a_plan, a_target


def test_a_target_is_told_whose_it_is_whatever_the_fleet_is_told() -> None:
    target = a_target(unit=("Root", "prod"))
    given = variables_of(target, a_plan(target), {"CBR_AUDIT_ACCOUNT_ID": "a0", "CBR_AUDIT_ACCOUNT_NAME": "home"})

    assert {name: value for name, value in given.items() if "ACCOUNT" in name} == {
        "CBR_AUDIT_ACCOUNT_ID": "account-1",
        "CBR_AUDIT_ACCOUNT_NAME": "company-1",
        "CBR_AUDIT_ACCOUNT_UNIT": "Root/prod",
    }
