"""Changes that weaken the protection of a project between two audits, and what the second one must find.

The rows of an estate are changed as the service would show them a few minutes later, each change with its own healthy
subjects. A run after one over the unchanged estate must find all of it, and no more.
"""

from collections.abc import Callable, Iterable
from copy import deepcopy
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from random import Random
from typing import Final

from audit.simulator import identifiers
from audit.simulator.estate import Estate
from audit.simulator.messages import Row
from audit.simulator.people import PEOPLE, Culprit, told
from audit.simulator.removal import remove_backups
from audit.simulator.tasks import written
from audit.simulator.trace_rows import trace_row
from audit.simulator.truth import DEFAULT, STRICT

SCENARIOS: Final = ("healthy", "mixed", "failing")
LATER: Final = timedelta(minutes=20)
_JUST_NOW: Final = timedelta(minutes=2)  # no auditor takes it for something that it saw before
_DAY: Final = timedelta(days=1)
_TO_SPARE: Final = 4
_FEWEST_DAYS: Final = 14
_TAKEN: Final = 3


@dataclass(slots=True)
class _Tampering:
    """The rows during the changes, and what was planted.

    Attributes:
        untouched: the ids of what nothing is wrong with.
        failed: what failed before, by the strict preset.
        found: what fails now.
        strictly: what may fail now by the strict preset.
        who: picks who did it.
        done: the traces of a change.
        culprits: whom to name.
    """

    estate: Estate
    rng: Random
    at: datetime
    untouched: set[str]
    failed: set[tuple[str, str, str]]
    found: set[tuple[str, str, str]] = field(default_factory=set)
    strictly: set[tuple[str, str, str]] = field(default_factory=set)
    who: Random = field(default_factory=lambda: Random("who did it"))
    done: list[Row] = field(default_factory=list)
    culprits: list[Culprit] = field(default_factory=list)

    def fails(self, control: str, kind: str, subject: str) -> None:
        """Record a failure; its subject gets no other fault."""
        self.found.add((control, kind, subject))
        self.untouched.discard(subject)

    def may_fail(self, kind: str, subject: str, *controls: str) -> None:
        """Record what may fail, too, by the limits and controls of another preset."""
        self.strictly |= {(control, kind, subject) for control in controls}

    def did(self, operation: str, about: str, kind: str = "vault", request: object = "") -> None:
        """Leave the trace of what somebody did a few minutes ago."""
        columns = {"resource_type": kind, "resource_id": about, "request": request, "user": self.who.choice(PEOPLE)}
        self.done.append(trace_row(identifiers.uuid(self.who), self.at - _JUST_NOW, operation, **columns))

    def free(self, rows: Iterable[Row]) -> list[Row]:
        """Return those that nothing is wrong with so far."""
        return [row for row in rows if row["id"] in self.untouched]

    def whole(self) -> list[Row]:
        """The vaults without anything wrong in them or their contents."""
        vaults = self.free(self.estate.vaults)
        return [row for row in vaults if len(self.free(row["resources"])) == len(row["resources"])]

    def policies(self, operation: str = "backup") -> list[Row]:
        """The policies that vaults rely on."""
        rows = [row for row in self.free(self.estate.policies) if row["enabled"] and row["associated_vaults"]]
        return [row for row in rows if row["operation_type"] == operation]

    def points(self, resource_id: str) -> list[Row]:
        """Return the whole, restorable backups that its policy made of a resource, newest first."""
        whole = [row for row in self.estate.backups if row["resource_id"] == resource_id and row["parent_id"] is None]
        own = [row for row in whole if row["image_type"] == "backup" and row["status"] == "available"]
        return [row for row in own if row["extend_info"]["auto_trigger"]]

    def held(self) -> list[tuple[Row, Row]]:
        """Yield each healthy resource with the only vault that holds it."""
        vaults = [row for row in self.free(self.estate.vaults) if row["billing"]["protect_type"] == "backup"]
        return [(vault, held) for vault in vaults for held in self.free(vault["resources"])]

    def spare(self) -> list[tuple[Row, Row, list[Row]]]:
        """Return resources with dispensable backups that expire much later: all but the newest ones."""
        found = []
        for vault, held in self.held():
            ends = [(row, _end(row)) for row in self.points(held["id"])[2:] if _made(row) < self.at - 4 * _DAY]
            lasting = [row for row, end in ends if end is not None and end > self.at + 3 * _DAY]
            if len(lasting) >= _TO_SPARE:
                found.append((vault, held, lasting))
        return found


