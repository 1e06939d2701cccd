"""Plays FunctionGraph for the tests: run with ``python -I -S`` of the function's version, and no package but the zip.

Arguments: the folder that the zip was unpacked to, then an event and the user data as JSON. Its last line is JSON.
Where the user data has STOP, the first connection ends it, and the line names the modules that were imported by then.
"""

import importlib
import json
import os
import socket
import sys
import time
from collections.abc import Callable
from typing import Any, NoReturn

FOLDER, EVENT, DATA = sys.argv[1], json.loads(sys.argv[2]), json.loads(sys.argv[3])


class Context:
    """What the platform tells the function, and nothing else."""

    ends_at = 0.0

    def __getattr__(self, name: str) -> Callable[..., Any]:
        told: dict[str, Callable[..., Any]] = {
            "getRequestID": lambda: "request-of-the-platform",
            "getRemainingTimeInMilliSeconds": lambda: int(1000 * (self.ends_at - time.monotonic())),
            "getUserData": DATA.get,
            "getToken": lambda: "",
            "getSecurityAccessKey": lambda: DATA["AK"],
            "getSecuritySecretKey": lambda: DATA["SK"],
            "getSecurityToken": lambda: DATA.get("TOKEN", "temporary-token-of-the-agency"),
            "getProjectID": lambda: DATA.get("PROJECT", ""),
            "getPackage": lambda: "default",
            "getFunctionName": lambda: "cbr-audit",
            "getVersion": lambda: "latest",
        }
        return told[name]


def carry_out() -> dict[str, Any]:
    sys.path.insert(0, FOLDER)
    handler = importlib.import_module("handler")
    context = Context()
    handler.initializer(context)
    context.ends_at = time.monotonic() + DATA["SECONDS"]
    try:
        answer = {"returned": handler.handler(EVENT, context)}
    except Exception as error:  # noqa: BLE001  # the platform catches whatever a function raises
        answer = {"raised": f"{type(error).__name__}: {error}"}
    return {**answer, "seconds_left": context.ends_at - time.monotonic()}


def stop(*_: object) -> NoReturn:
    """Take the place of the first connection."""
    os.write(1, json.dumps(sorted(sys.modules)).encode())
    os._exit(0)


def strangers() -> list[str]:
    """Modules that came neither from the zip nor from Python itself."""
    own = (FOLDER, os.__file__.rpartition("/")[0], __file__)
    files = (getattr(module, "__file__", None) for module in list(sys.modules.values()))
    return sorted(name for name in files if name and not name.startswith(own))


if DATA.get("STOP"):
    vars(socket)["socket"].connect = stop
sys.stdout.write("\n" + json.dumps({**carry_out(), "python": sys.version, "strangers": strangers()}) + "\n")
