"""What the controls judge: resources, policies, vaults, waivers and the collection itself.

Resources are all those that vaults hold, that tasks name, and that could be protected if that list was read. They
include resources that were never backed up, which is the worst case, and resources that left every vault, with the
task that shows when.

Imports history, records and schedule.
"""

from audit.schedule.matching import JUDGED, UNMET, PlannedRun, RunState, Schedules
from audit.subjects.arrange import Inventory, Subject, Subjects, arrange, reaches_back, silent_since
from audit.subjects.collection import ENDED_UNSEEN, Collection
from audit.subjects.context import Limits
from audit.subjects.deleted_backups import Fate, Fates
from audit.subjects.drill import Drill
from audit.subjects.former import Former, Sight, Unseen, places_in
from audit.subjects.keeping import may_be_kept_for
from audit.subjects.kept_plan import KeptPlan
from audit.subjects.missing_backups import SLACK, Taken
from audit.subjects.passed_on import Memory, VaultTrace
from audit.subjects.policy import PolicySubject
from audit.subjects.proof import Claims, left_to_vaults, newest_proof, unexplained, weigh_claims
from audit.subjects.protection import Demanded, Protection, Weakened, Weakening
from audit.subjects.remaining_backups import Lives
from audit.subjects.resource import PROTECTED, Existence, Presence, Resource
from audit.subjects.retention import FOR_EVER, kept_at_least, kept_at_most, long_term_copies
from audit.subjects.retention_terms import PastRules, Terms
from audit.subjects.rules import Rules
from audit.subjects.strength import Aspect, Difference, Differences, Strength, Value, compare
from audit.subjects.subject_kinds import Departure, SubjectKind
from audit.subjects.time_shift import Shift
from audit.subjects.trail import KEPT, NO_TRAIL, TOO_LATE, Trail
from audit.subjects.unusable import (
    BACKUPS,
    COPYING,
    DELETING,
    FAILURES,
    FINISHED,
    NOT_BROKEN,
    REMOVING,
    RESTORED,
    RESTORING,
    SUCCESSES,
    UNFINISHED,
    named,
    shows,
)
from audit.subjects.vault import VaultSubject
from audit.subjects.waiver import Waiver, WaiverSubject

__all__ = [
    "BACKUPS",
    "COPYING",
    "DELETING",
    "ENDED_UNSEEN",
    "FAILURES",
    "FINISHED",
    "FOR_EVER",
    "JUDGED",
    "KEPT",
    "NOT_BROKEN",
    "NO_TRAIL",
    "PROTECTED",
    "REMOVING",
    "RESTORED",
    "RESTORING",
    "SLACK",
    "SUCCESSES",
    "TOO_LATE",
    "UNFINISHED",
    "UNMET",
    "Aspect",
    "Claims",
    "Collection",
    "Demanded",
    "Departure",
    "Difference",
    "Differences",
    "Drill",
    "Existence",
    "Fate",
    "Fates",
    "Former",
    "Inventory",
    "KeptPlan",
    "Limits",
    "Lives",
    "Memory",
    "PastRules",
    "PlannedRun",
    "PolicySubject",
    "Presence",
    "Protection",
    "Resource",
    "Rules",
    "RunState",
    "Schedules",
    "Shift",
    "Sight",
    "Strength",
    "Subject",
    "SubjectKind",
    "Subjects",
    "Taken",
    "Terms",
    "Trail",
    "Unseen",
    "Value",
    "VaultSubject",
    "VaultTrace",
    "Waiver",
    "WaiverSubject",
    "Weakened",
    "Weakening",
    "arrange",
    "compare",
    "kept_at_least",
    "kept_at_most",
    "left_to_vaults",
    "long_term_copies",
    "may_be_kept_for",
    "named",
    "newest_proof",
    "places_in",
    "reaches_back",
    "shows",
    "silent_since",
    "unexplained",
    "weigh_claims",
]