def tamper(estate: Estate, *, seed: int = 1) -> Estate:
    """Weaken the protection of an estate.

    Args:
        estate: the estate as the previous audit saw it; it is not changed.
        seed: each gives other subjects.

    Returns:
        The estate a few minutes later. Its truth is known for the default preset.

    Raises:
        ValueError: the rows of the scenario are respelt or hidden, so that the result would be unknown.
    """
    if estate.scenario not in SCENARIOS:
        raise ValueError(f"{estate.scenario} estates cannot be tampered with; choose one of {', '.join(SCENARIOS)}")
    before = estate.truth(DEFAULT)
    known, failed = (
        {(entry["control"], entry["subject"]["kind"], entry["subject"]["id"]) for entry in truth["expected"]}
        for truth in (before, estate.truth(STRICT))
    )
    later = replace(estate, as_of=estate.as_of + LATER, **{name: deepcopy(getattr(estate, name)) for name in _CHANGED})
    held = {held["id"] for vault in later.vaults for held in vault["resources"]}
    every = {row["id"] for row in (*later.policies, *later.vaults)} | held
    untouched = every - {subject for _, _, subject in known}
    scene = _Tampering(later, Random(f"tamper {seed}"), later.as_of, untouched, failed)
    for fault in FAULTS:
        _carry_out(scene, fault)
    expected = [
        {"control": control, "subject": {"kind": kind, "id": subject}, "outcome": "fail"}
        for control, kind, subject in sorted(known | scene.found)
    ]
    conclusion = "non_compliant" if expected else before["conclusion"]
    truth = {DEFAULT: {**before, "conclusion": conclusion, "expected": expected}}
    return replace(later, culprits=(*estate.culprits, *scene.culprits), _truth=truth)


def _carry_out(scene: _Tampering, fault: Callable[[_Tampering], None]) -> None:
    """Carry out a change: each of its traces explains all that it makes fail."""
    before, scene.done = scene.failed | scene.found | scene.strictly, []
    fault(scene)
    scene.estate.traces.extend(scene.done)
    pairs = sorted((scene.found | scene.strictly) - before)
    scene.culprits += [Culprit(*pair, row["trace_id"], told(row["user"])) for pair in pairs for row in scene.done]


def shortens_retention(scene: _Tampering) -> None:
    """A policy keeps backups for three days less."""
    rules = [(row["operation_definition"], row["id"]) for row in scene.policies()]
    for rule, policy_id in [each for each in rules if each[0]["retention_duration_days"] >= _FEWEST_DAYS][:1]:
        rule["retention_duration_days"] -= 3
        scene.fails("CBR-114", "policy", policy_id)
        _somebody_changed(scene, policy_id)


def keeps_one_less(scene: _Tampering) -> None:
    """A policy keeps one backup less, or one last backup of a month less."""
    rules = [(row["operation_definition"], row["id"]) for row in scene.policies()]
    for rule, policy_id in [each for each in rules if each[0].get("max_backups", -1) > 0][:1]:
        rule[scene.rng.choice(("max_backups", "month_backups"))] -= 1
        scene.fails("CBR-114", "policy", policy_id)
        _somebody_changed(scene, policy_id)


def runs_less_often(scene: _Tampering) -> None:
    """A policy loses one of its rules."""
    patterns = [(row["trigger"]["properties"]["pattern"], row["id"]) for row in scene.policies()]
    for pattern, policy_id in [each for each in patterns if len(each[0]) > 1][:1]:
        pattern.pop()
        scene.fails("CBR-114", "policy", policy_id)
        _somebody_changed(scene, policy_id)


def _somebody_changed(scene: _Tampering, policy_id: str) -> None:
    scene.may_fail("policy", policy_id, *(f"CBR-{number}" for number in range(202, 206)))
    scene.did("updatePolicy", policy_id, "policy")


