"""`python with_duckdb.py FOLDER`, in an environment of its own: the last success of each resource, and nothing else."""

import json
import resource
import sys
from pathlib import Path

import duckdb

_QUESTION = """
    SELECT task.extra_info.resource.id AS resource, max(task.created_at) AS last_success
    FROM (SELECT unnest(operation_logs) AS task FROM read_json(?, maximum_object_size = 100000000))
    WHERE task.operation_type = 'backup' AND task.status = 'success' GROUP BY resource
"""


def main(folder: str) -> None:
    """Answer, and print how many resources there are."""
    database = duckdb.connect(config={"threads": 1})
    rows = database.execute(_QUESTION, [str(Path(folder) / "operation_logs-*.json")]).fetchall()
    used = resource.getrusage(resource.RUSAGE_SELF)
    sys.stdout.write(json.dumps({"cpu": used.ru_utime + used.ru_stime, "resources": len(rows)}) + "\n")


if __name__ == "__main__":
    main(sys.argv[1])
