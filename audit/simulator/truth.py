"""What an auditor must find: recorded while faults are planted, never computed by an auditor's code."""

from dataclasses import dataclass, field
from typing import Final

from audit.simulator.messages import Row

DEFAULT: Final = "default"
STRICT: Final = "strict"
PRESETS: Final = (DEFAULT, STRICT)
# Controls that only the strict preset applies; the others are in both.
STRICT_ONLY: Final = frozenset(
    f"CBR-{number}" for number in (115, 117, 204, 205, 206, 207, 303, 305, 306, 402, 407, 408, 503, 505)
)
_NEEDS_BACKUPS: Final = frozenset({"CBR-109", *(f"CBR-{number}" for number in range(401, 409))})
Failed = tuple[str, str, str]


@dataclass(slots=True)
class Truth:
    """The planted failures, as (control, kind of subject, id of subject), for each preset.

    ``unknown`` are the pairs without a right answer: unusable rows may hide it, or the service does not show it.

    Whatever fails by default also fails in the strict preset: no limit is wider there.
    """

    failures: dict[str, set[Failed]] = field(default_factory=lambda: {preset: set() for preset in PRESETS})
    unknown: set[Failed] = field(default_factory=set)

    def resource(self, resource_id: str, *controls: str, strict: bool = False) -> None:
        """Record that these controls fail for a resource; with ``strict``, only by the limits of that preset."""
        self._note("resource", resource_id, controls, strict=strict)

    def policy(self, policy_id: str, *controls: str, strict: bool = False) -> None:
        """Record that these controls fail for a policy."""
        self._note("policy", policy_id, controls, strict=strict)

    def vault(self, vault_id: str, *controls: str, strict: bool = False) -> None:
        """Record that these controls fail for a vault, even one that is gone."""
        self._note("vault", vault_id, controls, strict=strict)

    def collection(self, project_id: str, *controls: str) -> None:
        """Record that these controls fail for the collection of the project."""
        self._note("collection", project_id, controls, strict=False)

    def hide(self, kind: str, subject: str, *controls: str) -> None:
        """Record that the results of these controls, which every preset applies, are unknown for a subject."""
        self.unknown |= {(control, kind, subject) for control in controls}

    def troubled(self, preset: str = STRICT) -> set[str]:
        """Return the ids of the resources for which at least one control of a preset fails."""
        return {subject for _, kind, subject in self.failures[preset] if kind == "resource"}

    def forget(self, subjects: set[str]) -> None:
        """Require nothing about what the auditor is not shown."""
        for failures in self.failures.values():
            failures.difference_update([each for each in failures if each[2] in subjects])

    def statement(self, preset: str, *, readable: bool, whole: bool = True) -> Row:
        """Return the answer that an auditor should give; a failure takes precedence over a gap.

        If something cannot be read, that is one of the backups, which no longer says anything about them. If not
        ``whole``, something else is hidden.
        """
        failed = sorted(self.failures[preset])
        seen = failed if readable else [each for each in failed if each[0] not in _NEEDS_BACKUPS]
        sound = "compliant" if readable and whole and not self.unknown else "incomplete"
        stated: Row = {"conclusion": "non_compliant" if seen else sound, "expected": _stated(seen, "fail")}
        return {**stated, "unknown": _stated(sorted(self.unknown), "unknown")} if self.unknown else stated

    def _note(self, kind: str, subject: str, controls: tuple[str, ...], *, strict: bool) -> None:
        for control in controls:
            self.failures[STRICT].add((control, kind, subject))
            if not strict and control not in STRICT_ONLY:
                self.failures[DEFAULT].add((control, kind, subject))


def _stated(pairs: list[Failed], outcome: str) -> list[Row]:
    return [
        {"control": control, "subject": {"kind": kind, "id": subject}, "outcome": outcome}
        for control, kind, subject in pairs
    ]
