"""A simulated Cloud Backup and Recovery with its IAM, to try out and test an auditor.

Imports no other room: code shared with the auditor would share its mistakes.
"""

from typing import TYPE_CHECKING, Any

from audit.simulator.company_of_accounts import Company, build_company
from audit.simulator.estate import SCENARIOS, Estate, build_estate
from audit.simulator.messages import Request, Response
from audit.simulator.odd_traces import respell_traces
from audit.simulator.replanning import replan
from audit.simulator.routes import ACTIONS
from audit.simulator.server import Answering, serve
from audit.simulator.simulator import Simulator
from audit.simulator.staged_company import SCENARIOS as STAGED
from audit.simulator.staged_company import StagedCompany, build_staged_company
from audit.simulator.tampering import SCENARIOS as TAMPERED
from audit.simulator.tampering import tamper
from audit.simulator.trace_rows import trace_row
from audit.simulator.truth import PRESETS
from audit.simulator.undocumented_answers import add_undocumented_answers
from audit.simulator.unlisted_vaults import add_unlisted_vaults

if TYPE_CHECKING:
    from audit.simulator.mock import mock_cbr

__all__ = [
    "ACTIONS",
    "PRESETS",
    "SCENARIOS",
    "STAGED",
    "TAMPERED",
    "Answering",
    "Company",
    "Estate",
    "Request",
    "Response",
    "Simulator",
    "StagedCompany",
    "add_undocumented_answers",
    "add_unlisted_vaults",
    "build_company",
    "build_estate",
    "build_staged_company",
    "mock_cbr",
    "replan",
    "respell_traces",
    "serve",
    "tamper",
    "trace_row",
]


def __getattr__(name: str) -> Any:
    """Import the mock on demand: it needs ``responses``, which the server does not."""
    if name != "mock_cbr":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    try:
        from audit.simulator.mock import mock_cbr  # noqa: PLC0415 - late on purpose
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError("mock_cbr needs the package responses; install cbr-audit[simulator]") from error
    return mock_cbr
