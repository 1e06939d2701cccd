"""The strength of a profile, to show what was loosened or tightened since the previous run.

Left out are keys that only change how a report looks, and limits for which it is unclear whether more is stricter.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

import orjson

from audit.control_limits import LIMITS
from audit.subjects.strength import Aspect, Lacks, Strength, Value, few, less, many, more, only

_HOURS: Final = {"d": 24, "h": 1}


def _any_of(first: Value, second: Value) -> bool:
    """Compare lists of accepted values: each item makes a list weaker, and no list accepts everything."""
    return only(second, first)


def _for_days(first: Value, second: Value) -> bool:
    """Compare the days until which something is accepted: earlier is stronger, and none is strongest."""
    return first is not None and (second is None or str(first) > str(second))


_STRICTER: Final[Mapping[str, Lacks]] = {"less": less, "more": more, "many": many, "few": few, "any": _any_of}
_UNSAID: Final = {key: limit.default for key, limit in LIMITS.items() if limit.is_later}
"""The defaults of limits that the canonical form omits."""
ORDERS: Final[Mapping[str, Lacks]] = {
    **{key: _STRICTER[limit.stricter] for key, limit in LIMITS.items() if limit.stricter},
    "controls": many,
    "included": only,
    "excluded": few,
    "level_selects": many,
    "maintenance": few,
    "waived_until": _for_days,
    "look_back_hours": more,
}
"""How to compare each aspect of a profile."""


def strength_of(profile: Mapping[str, Any], other: Mapping[str, Any]) -> Strength:
    """Return the strength of a profile in canonical form, including the levels and waivers that only the other one has.

    Keys that the older version of cbr-audit did not have are not compared.
    """
    return dict([*_of_all(profile), *_of_levels(profile, other), *_of_waivers(profile, other)])


def _of_all(profile: Mapping[str, Any]) -> Iterator[tuple[Aspect, Value]]:
    look_back = profile["look_back"]
    yield Aspect("controls"), tuple(sorted({*profile["controls"]} - {*profile["skip"]}))
    yield Aspect("look_back_hours"), int(look_back[:-1]) * _HOURS[look_back[-1]]
    yield Aspect("included"), _texts(profile["scope"]["include"])
    yield Aspect("excluded"), _texts(profile["scope"]["exclude"])
    yield Aspect("maintenance"), _texts(profile["maintenance"])
    yield from ((Aspect(name), value) for name, value in _numbers(profile["limits"]).items())


def _of_levels(profile: Mapping[str, Any], other: Mapping[str, Any]) -> Iterator[tuple[Aspect, Value]]:
    """Yield, for each level of either profile, what it selects and each limit that either sets."""
    own, others = ({level["name"]: level for level in each["levels"]} for each in (profile, other))
    for name in sorted(own.keys() | others.keys()):
        written = {key for levels in (own, others) for key in levels.get(name, {"limits": ()})["limits"]}
        level = own.get(name, {"limits": {}, "select": ()})
        limits = _numbers({**profile["limits"], **level["limits"]})
        yield Aspect("level_selects", name), _texts(level["select"])
        yield from ((Aspect(key, name), limits[key]) for key in sorted(written & limits.keys()))


def _of_waivers(profile: Mapping[str, Any], other: Mapping[str, Any]) -> Iterator[tuple[Aspect, Value]]:
    own, others = (
        {f"{waiver['control']} {waiver['subject']}": waiver["until"] for waiver in each["waivers"]}
        for each in (profile, other)
    )
    yield from ((Aspect("waived_until", waiver), own.get(waiver)) for waiver in sorted(own.keys() | others.keys()))


def _numbers(limits: Mapping[str, Any]) -> Mapping[str, Value]:
    """Return the limits that can be compared, with missing ones replaced by what they stand for."""
    found: dict[str, Value] = {}
    for name, value in {**_UNSAID, **limits}.items():
        if name in LIMITS and LIMITS[name].stricter:
            meant = LIMITS[name].unset if value is None else value
            found[name] = tuple(meant) if isinstance(meant, list) else meant
    return found


def _texts(items: Iterable[Any] | None) -> tuple[str, ...]:
    return tuple(sorted(orjson.dumps(item, option=orjson.OPT_SORT_KEYS).decode() for item in items or ()))
