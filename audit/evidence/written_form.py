"""What the stored forms of fleets and changes have in common: each is written in one way only."""

from datetime import datetime
from typing import Annotated, Self

import orjson
from pydantic import (
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    ValidationError,
    WithJsonSchema,
)

from audit.errors import ChainError
from audit.timestamps import shown

Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Moment = Annotated[
    AwareDatetime,
    BeforeValidator(lambda value: datetime.fromisoformat(value) if isinstance(value, str) else value),
    PlainSerializer(shown, return_type=str),
    WithJsonSchema({"type": "string", "format": "date-time"}),
]


class WrittenForm(BaseModel):
    """A part of a stored form: closed, never changed, and written in one way."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        strict=True,
        defer_build=True,
        json_schema_serialization_defaults_required=True,  # every field is written
    )

    def dump(self) -> bytes:
        """Write it in one way only: sorted keys, no spaces."""
        return orjson.dumps(self.model_dump(mode="json"), option=orjson.OPT_SORT_KEYS)

    @classmethod
    def load(cls, data: bytes, name: str) -> Self:
        """Read what ``dump`` wrote.

        Raises:
            ChainError: it is something else; ``name`` says where it was found.
        """
        try:
            return cls.model_validate_json(data)
        except ValidationError as error:
            fault = error.errors()[0]
            where = ".".join(map(str, fault["loc"]))
            raise ChainError(f"{name} has no known form: {where}: {fault['msg']}") from error
