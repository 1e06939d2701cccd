"""Behaviour that no document defines, so the service may do either."""

from collections.abc import Mapping
from dataclasses import dataclass

from audit.simulator import parameters

_PROJECT = "enterprise_project_id"


@dataclass(slots=True)
class Quirks:
    """The undocumented behaviour of the service; each switch may be changed at any time.

    Attributes:
        open_tasks_have_no_end: whether open tasks are missing from lists with ``end_time``.
        knows_enterprise_projects: whether lists accept an enterprise project; otherwise the parameter is refused.
        shows_default_project: whether a list without an enterprise project shows only the default one.
    """

    open_tasks_have_no_end: bool = False
    knows_enterprise_projects: bool = True
    shows_default_project: bool = False

    def read(self, query: str, readers: Mapping[str, parameters.Reader], *, repeatable: str = "") -> dict[str, object]:
        """Read the query of a list that accepts an enterprise project."""
        known = {name: reader for name, reader in readers.items() if self.knows_enterprise_projects or name != _PROJECT}
        asked = parameters.read(query, known, repeatable=repeatable)
        return {_PROJECT: "0", **asked} if self.shows_default_project else asked
