"""CBR-902 schema-conformant: every row that was read could be used.

Why it matters
    A row that cannot be understood may be the failure that matters. It is kept, and it keeps the audit from
    being complete.
How it is judged
    pass     every row had what the audit needs, or a waiver of this control names it by its id or its mark; differences
             from the documents are counted as drift
    unknown  a row was rejected, in this run or in an earlier one, or rows are missing (CBR-901)
    A rejected row spoils what it may be about: the resource, the vault, the time and the kind of operation that can be
    read of it, and otherwise everything. One of the task log is remembered until the look-back ends or a later reading
    has the same task whole.
How to fix it
    Look at the rejected rows in the report, then run `cbr-audit check` on the stored page. A new form of answer
    needs an amendment in schemas/cbr; a row that will never be whole needs a waiver.
"""

from typing import Final

from audit.judging.findings import Control, Facts, Severity, Verdict, passed, unknown
from audit.subjects import Collection, Limits, SubjectKind, named


def judge(collection: Collection, _limits: Limits) -> Verdict:
    """Look for rejected rows."""
    unusable = collection.unusable
    facts: Facts = {"rejected": len(collection.rejected), "kinds_of_drift": len(collection.drift)}
    if collection.accepted:
        accepted = [row for row in collection.rejected if row not in unusable]
        owners = sorted({waiver.owner for waiver in collection.accepted.values()})
        facts |= {"accepted": len(accepted), "accepted_rows": named(accepted), "accepted_by": ", ".join(owners)}
    if unusable:
        return unknown("rows were rejected", **facts, rejected_rows=named(unusable))
    if not collection.complete:
        return unknown("rows are missing, so nobody could check them", **facts)
    if collection.rejected:
        return passed("every row could be used, or somebody accepts that it could not", **facts)
    return passed("every row could be used", **facts)


CONTROL: Final[Control[Collection]] = Control(
    id="CBR-902",
    name="schema-conformant",
    title="Every row that was read could be used",
    severity=Severity.MEDIUM,
    doc=__doc__,
    kinds=(SubjectKind.COLLECTION,),
    judge=judge,
    weighs_gaps=True,
)
