"""The limits as people write them: whole numbers in the unit that the key names. audit/control_limits.py lists them."""

from typing import TYPE_CHECKING, Any, Final, get_args

from pydantic import ConfigDict, Field, ValidationInfo, create_model, field_validator

from audit.control_limits import FIELDS, LIMITS, Limit
from audit.profile.written import Written

UNITS: Final = {"minutes", "hours", "days"}
OF_THE_WHOLE: Final = {key: limit.about for key, limit in LIMITS.items() if limit.about}
"""Limits that belong to no level, and what they are about."""


class _Values(Written):
    """What the limits of a profile and those of its levels share."""

    @field_validator("trusted_actors", check_fields=False)
    @classmethod
    def _names_somebody(cls, actors: tuple[str, ...]) -> tuple[str, ...]:
        for actor in actors:
            if not actor.strip() or actor != actor.strip() or not {"*", "?"}.isdisjoint(actor):
                raise ValueError(f"{actor!r} is nobody; write ACCOUNT/NAME, an id or a URN, without * and ?")
        return actors

    if TYPE_CHECKING:

        def __getattr__(self, key: str) -> Any:
            """Return the limit of a key that audit/control_limits.py lists."""


def _field(kind: Any, limit: Limit) -> tuple[Any, Any]:
    """Describe a limit to pydantic."""
    default: Any = limit.default
    is_usual = (lambda value: value == default) if limit.is_later else None
    if limit.bounds is None:
        return tuple[str, ...], Field(default=default, strict=False, exclude_if=is_usual, description=limit.meaning)
    least, most = limit.bounds
    number = int | None if type(None) in get_args(kind) else int
    return number, Field(default=default, ge=least, le=most, exclude_if=is_usual, description=limit.meaning)


if TYPE_CHECKING:

    class LimitValues(_Values):
        """The numbers that controls compare with."""
else:
    LimitValues = create_model(
        "LimitValues",
        __base__=_Values,
        __module__=__name__,
        __doc__="The numbers that controls compare with.",
        **{limit.key: _field(kind, limit) for kind, limit in FIELDS.values()},
    )


def _without_defaults(schema: dict[str, Any]) -> None:
    """Of a level, only what is written counts."""
    for name, part in tuple(schema["properties"].items()):
        part.pop("default", None)
        if name in OF_THE_WHOLE:
            del schema["properties"][name]


class LevelLimits(LimitValues):
    """The limits that differ from those of the profile."""

    model_config = ConfigDict(json_schema_extra=_without_defaults)

    @field_validator(*sorted(OF_THE_WHOLE), mode="before")
    @classmethod
    def _belongs_to_the_whole(cls, _value: object, info: ValidationInfo) -> object:
        subject = OF_THE_WHOLE[str(info.field_name)]
        raise ValueError(f"it is about {subject}, which have no level; write it under the limits of the profile")

    @property
    def written(self) -> dict[str, Any]:
        """The limits that differ, by key."""
        return {name: getattr(self, name) for name in type(self).model_fields if name in self.model_fields_set}

    def over(self, limits: LimitValues) -> LimitValues:
        """Return the limits of the profile with these in place of their own."""
        return limits.model_copy(update=self.written)
