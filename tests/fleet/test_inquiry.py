from audit.fleet.inquiry import DIALECT


def test_a_refusal_says_who_may_ask_and_which_action_is_missing() -> None:
    listing = DIALECT.remedy(403, "", "organizations:accounts:list")

    assert "only the management account and accounts that are delegated administrators" in listing
    assert "the action organizations:accounts:list" in listing
    assert (
        DIALECT.remedy(403, "", "iam:projects:listProjects") == "give the agency the action iam:projects:listProjects"
    )
    assert DIALECT.remedy(403, "", "") == "see the error codes of the API"
    assert "check the endpoint" in DIALECT.remedy(404, "", "organizations:accounts:list")
