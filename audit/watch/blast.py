"""The blast radius of a change: which resources had protection in the last report, and have none now."""

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from audit.records import BACKUP, Policy, Vault
from audit.subjects import Presence
from audit.watch.change_forms import Unprotected


def unprotected(
    report: Mapping[str, Any], vaults: Collection[Vault], policies: Collection[Policy]
) -> Iterator[Unprotected]:
    """Yield the resources that followed a policy in a vault, and now have no vault, or none with a policy that runs.

    Args:
        report: the last report.json.
        vaults: all that there are now.
        policies: likewise.

    Raises:
        LookupError, TypeError: the report is damaged or of another version of cbr-audit.
    """
    running = [policy for policy in policies if policy.enabled and policy.operation == BACKUP]
    planned = {vault_id for policy in running for vault_id in policy.vault_ids}
    held = [
        (vault.id in planned, each) for vault in vaults if not vault.receives_copies_only for each in vault.resources
    ]
    there = {each.id for _, each in held}
    protected = {each.id for is_planned, each in held if is_planned and each.auto_protect is not False}
    for line in report["resources"]:
        if line["presence"] == Presence.PROTECTED and line["follows"] and line["id"] not in protected:
            yield Unprotected(
                id=line["id"],
                name=line["name"],
                type=line["type"],
                vaults=tuple(map(str, line["vaults"])),
                lacks="policy" if line["id"] in there else "vault",
            )
