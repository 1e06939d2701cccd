"""CBR-902 schema-conformant: every row that was read could be used.

Why it matters
    A row that cannot be understood may be the failure that matters. It is kept, and it keeps the audit from
    being complete.
How it is judged
    pass     every row had what the audit needs; differences from the documents are counted as drift
    unknown  a row was rejected, or rows are missing (CBR-901)
How to fix it
    Look at the rejected rows in the report, then run `cbr-audit check` on the stored page. A new form of answer
    needs an amendment in schemas/cbr.
"""

from typing import Final

from audit.findings import Control, Severity, Verdict, passed, unknown
from audit.subjects import Collection, Limits, SubjectKind


def judge(collection: Collection, _limits: Limits) -> Verdict:
    """Look for rejected rows."""
    facts = {"rejected": len(collection.rejected), "kinds_of_drift": len(collection.drift)}
    if collection.rejected:
        return unknown("rows were rejected", **facts)
    if not collection.complete:
        return unknown("rows are missing, so nobody could check them", **facts)
    return passed("every row could be used", **facts)


CONTROL: Final[Control[Collection]] = Control(
    id="CBR-902",
    name="schema-conformant",
    title="Every row that was read could be used",
    severity=Severity.MEDIUM,
    doc=__doc__,
    kinds=(SubjectKind.COLLECTION,),
    judge=judge,
)
