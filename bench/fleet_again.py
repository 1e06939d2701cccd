"""`python -m bench.fleet_again TIME EVENT`: a fleet on this machine, begun by an event, so that it can come again."""

import os
import sys
from datetime import timedelta

from audit.app.connections import opened
from audit.app.request import request_from_settings
from audit.fleet.finishing import finish
from audit.fleet.here import HereLimits, audit_here
from audit.fleet.starting import load_configured, start
from audit.settings import VARIABLES


def main(as_of: str, event: str) -> None:
    """Audit the fleet that the environment names; the same time and event go on with the same run."""
    variables = {name: os.environ[name] for name in VARIABLES if name in os.environ}
    request = request_from_settings(variables, as_of=as_of)
    with opened(request) as connections:
        run = start(load_configured(request.settings), request, connections, event)
        for _ in audit_here(run, variables, HereLimits(2, timedelta(minutes=5), timedelta(hours=1))):
            pass
        finish(run, request, connections)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
