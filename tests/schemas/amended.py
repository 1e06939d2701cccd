"""Documented + amendments = what answers are checked against.

`python -m tests.schemas.amended` writes the amended schemas again, after a change of either part.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jsonpatch

CBR = Path(__file__).parents[2] / "schemas" / "cbr"
NAMES = sorted(path.name.removesuffix(".documented.json") for path in CBR.glob("*.documented.json"))


def load(name: str, part: str = "") -> Any:
    return json.loads((CBR / f"{name}{part}.json").read_text(encoding="utf-8"))


def amended(name: str) -> dict[str, Any]:
    schema: dict[str, Any] = load(name, ".documented")
    for amendment in load(name, ".amendments"):
        schema = jsonpatch.apply_patch(schema, amendment["patch"])
    return schema


def text(schema: Mapping[str, Any]) -> str:
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    for each in NAMES:
        (CBR / f"{each}.json").write_text(text(amended(each)), encoding="utf-8")
