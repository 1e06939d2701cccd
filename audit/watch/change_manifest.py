"""What the folder of a change holds beside the report: the list of its objects, and the note that people were told."""

from typing import Annotated, Literal

from pydantic import Field

from audit.collection import Kind
from audit.evidence.store.keys import PLAIN
from audit.evidence.written_form import Moment, Sha256, WrittenForm
from audit.report.facts import Conclusion

_Name = Annotated[str, Field(pattern=rf"^{PLAIN}$", max_length=512)]


class ChangeObject(WrittenForm):
    """An object in the folder of a change."""

    name: _Name = Field(description="Its name in the folder.")
    size: int = Field(ge=0, description="Its size in bytes.")
    sha256: Sha256 = Field(description="SHA-256 of its bytes, as stored.")


class ChangePage(WrittenForm):
    """A request and the response that it got."""

    name: _Name = Field(description="The object that holds the response.")
    kind: Annotated[Kind, Field(strict=False)] = Field(description="The list that was asked for.")
    path: str = Field(description="Path of the request, without the host.")
    params: dict[str, str] = Field(description="Its query parameters.")
    request_id: str = Field(description="The cloud's id of the request; empty if it sent none.")
    received_at: Moment = Field(description="When the last byte arrived.")
    rows: int = Field(ge=0, description="Number of rows in the response.")
    size: int = Field(ge=0, description="Size of the response in bytes, before compression.")
    sha256: Sha256 = Field(description="SHA-256 of the response, before compression.")


class ChangeManifest(WrittenForm):
    """Everything that counts in the folder of a change (manifest.json); its digest covers this."""

    schema_version: Literal[1] = Field(default=1, description="Version of this form.")
    project_id: str = Field(description="The project.")
    trace: str = Field(description="Id of the trace.")
    judged_at: Moment = Field(description="When the change was judged.")
    conclusion: Annotated[Conclusion, Field(strict=False)] = Field(
        description="non_compliant if the control fails, incomplete if its outcome is unknown, or else compliant."
    )
    complete: bool = Field(description="Whether everything could be read.")
    report: _Name = Field(description="The object that holds the report.")
    profile: _Name = Field(description="The object that holds the profile.")
    pages: tuple[ChangePage, ...] = Field(strict=False, description="The requests, in the order of their responses.")
    objects: tuple[ChangeObject, ...] = Field(strict=False, description="The objects, sorted by name.")

    def hash_of(self, name: str) -> str:
        """Return the hash of an object; empty if it is not listed."""
        return next((listed.sha256 for listed in self.objects if listed.name == name), "")


class ChangeNote(WrittenForm):
    """That people were told of a change (told.json), or of an event that nothing confirmed (unconfirmed.json)."""

    schema_version: Literal[1] = Field(default=1, description="Version of this form.")
    trace: str = Field(description="Id of the trace.")
    told_at: Moment = Field(description="When the first of them was told.")
