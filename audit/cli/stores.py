"""Which store and which project of it a command is about."""

from typing import Final

from audit.app.connections import store_at
from audit.cli.setting_options import environment
from audit.errors import StoreError
from audit.evidence.store import ProbedStore, Store
from audit.evidence.stored_runs import projects_of

_DEFAULT: Final = "cbr-audit-demo"


def opened_store(url: str | None) -> ProbedStore:
    """Open the given store, or else the default one."""
    variables = environment()
    return store_at(url or variables.get("CBR_AUDIT_STORE", _DEFAULT), variables)


def project_of(store: Store, project_id: str | None) -> str:
    """Return the given project, or else the only one of a store.

    Raises:
        StoreError: a fleet was given as a project, or the store has no project, or several.
    """
    projects = projects_of(store, project_id)
    if len(projects) != 1:
        remedy = (
            f"choose one with --project-id: {', '.join(projects)}"
            if projects
            else "run an audit first, or give another store"
        )
        raise StoreError(f"{store.url} has {len(projects) or 'no'} projects; {remedy}")
    return projects[0]
