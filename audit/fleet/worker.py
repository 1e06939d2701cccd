"""`python -m audit.fleet.worker`: audits one target of a fleet run in a process of its own.

It reads one line of JSON from standard input: the settings of the fleet, the prefix of the run, and the target.
"""

import sys

import orjson

from audit import log
from audit.app.connections import store_at
from audit.app.garbage import look_rarely
from audit.errors import StoreError
from audit.fleet.publication import begun_run
from audit.fleet.target_run import audit_target


def main() -> None:
    """Audit the target, and leave its receipt."""
    look_rarely()
    given = orjson.loads(sys.stdin.buffer.readline())
    log.silence()
    variables = given["variables"]
    run = begun_run(store_at(variables["CBR_AUDIT_STORE"], variables), given["prefix"])
    if run is None:
        raise StoreError(f"{given['prefix']} has no plan")
    target = next(target for target in run.plan.targets if target.key == given["target"])
    audit_target(run, target, variables)


if __name__ == "__main__":
    main()
