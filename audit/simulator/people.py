"""Who acts in a simulated project: users, a session of an agency and a key, and whom an auditor must name for what.

Source of the fields: "Querying Traces" (ListTraces v3) of the CTS API; the people are ours.
"""

from typing import Final, NamedTuple

from audit.simulator.messages import Row

_ACCOUNT: Final = {"id": "account-1", "name": "company"}


class Culprit(NamedTuple):
    """Who did what makes a control fail.

    Attributes:
        trace: the id of the trace; empty if Cloud Trace Service no longer shows it.
        actor: what tells who it was; empty if the trace names nobody.
    """

    control: str
    kind: str
    subject: str
    trace: str
    actor: str


def a_user(name: str) -> Row:
    """Return a user who signed in with a password."""
    return {"id": f"id-of-{name}", "name": name, "domain": _ACCOUNT}


def _in_a_session(agency: str, session: str) -> Row:
    name = f"{agency}/{session}"
    urn = f"sts::account-1:assumed-agency:{name}"
    return {"id": f"id-of-{agency}:{session}", "name": name, "principal_urn": urn, "domain": _ACCOUNT}


OPERATOR: Final = a_user("operator")
STRANGER: Final = a_user("mallory")
PEOPLE: Final[tuple[Row | None, ...]] = (
    a_user("anna"),
    a_user("li-wei"),
    _in_a_session("ops-automation", "nightly"),
    {**a_user("deployer"), "access_key_id": "SIMULATEDKEYOFDEPLOY"},
    None,
)
"""Who may have done something; None if the trace does not say."""


def told(user: Row | None) -> str:
    """Return what tells who it was."""
    found = user or {}
    return str(found.get("principal_urn") or found.get("access_key_id") or found.get("name") or "")
