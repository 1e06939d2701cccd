"""What no document says, and the service may do either way."""

from collections.abc import Mapping
from dataclasses import dataclass

from audit.simulator import parameters

_PROJECT = "enterprise_project_id"


@dataclass(slots=True)
class Habits:
    """The ways of the service; each may be changed at any time.

    Attributes:
        open_tasks_have_no_end: a task that has not ended is not listed where ``end_time`` is given.
        knows_enterprise_projects: lists may be asked for an enterprise project; else the parameter is refused.
        shows_default_project: a list that is asked for no enterprise project has what belongs to the default one.
    """

    open_tasks_have_no_end: bool = False
    knows_enterprise_projects: bool = True
    shows_default_project: bool = False

    def read(self, query: str, readers: Mapping[str, parameters.Reader], *, repeatable: str = "") -> dict[str, object]:
        """Read the query of a list that may be asked for an enterprise project."""
        known = {name: reader for name, reader in readers.items() if self.knows_enterprise_projects or name != _PROJECT}
        asked = parameters.read(query, known, repeatable=repeatable)
        return {_PROJECT: "0", **asked} if self.shows_default_project else asked
