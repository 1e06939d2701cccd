"""The notifications that arrived."""

from dataclasses import dataclass, field

from audit.simulator.messages import Request


@dataclass(frozen=True, slots=True)
class Message:
    """A message that was published."""

    subject: str
    text: str


@dataclass(slots=True)
class Inbox:
    """Everything that arrived, in order; each ping is kept as its signal and its text."""

    messages: list[Message] = field(default_factory=list)
    calls: list[Request] = field(default_factory=list)
    pings: list[tuple[str, str]] = field(default_factory=list)
