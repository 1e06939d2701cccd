"""How long a profile keeps what runs store. Digests are kept for ever."""

from typing import Annotated, Final

from pydantic import Field, ValidationInfo, field_validator

from audit.profile.written import Written

_LONGEST: Final = 36_500
_Days = Annotated[int, Field(ge=1, le=_LONGEST)]


class RetentionValues(Written):
    """What `cbr-audit prune` may remove, by the age of the run; a key that is not written keeps it for ever."""

    evidence_days: _Days | None = Field(
        default=None, description="Days for which responses and history are kept; without them, no run is judged again."
    )
    reports_days: _Days | None = Field(
        default=None, description="Days for which everything else of a run is kept; its digest stays for ever."
    )

    @field_validator("reports_days")
    @classmethod
    def _not_before_the_evidence(cls, days: int | None, info: ValidationInfo) -> int | None:
        evidence = info.data.get("evidence_days")
        if days is not None and (evidence is None or days < evidence):
            raise ValueError("reports cannot go before their evidence: write evidence_days, at most as large")
        return days
