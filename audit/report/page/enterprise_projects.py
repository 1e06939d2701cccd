"""What of the page belongs to which enterprise project, where it shows several."""

from collections.abc import Mapping

from audit.report.contents import Report
from audit.subjects import SubjectKind


class EnterpriseProjects:
    """Marks for the filter of the page; where there is only one enterprise project, there are none.

    Attributes:
        ids: of the enterprise projects that can be chosen, in order.
    """

    def __init__(self, report: Report) -> None:
        """Take the report that the page is about."""
        found = sorted({vault.enterprise_project_id for vault in report.vaults if vault.enterprise_project_id})
        self.ids = tuple(found) if len(found) > 1 else ()
        places = {each: str(place) for place, each in enumerate(self.ids)}
        self._places: Mapping[tuple[SubjectKind, str], str] = {
            subject: " ".join([places[each] for each in held if each in places])
            for subject, held in report.enterprise_projects.items()
        }

    def attribute(self, kind: SubjectKind, subject_id: str) -> str:
        """Return the attribute that names the places of a subject's enterprise projects; none where they are not known.

        What belongs to none is shown whichever is chosen.
        """
        places = self._places.get((kind, subject_id)) if self.ids else None
        return f' data-projects="{places}"' if places else ""
