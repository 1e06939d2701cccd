"""The stored form of a change: one trace, what it means for backups, and how to undo it."""

from typing import Annotated, Literal, Self

from pydantic import Field

from audit.collection import Kind
from audit.evidence.written_form import Moment, Sha256, WrittenForm
from audit.judging.findings import Outcome, Severity
from audit.records import Actor, Deed, Trace


class ActorForm(WrittenForm):
    """Who did it, as far as the trace says."""

    name: str | None = Field(description="Name of the user, or of the agency and its session; null if not named.")
    id: str | None = Field(description="Id of the user or principal.")
    account: str | None = Field(description="Name of the account.")
    account_id: str | None = Field(description="Id of the account.")
    urn: str | None = Field(description="URN of the principal.")
    access_key_id: str | None = Field(description="The access key that signed the request.")
    invoked_by: str | None = Field(description="The services that acted for the actor.")
    source_ip: str | None = Field(description="Where the request came from.")
    is_cloud: bool = Field(description="Whether the cloud did it by itself.")

    @classmethod
    def of(cls, actor: Actor) -> Self:
        """Write an actor."""
        return cls(**{name: getattr(actor, name) for name in cls.model_fields})


class TraceForm(WrittenForm):
    """What happened, as Cloud Trace Service recorded it."""

    id: str = Field(description="Id of the trace.")
    at: Moment = Field(description="When it happened.")
    service: str = Field(description="The service, such as CBR.")
    operation: str = Field(description="The operation, such as deleteVault.")
    deed: Annotated[Deed, Field(strict=False)] = Field(description="What the operation does.")
    succeeded: bool | None = Field(description="Whether it was carried out; null if the trace does not say.")
    resource_type: str | None = Field(description="The type of the thing that it was done to.")
    resource_id: str | None = Field(description="The id of that thing.")
    resource_name: str | None = Field(description="The name of that thing.")
    actor: ActorForm = Field(description="Who did it.")

    @classmethod
    def of(cls, trace: Trace) -> Self:
        """Write a trace."""
        own = {name: getattr(trace, name) for name in cls.model_fields if name != "actor"}
        return cls(**own, actor=ActorForm.of(trace.actor))


class Unprotected(WrittenForm):
    """A resource that had a vault with a policy in the last report, and has none now."""

    id: str = Field(description="Id of the resource.")
    name: str = Field(description="Its name.")
    type: str = Field(description="Its type.")
    vaults: tuple[str, ...] = Field(strict=False, description="Names of the vaults that held it.")
    lacks: Literal["vault", "policy"] = Field(description="What it lacks now.")


class FormerReport(WrittenForm):
    """The report that the change is compared with."""

    run: str = Field(description="Id of its run.")
    as_of: str = Field(description="Its time of judgement.")
    sha256: Sha256 = Field(description="SHA-256 of its report.json.")


class ChangeReport(WrittenForm):
    """What one trace means for backups."""

    schema_version: Literal[1] = Field(default=1, description="Version of this form.")
    tool_version: str = Field(description="The version of cbr-audit.")
    project_id: str = Field(description="The project.")
    region: str = Field(description="Its region.")
    judged_at: Moment = Field(description="When it was judged.")
    profile_sha256: Sha256 = Field(description="SHA-256 of the profile, in canonical form.")
    trace: TraceForm = Field(description="What happened.")
    control: Literal["CBR-115"] = Field(default="CBR-115", description="The control that judges it.")
    outcome: Annotated[Outcome, Field(strict=False)] = Field(description="What the control says of it.")
    severity: Annotated[Severity, Field(strict=False)] = Field(description="How much it matters.")
    reason: str = Field(description="Why, in words.")
    recent: int = Field(ge=0, description="How many destructive operations the same actor did in the hour before.")
    unprotected: tuple[Unprotected, ...] = Field(strict=False, description="What lacks protection now, by name.")
    unread: tuple[Annotated[Kind, Field(strict=False)], ...] = Field(
        strict=False, description="The lists that could not be read completely."
    )
    doubts: tuple[str, ...] = Field(strict=False, description="What is not known for that, or another, reason.")
    undo: str = Field(description="How to undo it.")
    compared_with: FormerReport | None = Field(description="The last report; null if there is none to compare with.")

    @property
    def is_alarming(self) -> bool:
        """Whether people are told at once: it did harm, or nobody can say that it did not."""
        return self.outcome in {Outcome.FAIL, Outcome.UNKNOWN}
