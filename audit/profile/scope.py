"""Which subjects are judged, and which have limits of their own."""

from typing import Annotated, Any

from pydantic import Field, field_serializer, model_validator

from audit.profile.limit_fields import LevelLimits
from audit.profile.written import PlainLine, Written

Patterns = Annotated[tuple[PlainLine, ...], Field(strict=False, min_length=1, max_length=1000)]


class SelectorValues(Written):
    """Subjects for which every part that is given fits, each with at least one of its patterns.

    A pattern is an id or a name, with * for any characters and ? for any one. A resource is looked for in the vaults
    that hold it, a policy in the vaults that it is applied to.
    """

    resources: Patterns | None = Field(default=None, description="Ids or names of servers, disks, file systems …")
    vaults: Patterns | None = Field(default=None, description="Ids or names of vaults.")
    tags: Patterns | None = Field(default=None, description="Tags of vaults: a key, or key=value.")
    enterprise_projects: Patterns | None = Field(default=None, description="Ids of enterprise projects of vaults.")

    @model_validator(mode="after")
    def _selects(self) -> "SelectorValues":
        if not self.model_dump(exclude_none=True):
            raise ValueError(f"it selects nothing; give at least one of {', '.join(type(self).model_fields)}")
        return self


Selection = Annotated[tuple[SelectorValues, ...], Field(strict=False, min_length=1, max_length=1000)]


class ScopeValues(Written):
    """What is judged. Without it, everything is; what is left out is not applicable in the report, and counted."""

    include: Selection | None = Field(
        default=None, description="Only what one of these selects is judged; everything where it is left out."
    )
    exclude: Selection | None = Field(
        default=None,
        description="Not judged: what these select in every vault that holds it.",
    )


class LevelValues(Written):
    """Some subjects have limits of their own. Of several levels that select a subject, the first one counts."""

    name: PlainLine = Field(description="What people call it, such as gold.")
    select: Selection = Field(description="Whom it is for: what one of these selects.")
    limits: LevelLimits = Field(description="The limits that differ from those of the profile.")

    @field_serializer("limits")
    def _only_what_differs(self, limits: LevelLimits) -> dict[str, Any]:
        return limits.written
