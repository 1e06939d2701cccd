"""Pages of long lists, sound and broken, read in one step and read with care: both must come to the same."""

import json
from collections import Counter
from operator import attrgetter
from random import Random
from typing import Any, Final
from uuid import UUID
from zlib import crc32

from audit.answers.intake import Intake, read_envelope, read_slow_path
from audit.answers.quick.rows import QuickRows
from audit.collection import Kind, Page
from audit.errors import SourceAnswerError
from tests.builders import a_page
from tests.fuzz.mutator import good_rows, mutate

_FORMS: Final[tuple[dict[str, Any], ...]] = (
    {"separators": (",", ":")},
    {"separators": (",", ":"), "ensure_ascii": False},
    {},
    {"ensure_ascii": False},
)
_DOUBLES: Final = ('"id":"x",', '"status":"failed",', '"code":"1:2",', '"a\\u003ab":1,', '"name":":::",')
_REWRITTEN: Final = (
    *(('"id"', '"\\u0069d"'), ('"name"', '"id":"x","name"'), ('"type"', '"type":"x","type"'), ("OS::", "OS\\u003a:")),
    *(('"name"', '"na\\u003ame"'), ("Nova", "N\\u006fva"), ('"}', f'{"x" * 300}"}}'), ("{", '{"extra_info":{},')),
)
_REST: Final = (
    *(',"limit":1000', ',"offset": 5,"limit":10', ',"limit":0', ',"colour":1', ',"count":3', ',"limit":1.0'),
    *(',"offset":null', ',"operation_logs":[]', ',"backups":[]', *[""] * 16),
)
_COUNTS: Final = ("-1", "1.0", "true", "18446744073709551616", "9007199254740992", "null")
_BYTES: Final = b'{}[],:"\\0123456789 \n\tetrufalsn.-+E\x00\x7f\xff'
_PAGES: Final = 3  # are taken in together, so that tasks meet again

Read = tuple[Any, Any] | str


def compare_ways(seed: int, rows: int, kind: Kind) -> tuple[Counter[str], list[str]]:
    """Make pages with as many rows at least, read them in both ways, and tell every disagreement."""
    chance = Random(seed)  # noqa: S311  # repeatable
    good = good_rows()[kind]
    counts: Counter[str] = Counter()
    wrong: list[str] = []
    while counts["rows"] < rows:
        bodies = [_page(chance, kind, good, counts) for _ in range(_PAGES)]
        quick, slow = Intake(), Intake()
        for body in bodies:
            read = _read_both(kind, body, quick, slow, counts)
            wrong += [f"{read}: {body[:2000]!r}"] if read else []
        if _told(quick) != _told(slow):
            wrong.append(f"taken in differently: {[body[:2000] for body in bodies]}")
    return counts, wrong


def _read_both(kind: Kind, body: bytes, quick: Intake, slow: Intake, counts: Counter[str]) -> str:
    """Read a page in both ways and take it in; say how they differ."""
    ways = _read(read_envelope, kind, body), _read(read_slow_path, kind, body)
    counts["pages"] += 1
    if isinstance(ways[0], str) or isinstance(ways[1], str):
        counts["errors"] += 1
        return "" if ways[0] == ways[1] else f"{ways[0]} against {ways[1]}"
    (rows, rest), (rows_of_slow, rest_of_slow) = ways
    if isinstance(rows, QuickRows):
        made = len(rows) - len(rows.page.odd)
        counts.update({"records": made, "odd rows beside records": len(rows) - made, "pages in one step": 1})
    quick.accept(_as_page(kind, body, rows, rest))
    slow.accept(_as_page(kind, body, rows_of_slow, rest_of_slow))
    return "" if (list(rows), rest) == (rows_of_slow, rest_of_slow) else "other rows"


def _read(way: Any, kind: Kind, body: bytes) -> Any:
    try:
        return way(kind, body)
    except SourceAnswerError as error:
        return str(error)


def _as_page(kind: Kind, body: bytes, rows: Any, rest: Any) -> Page:
    sent = a_page()
    return Page(kind, sent.path, sent.params, body, sent.request_id, sent.received_at, rows, rest)


def _told(intake: Intake) -> str:
    """Everything that is kept of pages, field by field, each value with its type."""
    records = [*sorted(intake.tasks, key=attrgetter("id")), *intake.backups.values()]
    fields = [[getattr(record, name) for name in record.__struct_fields__] for record in records]
    return repr((fields, intake.rejected, intake.drift))


def _page(chance: Random, kind: Kind, good: list[Any], counts: Counter[str]) -> bytes:
    size, rate = chance.choice((1, 5, 30)), chance.choice((0.0, 0.0, 0.02, 0.1, 0.3, 1.0))
    form = chance.choice(_FORMS)
    rows = [_row(chance, chance.choice(good), rate, form) for _ in range(size)]
    counts["rows"] += size
    count = chance.choice(_COUNTS) if chance.random() < 0.05 else str(size)
    between = form.get("separators", (", ",))[0]
    body = _body(kind, rows, count, between, chance.choice(_REST))
    return _with_odd_bytes(chance, body) if chance.random() < 0.2 else body


def _body(kind: Kind, rows: list[str], count: str, between: str, rest: str) -> bytes:
    return f'{{"{kind}":[{between.join(rows)}],"count":{count}{rest}}}'.encode()


def _row(chance: Random, row: Any, rate: float, form: Any) -> str:
    """Write a row, which is mutated or has a key twice at some rate, and of an id that few others have."""
    number = chance.randrange(chance.choice((60, 100_000, 100_000, 100_000)))
    usual_id = str(UUID(int=crc32(row["id"].encode()) << 64 | number))
    row_id = usual_id if chance.random() < 0.9 else f"{row['id']}-{number}"
    own = {**row, "id": row_id}
    text = mutate(chance, own) if chance.random() < rate else _with_its_inside_anew(chance, own, form)
    if chance.random() < rate / 5:
        place = max(text.find("{", chance.randrange(len(text))), 0) + 1
        text = text[:place] + chance.choice(_DOUBLES) + text[place:]
    return text


def _with_its_inside_anew(chance: Random, row: Any, form: Any) -> str:
    """Write a row, and sometimes an object inside in another way than its other fields, or with a key twice."""
    text, extra = json.dumps(row, **form), row.get("extra_info")
    inside = extra.get("resource") if isinstance(extra, dict) else row.get("extend_info")
    if not isinstance(inside, dict) or chance.random() < 0.9:
        return text
    turned = dict(reversed(inside.items()))
    anew = json.dumps(
        turned, separators=chance.choice(((" , ", " : "), (",", ":"))), ensure_ascii=chance.random() < 0.5
    )
    name, other = chance.choice(_REWRITTEN)
    return text.replace(json.dumps(inside, **form), anew.replace(name, other) if chance.random() < 0.3 else anew, 1)


def _with_odd_bytes(chance: Random, body: bytes) -> bytes:
    """Change, lose, add or repeat bytes, or escape one."""
    changed = bytearray(body)
    place = chance.randrange(len(changed))
    end = place + chance.choice((0, 1, 40))
    changed[place:end] = chance.choice(
        (
            bytes([chance.randrange(256)]),
            b"",
            bytes([chance.choice(_BYTES)]),
            changed[place:end] * 2,
            b"\\u%04x" % changed[place],
        )
    )
    return bytes(changed)
