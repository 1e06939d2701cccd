"""The state of the simulated services: the estate, its task log, permissions, and the time."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from audit.simulator.estate import Estate
from audit.simulator.inbox import Inbox
from audit.simulator.invocations import Invocations
from audit.simulator.quirks import Quirks
from audit.simulator.signing_key import Key
from audit.simulator.task_log import TaskLog
from audit.simulator.temporary import Pair, Pairs
from audit.simulator.tokens import Tokens

Function = Callable[[Any], Any]
"""A function that FunctionGraph runs: it takes an event and returns a result."""


@dataclass(frozen=True, slots=True)
class Account:
    """The only user of the simulated IAM, with a password and a key pair."""

    user: str = "auditor"
    password: str = "correct-horse"  # noqa: S105 - opens nothing but this simulator
    domain: str = "example-company"
    ak: str = "SIMULATEDACCESSKEY01"
    sk: str = "SimulatedSecretKeyThatOpensNothing000001"


@dataclass(slots=True)
class SimulatedCloud:
    """Everything that a route needs in order to respond.

    Attributes:
        key: the only key of KMS.
        denied: the IAM actions that the user may not perform.
        function: the function that FunctionGraph runs.
        invocations: the events that it runs later; None to run them at once.
        quirks: its undocumented behaviour.
    """

    estate: Estate
    log: TaskLog
    tokens: Tokens
    account: Account
    clock: Callable[[], datetime]
    key: Key
    pairs: Pairs = field(default_factory=Pairs)
    denied: set[str] = field(default_factory=set)
    inbox: Inbox = field(default_factory=Inbox)
    function: Function | None = None
    invocations: Invocations | None = None
    quirks: Quirks = field(default_factory=Quirks)

    def pair(self, ak: str) -> Pair | None:
        """Return a key pair: the user's own, or a temporary one."""
        return Pair(ak, self.account.sk) if ak == self.account.ak else self.pairs.find(ak)
