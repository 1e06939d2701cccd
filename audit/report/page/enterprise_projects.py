"""Which parts of the page belong to which enterprise project, if there are several."""

from collections.abc import Mapping

from audit.report.contents import Report
from audit.subjects import SubjectKind


class EnterpriseProjects:
    """Marks for the filter of the page; there are none if there is only one enterprise project.

    Attributes:
        ids: the ids of the enterprise projects to choose from, sorted.
    """

    def __init__(self, report: Report) -> None:
        """Store the report of the page."""
        found = sorted({vault.enterprise_project_id for vault in report.vaults if vault.enterprise_project_id})
        self.ids = tuple(found) if len(found) > 1 else ()
        places = {each: str(place) for place, each in enumerate(self.ids)}
        self._places: Mapping[tuple[SubjectKind, str], str] = {
            subject: " ".join([places[each] for each in held if each in places])
            for subject, held in report.enterprise_projects.items()
        }

    def attribute(self, kind: SubjectKind, subject_id: str) -> str:
        """Return the attribute with the enterprise projects of a subject; none if unknown.

        Items that belong to none are always shown.
        """
        places = self._places.get((kind, subject_id)) if self.ids else None
        return f' data-projects="{places}"' if places else ""
