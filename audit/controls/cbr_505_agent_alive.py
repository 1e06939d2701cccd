"""CBR-505 agent-alive: the agent of every resource whose files are backed up was active recently.

Why it matters
    Files are backed up by an agent on the server. Where it is silent no backup can start, and nothing in the cloud
    fails that would show it.
How it is judged
    pass            CBR finds the agent normal, and it was active in the last `max_agent_silence_hours`
    fail            CBR finds it abnormal, or it was active last before that
    unknown         the agents could not be read completely; the agent does not say when it was active; it was removed
                    or is just being upgraded (CBR has one word for both); its state is not documented; or a vault for
                    files holds the resource, and no agent has its id
    not_applicable  the resource has no agent
    This rests on the list of agents. An agent belongs to the resource that has its id: no document says so, and a name
    would prove less. No document says what counts as being active either.
How to fix it
    Start the agent on the server, or install it anew, and see that the server reaches CBR.
"""

from datetime import timedelta
from typing import Final

from audit.collection import Kind
from audit.judging.findings import Control, Facts, Severity, Verdict, failed, not_applicable, passed, unknown, unread
from audit.records import Agent
from audit.subjects import Limits, Resource, SubjectKind

_HOUR: Final = timedelta(hours=1)


def judge(resource: Resource, limits: Limits) -> Verdict:
    """Look for the agent of the resource."""
    if not resource.agents_complete:
        return unread(Kind.AGENTS)
    if resource.agent is not None:
        return _judge_agent(resource.agent, limits)
    if resource.needs_agent:
        return unknown("a vault for files holds it, and no agent has its id")
    return not_applicable("it has no agent")


def _judge_agent(agent: Agent, limits: Limits) -> Verdict:
    """Look at the state of the agent, and at when it was active last."""
    limit_hours = limits.max_agent_silence // _HOUR
    facts: Facts = {"agent_status": agent.status, "last_active": agent.last_active, "limit_hours": limit_hours}
    if agent.status == "abnormal":
        return failed("CBR finds its agent abnormal", **facts)
    if agent.last_active is None:
        return unknown("the answer does not say when its agent was active last", **facts)
    if limits.now - agent.last_active > limits.max_agent_silence:
        return failed("its agent has been silent for too long", since=agent.last_active, **facts)
    if agent.status == "uninstall":
        return unknown("its agent was removed, or is being upgraded", **facts)
    if agent.status != "normal":
        return unknown("the state of its agent is not documented", **facts)
    return passed("its agent was active recently", **facts)


CONTROL: Final[Control[Resource]] = Control(
    id="CBR-505",
    name="agent-alive",
    title="The agent of every resource was active recently",
    severity=Severity.HIGH,
    doc=__doc__,
    kinds=(SubjectKind.RESOURCE,),
    judge=judge,
    weighs_gaps=True,
    needs=frozenset({Kind.AGENTS}),
)
