"""Asks who and what there is. What one account refuses hides no other."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Protocol

from msgspec import structs

from audit.cloud.http.transport import Credentials, Transport
from audit.errors import AuditError
from audit.fleet.configuration import FleetConfiguration
from audit.fleet.found import Everything, FoundAccount, FoundOrganization, FoundProjects, FoundRegions
from audit.fleet.iam import read_projects, read_regions
from audit.fleet.inquiry import Inquiry
from audit.fleet.organization import read_organization
from audit.fleet.planning import members, why_left_out


class Informants(Protocol):
    """Who is asked; what cannot be read is a trouble in the result, never an error."""

    def organization(self, *, with_tags: bool) -> FoundOrganization:
        """Return the accounts of the organisation."""

    def regions(self) -> FoundRegions:
        """Return the regions of the cloud."""

    def projects(self, account: FoundAccount) -> FoundProjects:
        """Return the projects of an account."""


class InTheCloud:
    """Organizations and IAM."""

    def __init__(
        self,
        transport: Transport,
        own: Credentials,
        keys_for: Callable[[FoundAccount], Credentials],
        *,
        organizations: str,
        iam: str,
    ) -> None:
        """Store whom to ask, and as whom.

        Args:
            transport: one with the dialect of ``audit.fleet.inquiry``.
            own: the credentials of the audit itself, without a project.
            keys_for: assumes the agency of an account and returns its credentials, without a project; whatever
                AuditError it raises is a trouble.
            organizations: the endpoint of Organizations.
            iam: the endpoint of IAM.
        """
        self._transport, self._own, self._keys_for = transport, own, keys_for
        self._organizations, self._iam = organizations, iam

    def organization(self, *, with_tags: bool) -> FoundOrganization:
        """Ask Organizations as the audit itself."""
        return read_organization(Inquiry(self._transport, self._own, self._organizations), with_tags=with_tags)

    def regions(self) -> FoundRegions:
        """Ask IAM as the audit itself."""
        return read_regions(Inquiry(self._transport, self._own, self._iam))

    def projects(self, account: FoundAccount) -> FoundProjects:
        """Ask IAM as somebody in the account."""
        try:
            credentials = self._keys_for(account)
        except AuditError as error:
            return FoundProjects((), is_whole=False, troubles=(f"its agency could not be assumed: {error}",))
        return read_projects(Inquiry(self._transport, credentials, self._iam, account.id), account.id)


def discover(configuration: FleetConfiguration, informants: Informants) -> Everything:
    """Ask for everything that the configuration does not say itself."""
    wanted = configuration.discovery
    found = Everything()
    if wanted.organization:
        organization = informants.organization(with_tags=configuration.needs_tags)
        found = structs.replace(found, organization=organization)
    if not wanted.projects:
        return found
    accounts = [
        account
        for account in members(configuration, found)
        if account.is_searched and not why_left_out(configuration, account)
    ]
    if wanted.regions is None and any(account.regions is None for account in accounts):
        found = structs.replace(found, regions=informants.regions())
    with ThreadPoolExecutor(configuration.limits.parallel) as threads:
        answers = threads.map(informants.projects, accounts)
        projects = {account.id: answer for account, answer in zip(accounts, answers, strict=True)}
    return structs.replace(found, projects=projects)
