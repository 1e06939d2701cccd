"""What the next run is to know of this one."""

from dataclasses import replace

from audit.collection import Kind
from audit.subjects.arrange import Subjects
from audit.subjects.memory import Memory, mark


def remember(subjects: Subjects, run: str) -> Memory | None:
    """Pass on what this run saw; where the inventory was not read completely, what the runs before knew of it."""
    collection = subjects.collection
    before, window = collection.memory, collection.window
    earlier = before.until if before else window.since
    until = window.until if collection.log_complete else earlier
    if not (collection.has_all(Kind.POLICIES) and collection.has_all(Kind.VAULTS)):
        return replace(before, run=run, until=until) if before else None
    return Memory(
        run=run,
        until=until,
        policies={subject.id: (mark(subject.policy), subject.known_since) for subject in subjects.policies},
        resources={
            resource.id: (resource.mark, resource.known_since) for resource in subjects.resources if resource.vaults
        },
    )
