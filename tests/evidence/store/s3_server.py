"""A real S3 server on this machine that checks signatures: ``rclone serve s3``."""

import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from audit.cloud.http.cloud_clock import CloudClock
from audit.cloud.http.renewable import Fresh, Keys
from audit.cloud.http.transport import Transport
from audit.evidence.store.obs import Obs, Seal
from audit.evidence.store.obs_auth import ObsAuth
from audit.evidence.store.obs_dialect import OBS
from audit.evidence.store.obs_place import place
from audit.simulator.cloud import Account
from tests.pretend import Clock

SECONDS = 30
BUCKET = "audit-bucket"
AK, SK = Account().ak, Account().sk  # one pair opens the pretend CBR and the store, as in the cloud


@dataclass(frozen=True)
class S3Server:
    """Where the server is, and the folder that holds its buckets as folders."""

    url: str
    folder: Path

    def variables(self, prefix: str, **changed: str) -> dict[str, str]:
        """The settings that let a run store its report here."""
        return {
            "CBR_AUDIT_STORE": f"obs://{BUCKET}/{prefix}",
            "CBR_AUDIT_OBS_ENDPOINT": self.url,
            "HUAWEICLOUD_SDK_AK": AK,
            "HUAWEICLOUD_SDK_SK": SK,
            **changed,
        }


@contextmanager
def s3_server(folder: Path, *options: str) -> Iterator[S3Server]:
    """Start a server with one bucket on a free port, and stop it at the end of the block."""
    (folder / BUCKET).mkdir(parents=True)
    program = Path(sys.executable).with_name("rclone")
    command = [
        str(program),
        "serve",
        "s3",
        "--addr",
        "127.0.0.1:0",
        "--auth-key",
        f"{AK},{SK}",
        "--config",
        "/dev/null",
    ]
    with subprocess.Popen([*command, *options, str(folder)], stderr=subprocess.PIPE, text=True) as server:
        try:
            assert server.stderr is not None
            said = server.stderr.readline()  # it says where it listens when it does
            found = re.search(r"(http://[0-9.]+:[0-9]+)", said)
            assert found, said
            threading.Thread(target=server.stderr.read, daemon=True).start()  # a full pipe would stop the server
            yield S3Server(found[1], folder)
        finally:
            server.terminate()
            server.wait(SECONDS)


def obs(
    url: str,
    prefix: str = "",
    *,
    keys: Keys = Keys(AK, SK),  # noqa: B008  # it is frozen
    clock: CloudClock | None = None,
    seal: Seal | None = None,
    waits: Clock | None = None,
) -> Obs:
    """Open a store on such a server that waits by a clock of its own."""
    waits = waits or Clock()
    where = place(f"obs://{BUCKET}/{prefix}", url, None)
    transport = Transport(dialect=OBS, sleep=waits.sleep, clock=waits)
    return Obs(where, transport, ObsAuth(Fresh(lambda: keys), clock or CloudClock(), region=where.region), seal)
