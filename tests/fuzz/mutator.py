"""Rows as the cloud might answer them one day: good ones with a value lost, twisted, blown up or made anew.

A mutated row is a text of JSON, since some of what can come is no value of Python: 1e400, half a character.
"""

import copy
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from typing import Any, Final

HERE: Final = Path(__file__).parents[1] / "schemas"
ROWS: Final = {
    "operation_logs": "operation_logs",
    "policies": "policies",
    "vaults": "vaults",
    "backups": "backups",
    "protectables": "instances",
}
ODD: Final[tuple[Any, ...]] = (None, True, False, 0, -1, 1.5, "", "text", "x\n", [], {}, [None], [{}], {"id": 1})
HUGE: Final = (2**53, 2**63, 2**64 - 1, 2**64, -(2**63), -(2**63) - 1, 10**30, 1e19, 1e308)
RAW: Final = ("1e400", "-1e400", "9" * 400, "1E5", "-0", "1.0", "0.1e1")
TIMES: Final = (
    "",
    "2026-02-30T00:00:00",
    "2026-01-05T24:00:00",
    "2026-01-05T22:00:03.1+00:00",
    "1767650403",
    "0000-01-05 00:00:00",
)
DEPTHS: Final = (3, 40, 80)
_MARK: Final = "\x01"

Place = tuple[Any, Any]
Mutation = Callable[[Random, Any, Any], None]


def good_rows() -> dict[str, list[Any]]:
    """Every row of the examples that are accepted, by the kind of answer."""
    rows: dict[str, list[Any]] = {"error": [_read(path) for path in HERE.glob("error/accept/*.json")]}
    for kind, key in ROWS.items():
        rows[kind] = [row for path in sorted(HERE.glob(f"{kind}/accept/*.json")) for row in _read(path)[key]]
    return rows


def mutate(chance: Random, row: Any) -> str:
    """Change one to three places of a row, and write it."""
    changed = copy.deepcopy(row)
    for _ in range(chance.choice((1, 1, 1, 2, 3))):
        places = list(_places(changed))
        if places:
            chance.choice(MUTATIONS)(chance, *chance.choice(places))
    return json.dumps(changed).replace(f'"{json.dumps(_MARK)[1:-1]}', "").replace(f'{json.dumps(_MARK)[1:-1]}"', "")


def _places(value: Any) -> Iterator[Place]:
    """Every place inside a value: what holds it, and its key or number there."""
    keys = list(value) if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()
    for key in keys:
        yield value, key
        yield from _places(value[key])


def _lose(_chance: Random, holder: Any, key: Any) -> None:
    del holder[key]


def _nullify(_chance: Random, holder: Any, key: Any) -> None:
    holder[key] = None


def _retype(chance: Random, holder: Any, key: Any) -> None:
    holder[key] = copy.deepcopy(chance.choice(ODD))


def _make_boolean(chance: Random, holder: Any, key: Any) -> None:
    holder[key] = chance.choice((True, False))


def _add_point(_chance: Random, holder: Any, key: Any) -> None:
    is_number = isinstance(holder[key], int) and not isinstance(holder[key], bool)
    holder[key] = float(holder[key]) if is_number else 1.0


def _blow_up(chance: Random, holder: Any, key: Any) -> None:
    raw = f"{_MARK}{chance.choice(RAW)}{_MARK}"
    holder[key] = chance.choice((*HUGE, raw))


def _rename_value(chance: Random, holder: Any, key: Any) -> None:
    holder[key] = f"never-seen-{chance.randrange(3)}"


def _add_key(chance: Random, holder: Any, key: Any) -> None:
    inside = holder[key] if isinstance(holder[key], dict) else holder
    if isinstance(inside, dict):
        inside[chance.choice(("colour", "count", "id2", "", "a.b", "ü"))] = copy.deepcopy(chance.choice((*ODD, *HUGE)))


def _nest(chance: Random, holder: Any, key: Any) -> None:
    value = holder[key]
    for _ in range(chance.choice(DEPTHS)):
        value = [value] if chance.random() < 0.5 else {"x": value}
    holder[key] = value


def _break_character(chance: Random, holder: Any, key: Any) -> None:
    half = chance.choice(("\ud800", "\udc00", "a\udfff", "\udc00\ud800"))
    if isinstance(holder, dict) and chance.random() < 0.3:
        holder[half] = holder.pop(key)
    else:
        holder[key] = half


def _twist_text(chance: Random, holder: Any, key: Any) -> None:
    text = holder[key] if isinstance(holder[key], str) and _MARK not in holder[key] else "text"
    holder[key] = chance.choice(
        (f"{text}\n", f" {text}", text.upper(), text * 40, text[:-1], "\0", "\u2028", "日" * 300)
    )


def _twist_time(chance: Random, holder: Any, key: Any) -> None:
    holder[key] = chance.choice(TIMES)


def _repeat(_chance: Random, holder: Any, key: Any) -> None:
    if isinstance(holder, list):
        holder.append(copy.deepcopy(holder[key]))
    else:
        holder[key] = [copy.deepcopy(holder[key]), holder[key]]


MUTATIONS: Final[tuple[Mutation, ...]] = (
    *(_lose, _nullify, _retype, _make_boolean, _add_point, _blow_up, _rename_value, _add_key, _nest),
    *(_break_character, _twist_text, _twist_time, _repeat),
)


def _read(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))