def raises_retention(scene: _Tampering) -> None:
    """A policy keeps backups for longer: harmless, also for those that it deleted earlier."""
    by_age = [row for row in scene.policies() if row["operation_definition"]["retention_duration_days"] > 0]
    for row in by_age[-1:]:
        row["operation_definition"]["retention_duration_days"] += 30
        scene.untouched.discard(row["id"])
        _somebody_changed(scene, row["id"])


def takes_replication_off(scene: _Tampering) -> None:
    """Backups of a vault are no longer copied."""
    first = [(row, row["associated_vaults"][0]["vault_id"]) for row in scene.policies("replication")]
    whole = {row["id"] for row in scene.whole()}
    for row, vault_id in [each for each in first if each[1] in whole][:1]:
        row["associated_vaults"] = row["associated_vaults"][1:] or None
        scene.fails("CBR-114", "vault", vault_id)
        scene.may_fail("vault", vault_id, "CBR-206")
        scene.did("dissociatePolicy", vault_id, request={"policy_id": row["id"]})


def unlocks(scene: _Tampering) -> None:
    """The backups of a vault can be deleted before their expiry."""
    for row in [row for row in scene.free(scene.estate.vaults) if row["locked"]][:1]:
        row["locked"] = False
        scene.fails("CBR-114", "vault", row["id"])
        scene.may_fail("vault", row["id"], "CBR-303")
        scene.did("updateVault", row["id"], request={"vault": {"locked": False}})


def settles_for_less_consistency(scene: _Tampering) -> None:
    """Backups of a vault are no longer application-consistent."""
    for row in [row for row in scene.whole() if row["billing"]["consistent_level"] == "app_consistent"][:1]:
        row["billing"]["consistent_level"] = "crash_consistent"
        scene.fails("CBR-114", "vault", row["id"])
        scene.did("updateVault", row["id"], request={"vault": {"billing": {"consistent_level": "crash_consistent"}}})


def binds_other_servers(scene: _Tampering) -> None:
    """A vault that binds all new resources takes only some, or others than before."""
    for row in [row for row in scene.free(scene.estate.vaults) if row["auto_bind"]][:1]:
        tags = row["bind_rules"].get("tags", [])
        row["bind_rules"] = {"tags": [*tags, {"key": "tier", "value": "gold"}]}
        scene.fails("CBR-114", "vault", row["id"])
        scene.did("updateVault", row["id"], request={"vault": {"bind_rules": row["bind_rules"]}})


def copies_into_another_vault(scene: _Tampering) -> None:
    """Copies of a vault go into an unknown vault."""
    links = [link for row in scene.policies("replication") for link in row["associated_vaults"]]
    for link in [link for link in links if link["vault_id"] in scene.untouched][:1]:
        link["destination_vault_id"] = identifiers.uuid(scene.rng)
        scene.fails("CBR-114", "vault", link["vault_id"])
        scene.may_fail("vault", link["vault_id"], "CBR-206")
        scene.did("dissociatePolicy", link["vault_id"])


def exempts(scene: _Tampering) -> None:
    """A resource no longer follows the policy of its vault."""
    for vault, held in [(vault, held) for vault, held in scene.held() if held["auto_protect"]][:1]:
        held["auto_protect"] = False
        scene.fails("CBR-501", "resource", held["id"])
        scene.fails("CBR-114", "resource", held["id"])
        scene.did("setResources", vault["id"], request={"resource_ids": [held["id"]], "action": "suspend"})


def leaves_a_disk_out(scene: _Tampering) -> None:
    """A disk of a server is no longer backed up."""
    servers = [(vault, held) for vault, held in scene.held() if vault["billing"]["object_type"] == "server"]
    for vault, held in [(vault, held) for vault, held in servers if not held["extra_info"]][:1]:
        held["extra_info"] = {"exclude_volumes": [identifiers.uuid(scene.rng)]}
        scene.fails("CBR-502", "resource", held["id"])
        scene.fails("CBR-114", "resource", held["id"])
        scene.did("updateVault", vault["id"], request={"resources": [{"id": held["id"]}]})


def takes_out(scene: _Tampering) -> None:
    """A resource is no longer in its vault, and no task shows why."""
    for vault, held in [(vault, held) for vault, held in scene.held() if len(vault["resources"]) > 1][:1]:
        vault["resources"].remove(held)
        scene.fails("CBR-114", "resource", held["id"])
        scene.did("removeResources", vault["id"], request={"resource_ids": [held["id"]]})


