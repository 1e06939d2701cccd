"""The table of all controls: what a profile needs to know about them to choose among them.

It names the controls and imports none: a profile is read before the first request, and the controls, with what they
judge, take half as long to import as requests. ``audit.controls`` imports them by this table.
"""

from typing import Final

NAMES: Final = {
    "CBR-101": "recent-backup",
    "CBR-102": "scheduled-run",
    "CBR-103": "success-rate",
    "CBR-104": "consecutive-failures",
    "CBR-105": "unresolved-failure",
    "CBR-106": "stuck-task",
    "CBR-107": "skipped-run",
    "CBR-108": "backup-window",
    "CBR-109": "replication-success",
    "CBR-110": "app-consistency",
    "CBR-111": "destructive-operation",
    "CBR-112": "full-backup-interval",
    "CBR-113": "policy-attribution",
    "CBR-114": "protection-weakened",
    "CBR-115": "destructive-change",
    "CBR-116": "planned-time",
    "CBR-117": "watch-intact",
    "CBR-201": "policy-enabled",
    "CBR-202": "min-frequency",
    "CBR-203": "min-retention",
    "CBR-204": "max-retention",
    "CBR-205": "long-term-copies",
    "CBR-206": "replication-policy",
    "CBR-207": "organization-policy-deployed",
    "CBR-301": "vault-has-policy",
    "CBR-302": "vault-not-empty",
    "CBR-303": "vault-locked",
    "CBR-304": "vault-capacity",
    "CBR-305": "multi-az",
    "CBR-306": "vault-tags",
    "CBR-401": "newest-backup-available",
    "CBR-402": "backup-encrypted",
    "CBR-403": "actual-retention",
    "CBR-404": "task-backup-agreement",
    "CBR-405": "backup-overstaying",
    "CBR-406": "backup-size",
    "CBR-407": "backup-shared",
    "CBR-408": "usage-agreement",
    "CBR-501": "auto-protect",
    "CBR-502": "excluded-disk",
    "CBR-503": "resource-protected",
    "CBR-504": "resource-exists",
    "CBR-505": "agent-alive",
    "CBR-601": "restore-tested",
    "CBR-602": "restore-time",
    "CBR-603": "unresolved-restore",
    "CBR-901": "collection-complete",
    "CBR-902": "schema-conformant",
    "CBR-903": "window-continuity",
    "CBR-904": "waiver-valid",
}
"""The name of every control by its id, sorted by id."""

OPT_IN: Final = frozenset(
    {
        "CBR-115",
        "CBR-117",
        "CBR-204",
        "CBR-205",
        "CBR-206",
        "CBR-207",
        "CBR-303",
        "CBR-305",
        "CBR-306",
        "CBR-402",
        "CBR-407",
        "CBR-408",
        "CBR-503",
        "CBR-505",
    }
)
"""Applied only where a profile asks for them: they demand what not everyone needs, or may not be readable."""

USUAL: Final = frozenset(NAMES.keys() - OPT_IN)
"""Applied unless a profile leaves them out."""

OF_WAIVERS: Final = frozenset({"CBR-904"})
"""Judge the waivers, and cannot be waived themselves."""

OF_ROWS: Final = "CBR-902"
"""Judges the unusable rows; a waiver of it may name a single row."""
