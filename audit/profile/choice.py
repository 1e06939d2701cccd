"""Which controls a profile applies: ids, or groups by name."""

from collections.abc import Iterable, Mapping
from typing import Annotated, Final

from pydantic import AfterValidator, Field

from audit.judging.control_catalogue import NAMES, OPT_IN
from audit.profile.written import hint

IDS: Final = tuple(NAMES)
GROUPS: Final[Mapping[str, tuple[str, ...]]] = {
    "default": tuple(control for control in IDS if control not in OPT_IN),
    "all": IDS,
}
_ID_OF: Final = {name: control for control, name in NAMES.items()}


def in_order(chosen: Iterable[str]) -> tuple[str, ...]:
    """Expand groups, remove duplicates and sort by the order of the catalogue."""
    ids = {control_id for word in chosen for control_id in GROUPS.get(word, (word,))}
    return tuple(control_id for control_id in IDS if control_id in ids)


def _control_id(text: str) -> str:
    if text in IDS:
        return text
    known = _ID_OF.get(text.lower())
    raise ValueError(f"unknown control {text!r}" + (f"; its id is {known}" if known else hint(text.upper(), IDS)))


def _id_or_group(text: str) -> str:
    return text if text in GROUPS else _control_id(text)


ControlId = Annotated[str, AfterValidator(_control_id), Field(json_schema_extra={"enum": [*IDS]})]
Choice = Annotated[str, AfterValidator(_id_or_group), Field(json_schema_extra={"enum": [*GROUPS, *IDS]})]
