"""Who may have done what a finding shows, as programs and people are told it.

Names come from strangers: whoever shows a text makes it harmless in its own way, as other names.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple, Protocol

from audit.judging.witnesses import TOO_OLD, UNEXPLAINED, Attribution, Witnessed
from audit.records import Actor, Trace
from audit.records.deeds import deed_of
from audit.timestamps import instant, shown

OF_EACH: Final = frozenset({TOO_OLD, UNEXPLAINED})
"""Reasons that the page tells of each problem; what kept traces from being read, it tells once."""
_AGENCY: Final = ":assumed-agency:"
Part = Mapping[str, Any]


class Texts(Protocol):
    """What fills in the parts of a text, and may translate it."""

    def text(self, english: str, /, **parts: object) -> Any:
        """Return the text with its parts."""


class Act(NamedTuple):
    """The same operation by the same actor, once or more often."""

    actor: Actor
    operation: str
    first: datetime
    last: datetime
    number: int


def acts(attribution: Attribution) -> Sequence[Act]:
    """Return what was done by whom, in the order of the first time."""
    found: dict[tuple[Actor, str], Act] = {}
    for trace in (each.trace for each in attribution.named):
        key = trace.actor, trace.operation
        first, number = (found[key].first, found[key].number) if key in found else (trace.at, 0)
        found[key] = Act(*key, first, trace.at, number + 1)
    return tuple(found.values())


def joined(attributions: Iterable[Attribution]) -> Attribution | None:
    """Return one that names whom any of them names; None if there are none."""
    told = tuple(attributions)
    named = {each.trace.id: each for attribution in told for each in attribution.named}
    whys = [each.why_not for each in told if each.why_not]
    about_all = [why for why in whys if why not in OF_EACH]
    why_not = next(iter(about_all if named else about_all or whys), "")
    by_time = sorted(named.values(), key=lambda each: (each.trace.at, each.trace.id))
    more = max((each.more for each in told), default=0)
    return Attribution(named=tuple(by_time), more=more, why_not=why_not) if told else None


class _English:
    @staticmethod
    def text(english: str, /, **parts: object) -> str:
        return english.format(**parts)


def _sentence(act: Act, texts: Texts, when: Callable[[datetime], Any], mark: Callable[[str], Any]) -> Any:
    who = _name(act.actor, texts, mark)
    if details := [*_details(act.actor, texts, mark)]:
        together = details[0]
        for each in details[1:]:
            together = texts.text("{first}, {second}", first=together, second=each)
        who = texts.text("{name} ({details})", name=who, details=together)
    if act.actor.source_ip:
        who = texts.text("{who} from {address}", who=who, address=mark(act.actor.source_ip))
    told = {"who": who, "time": when(act.first), "operation": mark(act.operation)}
    if act.number == 1:
        return texts.text("{who} at {time}, {operation}", **told)
    told |= {"last": when(act.last), "number": act.number}
    return texts.text("{who} between {time} and {last}, {operation} ({number} times)", **told)


def _name(actor: Actor, texts: Texts, mark: Callable[[str], Any]) -> Any:
    if name := actor.name or actor.id or actor.urn:
        return mark(name)
    if actor.access_key_id:
        return texts.text("an unnamed user")
    return texts.text("the cloud itself") if actor.is_cloud else texts.text("somebody whom the trace does not name")


def _details(actor: Actor, texts: Texts, mark: Callable[[str], Any]) -> Iterator[Any]:
    if actor.urn and _AGENCY in actor.urn:
        yield texts.text("session of an agency")
    elif actor.name:
        yield texts.text("user")
    if account := actor.account or actor.account_id:
        yield texts.text("account {name}", name=mark(account))
    if actor.access_key_id:
        yield texts.text("access key {key}", key=mark(actor.access_key_id))
    if actor.invoked_by:
        yield texts.text("through {service}", service=mark(actor.invoked_by))


def told(part: Part | None) -> str:
    """Tell in English what report.json says of who did it; empty if it says nothing."""
    return "; ".join(tell(attribution_of(part), _English(), shown)) if part else ""


def tell(
    attribution: Attribution, texts: Texts, when: Callable[[datetime], Any], mark: Callable[[str], Any] = str
) -> Iterator[Any]:
    """Tell who may have done what, one after the other, and whether others may have.

    Args:
        attribution: who may have done it.
        texts: fills in the parts of a text, and may translate it.
        when: writes a time.
        mark: writes a name that strangers chose.
    """
    for act in acts(attribution):
        yield _sentence(act, texts, when, mark)
    if attribution.more:
        yield texts.text("{number} more", number=f"{attribution.more:,}")
    if attribution.why_not:
        why = texts.text(attribution.why_not) if attribution.why_not in OF_EACH else mark(attribution.why_not)
        yield texts.text("perhaps others, because {why}" if attribution.named else "not known, because {why}", why=why)


def told_if_named(part: Part | None) -> str:
    """Tell it where somebody is named."""
    return told(part) if part and part["named"] else ""


def unnamed(parts: Iterable[Part | None]) -> Iterator[str]:
    """Say once for each reason of how many problems it is not known, and why."""
    whys = Counter(str(part["why_not"]) for part in parts if part and not part["named"])
    for why, number in whys.items():
        yield f"By whom is not known of {number:,} {'problem' if number == 1 else 'problems'}, because {why}."


def actors_part(attribution: Attribution) -> Part:
    """Return who may have done it, as in report.json."""
    return {
        "named": [_witnessed(each) for each in attribution.named],
        "more": attribution.more,
        "why_not": attribution.why_not or None,
    }


def _witnessed(witnessed: Witnessed) -> Part:
    trace, actor = witnessed.trace, witnessed.trace.actor
    return {
        "trace": trace.id,
        "at": shown(trace.at),
        "service": trace.service,
        "operation": trace.operation,
        "succeeded": trace.succeeded,
        "resource_type": trace.resource_type,
        "resource_id": trace.resource_id,
        "resource_name": trace.resource_name,
        "user": actor.name,
        "user_id": actor.id,
        "account": actor.account,
        "account_id": actor.account_id,
        "urn": actor.urn,
        "access_key_id": actor.access_key_id,
        "invoked_by": actor.invoked_by,
        "source_ip": actor.source_ip,
        "is_cloud": actor.is_cloud,
        "run": witnessed.run,
    }


def attribution_of(part: Part) -> Attribution:
    """Read who may have done it from a report.json.

    Raises:
        LookupError, TypeError, ValueError: it does not have that form.
    """
    named = tuple(Witnessed(_trace(each), str(each["run"])) for each in part["named"])
    return Attribution(named=named, more=int(part["more"]), why_not=str(part["why_not"] or ""))


def _trace(part: Part) -> Trace:
    """Read a trace; of the ids that it names, and when it was recorded, a report says nothing."""
    service, operation = str(part["service"]), str(part["operation"])
    return Trace(
        id=str(part["trace"]),
        at=instant(part["at"]),
        recorded=None,
        operation=operation,
        service=service,
        deed=deed_of(service, operation),
        succeeded=part["succeeded"],
        resource_type=_text(part["resource_type"]),
        resource_id=_text(part["resource_id"]),
        resource_name=_text(part["resource_name"]),
        ids=frozenset(),
        actor=Actor(
            name=_text(part["user"]),
            id=_text(part["user_id"]),
            account=_text(part["account"]),
            account_id=_text(part["account_id"]),
            urn=_text(part["urn"]),
            access_key_id=_text(part["access_key_id"]),
            invoked_by=_text(part["invoked_by"]),
            source_ip=_text(part["source_ip"]),
            is_cloud=bool(part["is_cloud"]),
        ),
    )


def _text(value: object) -> str | None:
    return None if value is None else str(value)
