"""CBR-304 vault-capacity: every vault can take the next backup.

Why it matters
    When a vault is full or its bill is not paid, all its backups fail at once.
How it is judged
    pass            less than `max_vault_usage_percent` of the vault is used, or the vault grows by itself
    fail            as much or more is used, or the vault is frozen, in error or being deleted
    unknown         the answer does not say how large the vault is, how much is used or what state it is in, or the
                    vaults could not be read completely
    not_applicable  the vault is gone
    The size is stated in GB and the use in MB. A vault that is being enlarged (`lock`) is judged by the size that it
    still has. The facts say at which use CBR itself warns, and whether it sends that warning; neither is demanded.
How to fix it
    Enlarge the vault or let it grow by itself, and look for backups that nobody needs; pay what keeps it frozen.
"""

from typing import Final

from audit.judging.findings import Control, Facts, Severity, Verdict, failed, gone_or_unread, passed, unknown
from audit.records import Vault
from audit.subjects import Limits, SubjectKind, VaultSubject

_MB_PER_GB: Final = 1024
_OUT_OF_USE: Final = frozenset({"frozen", "error", "deleting"})
_IN_USE: Final = frozenset({"available", "lock"})


def judge(subject: VaultSubject, limits: Limits) -> Verdict:
    """Compare what is used with what there is; both are whole numbers, so that the limit is exact."""
    if subject.vault is None:
        return gone_or_unread(subject)
    vault, facts = subject.vault, _facts(subject.vault, limits)
    if vault.status in _OUT_OF_USE:
        return failed("the vault takes no backups", **facts)
    size, used = (vault.size_gb or 0) * _MB_PER_GB, vault.used_mb
    is_known = size > 0 and used is not None and used >= 0
    if vault.auto_expand is not True and is_known and (used or 0) * 100 >= limits.max_vault_usage * size:
        return failed("the vault is almost full", **facts)
    if vault.status not in _IN_USE or not (is_known or vault.auto_expand):
        return unknown("the answer does not say how full the vault is, or what state it is in", **facts)
    return passed("the vault grows by itself" if vault.auto_expand else "the vault has room", **facts)


def _facts(vault: Vault, limits: Limits) -> Facts:
    return {
        "status": vault.status,
        "used_mb": vault.used_mb,
        "size_gb": vault.size_gb,
        "limit_percent": limits.max_vault_usage,
        "grows_by_itself": vault.auto_expand,
        "cloud_warns_at_percent": vault.threshold_percent,
        "cloud_sends_warnings": vault.smn_notify,
    }


CONTROL: Final[Control[VaultSubject]] = Control(
    id="CBR-304",
    name="vault-capacity",
    title="Every vault can take the next backup",
    severity=Severity.HIGH,
    doc=__doc__,
    kinds=(SubjectKind.VAULT,),
    judge=judge,
    weighs_gaps=True,
)
