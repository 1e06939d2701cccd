"""What a webhook is told of a change (schemas/change-webhook/v1.json); it is signed as that of a run."""

from typing import Any, Literal

from pydantic import Field

from audit.evidence.written_form import WrittenForm
from audit.watch.change_forms import ChangeReport


class ChangeCall(WrittenForm):
    """What a webhook is told at once when protection was taken away."""

    schema_version: Literal[1] = Field(default=1, description="Version of this form.")
    event: Literal["destructive_change"] = Field(default="destructive_change", description="What the call is about.")
    change: ChangeReport = Field(description="The change, as it is stored.")
    evidence: str = Field(description="Where it is stored, with its evidence.")


def content(change: ChangeReport, url: str) -> dict[str, Any]:
    """Return what a program is told."""
    return ChangeCall(change=change, evidence=url).model_dump(mode="json")
