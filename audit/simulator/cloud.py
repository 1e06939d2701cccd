"""What the pretend services know: the estate, its task log, who may ask, and what time it is."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from audit.simulator.estate import Estate
from audit.simulator.notices import Inbox
from audit.simulator.task_log import TaskLog
from audit.simulator.tokens import Tokens


@dataclass(frozen=True, slots=True)
class Account:
    """The one user of the pretend IAM, with a password and with a key pair."""

    user: str = "auditor"
    password: str = "correct-horse"  # noqa: S105 - opens nothing but this simulator
    domain: str = "example-company"
    ak: str = "SIMULATEDACCESSKEY01"
    sk: str = "SimulatedSecretKeyThatOpensNothing000001"


@dataclass(frozen=True, slots=True)
class Cloud:
    """Everything that a route needs in order to answer."""

    estate: Estate
    log: TaskLog
    tokens: Tokens
    account: Account
    clock: Callable[[], datetime]
    inbox: Inbox = field(default_factory=Inbox)
