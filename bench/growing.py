"""`python -m bench.growing RESOURCES DAYS`: a simulated cloud that shows itself as it was at given times.

It prints its address as one line of JSON. Then each line of standard input is a time: the cloud turns to it, and prints
how much it was asked, and answered, since the line before. Tasks and backups are rows that bench.pages made, in files:
there may be more of them than fit into memory. Everything else is the simulator's.
"""

import mmap
import sys
import tempfile
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime
from typing import IO, Final
from urllib.parse import SplitResult

import orjson

from audit.simulator import Estate, Request, Response, Simulator, build_estate, serve
from audit.simulator.parameters import BACKUPS, TASKS, read
from audit.simulator.task_log import instant
from bench.pages import AS_OF, estate_rows

_JSON: Final = {"Content-Type": "application/json"}
_FEWEST_DAYS: Final = 2
_LISTS: Final = {"operation-logs": ("operation_logs", TASKS), "backups": ("backups", BACKUPS)}
_UNDERSTOOD: Final = frozenset({"limit", "offset", "start_time", "end_time", "status", "sort"})
_MEANT_FOR_ALL: Final = {"enterprise_project_id": "all_granted_eps", "show_replication": True}
_SORTS: Final = ("created_at:desc", "created_at:asc")


class Rows:
    """The rows of one list in a file, newest first, and when each was created."""

    def __init__(self, rows: Iterable[bytes], file: IO[bytes]) -> None:
        """Write the rows."""
        begins, created, statuses, ids = array("q", [0]), array("q"), [], []
        for row in rows:
            values = orjson.loads(row)
            created.append(-instant(datetime.fromisoformat(values["created_at"])))
            statuses.append(sys.intern(values["status"]))
            ids.append(values["id"])
            begins.append(begins[-1] + file.write(row))
        file.flush()
        self._order = sorted(range(len(created)), key=lambda each: (created[each], ids[each]))
        self._created = array("q", (created[each] for each in self._order))
        self._statuses = [statuses[each] for each in self._order]
        self._begins = begins
        self._text = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)

    def answer(self, name: str, asked: dict[str, object], now: datetime) -> bytes:
        """Write the answer to a query at a time."""
        limit, offset = int(str(asked["limit"])), int(str(asked["offset"]))
        chosen = self._chosen(asked, now)
        rows = (self._order[place] for place in chosen[offset : offset + limit])
        text = b", ".join(self._text[self._begins[row] : self._begins[row + 1]] for row in rows)
        tail = f'], "count": {len(chosen)}, "limit": {limit}, "offset": {offset}}}'
        return b"".join((f'{{"{name}": ['.encode(), text, tail.encode()))

    def _chosen(self, asked: dict[str, object], now: datetime) -> "range | list[int]":
        """Name the places of the rows that are asked for; both ends of an interval belong to it."""
        since, until = asked.get("start_time"), asked.get("end_time")
        end = min(until, now) if isinstance(until, datetime) else now
        first = bisect_left(self._created, -instant(end))
        last = bisect_right(self._created, -instant(since)) if isinstance(since, datetime) else len(self._created)
        places = range(first, max(first, last))
        if asked.get("sort") == _SORTS[1]:
            places = places[::-1]
        if "status" not in asked:
            return places
        return [place for place in places if self._statuses[place] == asked["status"]]


class Growing(Simulator):
    """The simulator at a time, with the rows of files, counting what it is asked."""

    def __init__(self, estate: Estate, rows: dict[str, Rows]) -> None:
        """Store the arguments."""
        super().__init__(estate)
        self.now = AS_OF
        self.asked = self.sent = 0
        self._rows = rows

    def dispatch(self, request: Request) -> Response:
        """Respond to one request."""
        url = request.split()
        name = url.path.rpartition("/")[2]
        answer = self._list(name, url) if name in _LISTS else super().dispatch(request)
        self.asked += 1
        self.sent += len(answer.body)
        return answer

    def _list(self, name: str, url: SplitResult) -> Response:
        key, readers = _LISTS[name]
        asked = read(url.query, readers)
        others = {name: value for name, value in asked.items() if name not in _UNDERSTOOD}
        if not others.items() <= _MEANT_FOR_ALL.items() or asked.get("sort", _SORTS[0]) not in _SORTS:
            raise ValueError(f"this cloud does not know how to answer {url.query}")
        return Response(200, _JSON, self._rows[key].answer(key, asked, self.now))


def main(resources: int, days: int) -> None:
    """Serve until standard input ends."""
    made = estate_rows(resources, days)
    estate = build_estate("healthy", resources=1, days=_FEWEST_DAYS, as_of=AS_OF)
    with tempfile.TemporaryFile() as tasks, tempfile.TemporaryFile() as backups:
        rows = {
            "operation_logs": Rows(made["operation_logs"], tasks),
            "backups": Rows(made["backups"], backups),
        }
        policies, vaults = ([orjson.loads(row) for row in made[name]] for name in ("policies", "vaults"))
        cloud = Growing(replace(estate, policies=policies, vaults=vaults, tasks=[], backups=[]), rows)
        with serve(cloud) as served:
            _say({"url": served.url, "project_id": cloud.project_id, "token": cloud.token})
            for line in sys.stdin:
                cloud.now = datetime.fromisoformat(line.strip()).astimezone(UTC)
                _say({"requests": cloud.asked, "received": cloud.sent})
                cloud.asked = cloud.sent = 0


def _say(told: dict[str, str] | dict[str, int]) -> None:
    sys.stdout.write(orjson.dumps(told).decode() + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
