"""Which subjects a selector of the profile matches: by resource, vault, tag or enterprise project.

A resource is matched in every vault that holds it, and a policy in every vault that it is applied to. So a subject has
places, each a resource in a vault, and a selector matches places. CBR shows the tags of vaults only.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from audit.judging.patterns import fits
from audit.records import Vault
from audit.subjects import Collection, PolicySubject, Presence, Resource, Subject, VaultSubject, WaiverSubject

Fit = bool | None  # None: the evidence does not say
_WAS_HELD: Final = frozenset({Presence.LEFT, Presence.UNACCOUNTED, Presence.UNKNOWN})


@dataclass(frozen=True, slots=True)
class _Home:
    """A vault; its tags and enterprise project are None if unknown."""

    names: tuple[str, ...]
    tags: tuple[str, ...] | None = None
    project: str | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """A resource in a vault: its names are None if unknown, and its vault is None if it is in none."""

    names: tuple[str, ...] | None
    home: _Home | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Selector:
    """All given parts must match the same place, each with one of its patterns.

    Attributes:
        resources, vaults, enterprise_projects: ids, names (of projects the id only) or patterns.
        tags: keys, or ``key=value``, of the tags of vaults.
    """

    resources: tuple[str, ...] = ()
    vaults: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    enterprise_projects: tuple[str, ...] = ()

    def claim(self, place: Place) -> Fit:
        """Whether it matches a place."""
        claims = {self._claim_on_resource(place.names), *self._claims_on_vault(place.home)}
        return False if False in claims else None if None in claims else True

    def _claim_on_resource(self, names: tuple[str, ...] | None) -> Fit:
        if not self.resources:
            return True
        return None if names is None else fits(self.resources, *names)

    def _claims_on_vault(self, home: _Home | None) -> Iterator[Fit]:
        if home is None:
            yield not (self.vaults or self.tags or self.enterprise_projects)
            return
        if self.vaults:
            yield fits(self.vaults, *home.names) if home.names else None
        if self.tags:
            yield None if home.tags is None else fits(_as_pairs(self.tags), *home.tags)
        if self.enterprise_projects:
            yield None if home.project is None else fits(self.enterprise_projects, home.project)


def fit_some(selectors: tuple[Selector, ...], subject: Subject) -> Fit:
    """Whether a selector matches at least one place of a subject."""
    claims = {selector.claim(place) for place in _places(subject, selectors) for selector in selectors}
    return True if True in claims else None if None in claims else False


def fit_all(selectors: tuple[Selector, ...], subject: Subject) -> bool:
    """Whether every place of a subject surely matches a selector; one place that does not is enough for no.

    If a backup vault holds the resource, too, a replication vault does not count as a place.
    """
    places = tuple(_places(subject, selectors, own_only=True))
    return bool(places) and all(any(selector.claim(place) for selector in selectors) for place in places)


def is_of_the_audit(subject: Subject) -> bool:
    """Whether a subject belongs to the audit itself, which no scope can leave out."""
    return isinstance(subject, Collection | WaiverSubject)


@lru_cache(maxsize=4096)
def _as_pairs(tags: tuple[str, ...]) -> tuple[str, ...]:
    """Expand a key without a value to the key with any value."""
    return tuple(tag if "=" in tag else f"{tag}=*" for tag in tags)


def _places(subject: Subject, selectors: tuple[Selector, ...], *, own_only: bool = False) -> Iterable[Place]:
    by_resource = any(selector.resources for selector in selectors)
    if isinstance(subject, Resource):
        return (Place((subject.id, subject.name), home) for home in _homes(subject, own_only=own_only))
    if isinstance(subject, VaultSubject):
        return _places_in(subject.vault, (subject.id, subject.name), by_resource=by_resource)
    if isinstance(subject, PolicySubject):
        return _places_of_policy(subject, by_resource=by_resource)
    return ()


def _places_of_policy(subject: PolicySubject, *, by_resource: bool) -> Iterator[Place]:
    known = {vault.id: vault for vault in subject.vaults}
    for vault_id in sorted(subject.policy.vault_ids):
        yield from _places_in(known.get(vault_id), (vault_id,), by_resource=by_resource)


def _places_in(vault: Vault | None, names: tuple[str, ...], *, by_resource: bool) -> Iterator[Place]:
    """Return the places of one vault: each resource that it holds, or only the vault if resources do not matter."""
    if vault is None:
        yield Place(None, _Home(names))
    elif by_resource and vault.resources:
        home = _home(vault)
        yield from (Place((held.id, held.name), home) for held in vault.resources)
    else:
        yield Place((), _home(vault))


def _homes(resource: Resource, *, own_only: bool) -> Iterable[_Home | None]:
    """Return the vaults that hold a resource; if none does any more, the last ones, according to its tasks."""
    own = [vault for vault in resource.vaults if not vault.receives_copies_only] if own_only else []
    if resource.vaults:
        return map(_home, own or resource.vaults)
    if resource.presence in _WAS_HELD:
        named = {(task.vault_id, task.vault_name) for task in resource.tasks}
        seen = [_Home(tuple(filter(None, names))) for names in sorted(named, key=str) if any(names)]
        return seen or [_Home(())]
    return [None]


def _home(vault: Vault) -> _Home:
    tags = None if vault.tags is None else tuple(f"{key}={value}" for key, value in vault.tags)
    return _Home((vault.id, vault.name), tags, vault.enterprise_project_id)
