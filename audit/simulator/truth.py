"""What an auditor must find: collected while faults are planted, never computed by an auditor's code."""

from dataclasses import dataclass, field

from audit.simulator.messages import Row


@dataclass(slots=True)
class Truth:
    """The failures that were planted, as (control, kind of subject, id of subject)."""

    failures: set[tuple[str, str, str]] = field(default_factory=set)

    def resource(self, resource_id: str, *controls: str) -> None:
        """Note that these controls fail for a resource."""
        self.failures |= {(control, "resource", resource_id) for control in controls}

    def policy(self, policy_id: str, *controls: str) -> None:
        """Note that these controls fail for a policy."""
        self.failures |= {(control, "policy", policy_id) for control in controls}

    def vault(self, vault_id: str, *controls: str) -> None:
        """Note that these controls fail for a vault, even one that is gone."""
        self.failures |= {(control, "vault", vault_id) for control in controls}

    def troubled(self) -> set[str]:
        """Ids of the resources for which at least one control fails."""
        return {subject for _, kind, subject in self.failures if kind == "resource"}

    def statement(self, *, readable: bool) -> Row:
        """Put it as the answer that an auditor should give; a failure counts more than a gap."""
        sound = "compliant" if readable else "incomplete"
        expected = [
            {"control": control, "subject": {"kind": kind, "id": subject}, "outcome": "fail"}
            for control, kind, subject in sorted(self.failures)
        ]
        return {"conclusion": "non_compliant" if self.failures else sound, "expected": expected}
