"""What the pretend services know: the estate, its task log, who may ask for what, and what time it is."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from audit.simulator.estate import Estate
from audit.simulator.habits import Habits
from audit.simulator.inbox import Inbox
from audit.simulator.signing_key import Key
from audit.simulator.task_log import TaskLog
from audit.simulator.temporary import Pair, Pairs
from audit.simulator.tokens import Tokens

Function = Callable[[Any], Any]
"""A function that FunctionGraph runs: it is given an event, and returns something."""


@dataclass(frozen=True, slots=True)
class Account:
    """The one user of the pretend IAM, with a password and with a key pair."""

    user: str = "auditor"
    password: str = "correct-horse"  # noqa: S105 - opens nothing but this simulator
    domain: str = "example-company"
    ak: str = "SIMULATEDACCESSKEY01"
    sk: str = "SimulatedSecretKeyThatOpensNothing000001"


@dataclass(slots=True)
class Cloud:
    """Everything that a route needs in order to answer.

    Attributes:
        key: the one key of KMS.
        denied: the IAM actions that the user may not do.
        function: what FunctionGraph runs.
        habits: what it does where no document says.
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
    habits: Habits = field(default_factory=Habits)

    def pair(self, ak: str) -> Pair | None:
        """Find a key pair: the user's own, or a temporary one."""
        return Pair(ak, self.account.sk) if ak == self.account.ak else self.pairs.find(ak)
