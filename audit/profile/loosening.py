"""What a profile demands, as a strength: so it shows what was loosened since the run before, and what was tightened.

Left out is what only changes how a report looks, and a limit of which nobody can say whether more of it is stricter.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

import orjson

from audit.limits import LIMITS
from audit.subjects.strength import Aspect, Lacks, Strength, Value, few, less, many, more, only

_HOURS: Final = {"d": 24, "h": 1}


def _any_of(first: Value, second: Value) -> bool:
    """A list of what is accepted: each item makes it weaker, and without a list everything is accepted."""
    return only(second, first)


def _for_days(first: Value, second: Value) -> bool:
    """A day until which something is accepted: the earlier it comes, the stronger, and nothing means not at all."""
    return first is not None and (second is None or str(first) > str(second))


_STRICTER: Final[Mapping[str, Lacks]] = {"less": less, "more": more, "many": many, "few": few, "any": _any_of}
_UNSAID: Final = {key: limit.default for key, limit in LIMITS.items() if limit.is_later}
"""What limits mean that the canonical form leaves out where they are as usual."""
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
"""The order of each aspect of a profile."""


def strength_of(profile: Mapping[str, Any], other: Mapping[str, Any]) -> Strength:
    """Say how much a profile demands, by its canonical form; of what only another one names, it has to speak too.

    What an older version of cbr-audit did not know, its profiles do not say, and it is not compared.
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
    """Say of each level of one of both whom it selects, and what it demands where one of them writes a limit."""
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
    """The limits that have an order, those that are not given as what they then mean."""
    found: dict[str, Value] = {}
    for name, value in {**_UNSAID, **limits}.items():
        if name in LIMITS and LIMITS[name].stricter:
            meant = LIMITS[name].unset if value is None else value
            found[name] = tuple(meant) if isinstance(meant, list) else meant
    return found


def _texts(items: Iterable[Any] | None) -> tuple[str, ...]:
    return tuple(sorted(orjson.dumps(item, option=orjson.OPT_SORT_KEYS).decode() for item in items or ()))