def moves_ends(scene: _Tampering) -> None:
    """All backups of a resource expire tomorrow; the log may show a request for that."""
    for vault, held, points in scene.spare()[:1]:
        for row in points:
            row["expired_at"] = written(scene.at.replace(microsecond=0) + _DAY)
        if scene.rng.randrange(2):
            block = {"affected_backups_count": len(points), "expiration_day": f"{scene.at + _DAY:%Y-%m-%d}"}
            _note(scene, "update_expiration_time", vault, None, {"update_expiration_time": block})
        scene.found.add(("CBR-403", "resource", held["id"]))
        scene.fails("CBR-114", "vault", vault["id"])
        scene.untouched.discard(held["id"])
        scene.did("updateBackup", points[0]["id"], "backup", {"vault_id": vault["id"]})


def deletes(scene: _Tampering) -> None:
    """Backups are deleted by hand long before their expiry."""
    _remove(scene, with_task=True)


def lets_vanish(scene: _Tampering) -> None:
    """Backups are gone long before their expiry, and no task shows who deleted them."""
    _remove(scene, with_task=False)


def _remove(scene: _Tampering, *, with_task: bool) -> None:
    chosen = [each for each in scene.spare() if not _may_be_outnumbered(scene, each[2][0])]
    for vault, held, points in chosen[:1]:
        gone = points[:_TAKEN]
        remove_backups(scene.estate, held, gone)
        for row in gone if with_task else ():
            _note(scene, "delete", vault, held, {"delete": {"backup_id": row["id"], "backup_name": row["name"]}})
        for row in gone:
            scene.did("deleteBackup", row["id"], "backup")
        scene.fails("CBR-111", "vault", vault["id"])
        scene.untouched.discard(held["id"])


def _may_be_outnumbered(scene: _Tampering, point: Row) -> bool:
    """Whether a policy may have deleted a backup before its expiry because there are enough newer ones."""
    newer = sum(row["created_at"] > point["created_at"] for row in scene.points(point["resource_id"]))
    policies = [row for row in scene.estate.policies if _is_applied(row, point["vault_id"])]
    return any(0 < row["operation_definition"].get("max_backups", -1) <= newer + _TAKEN for row in policies)


def _is_applied(policy: Row, vault_id: str) -> bool:
    return any(link["vault_id"] == vault_id for link in policy["associated_vaults"] or ())


def _note(scene: _Tampering, operation: str, vault: Row, held: Row | None, block: Row) -> None:
    """Add a task that succeeded a few minutes ago."""
    at = written(scene.at - LATER / 2)
    resource = {name: held[name] for name in ("id", "name", "type", "extra_info")} if held else None
    row = {
        "id": identifiers.uuid(scene.rng),
        "project_id": scene.estate.project_id,
        "provider_id": vault["provider_id"],
        "operation_type": operation,
        "status": "success",
        "vault_id": vault["id"],
        "vault_name": vault["name"],
        "policy_id": None,
        "checkpoint_id": None,
        **dict.fromkeys(("created_at", "started_at", "ended_at", "updated_at"), at),
        "error_info": {"code": "", "message": ""},
        "extra_info": {**({"resource": resource} if resource else {}), **block},
    }
    scene.estate.tasks.insert(0, row)


def _made(row: Row) -> datetime:
    return datetime.fromisoformat(row["created_at"] + "+00:00")


def _end(row: Row) -> datetime | None:
    return datetime.fromisoformat(row["expired_at"] + "+00:00") if row["expired_at"] else None


_CHANGED: Final = ("policies", "vaults", "tasks", "backups", "storage_usage", "traces")
FAULTS: Final[tuple[Callable[[_Tampering], None], ...]] = (
    deletes,
    lets_vanish,
    moves_ends,
    shortens_retention,
    keeps_one_less,
    runs_less_often,
    raises_retention,
    takes_replication_off,
    unlocks,
    exempts,
    leaves_a_disk_out,
    takes_out,
    settles_for_less_consistency,
    binds_other_servers,
    copies_into_another_vault,
)
