"""The tables of a page as a JSON Schema: closed objects with references by name."""

import re
from collections.abc import Iterable, Sequence
from typing import Any, Final

from audit.errors import DocumentError
from audit.generators.api_schemas.page import OBJECT, PLAIN, PLAIN_ARRAYS, DocumentPage, Line, PageTable, TableRow

Schema = dict[str, object]

_LABEL: Final = re.compile(r"([A-Z]\w*(?: \w+)?):(?: ?(\S+))?")  # a constraint: Minimum: 1
_PROSE: Final = ("Example", "For example", "Note")
_ENUMERATION: Final = "Enumeration values"
_BULLET: Final = "•"

_BODY: Final = "Response body parameters"
_PARAMETERS: Final = {
    "Path parameters": "PathParameters",
    "Query parameters": "QueryParameters",
    "Request header parameters": "HeaderParameters",
}
_BOUNDS: Final = {
    "integer": {"Minimum": "minimum", "Maximum": "maximum"},
    "string": {"Minimum": "minLength", "Maximum": "maxLength"},
}
_SAID: Final = {
    "integer": re.compile(r"\branges from (-?[0-9]+) to (-?[0-9]+)\b"),
    "string": re.compile(r"\b([0-9]+) to ([0-9]+) characters\b"),
}


def build(page: DocumentPage, address: str | None, *, descriptions: bool) -> Schema:
    """Build the schema of the successful response; the other tables are its definitions."""
    kept, repeated = _distinct(page.tables)
    if "" not in kept:
        raise DocumentError("no table of response body parameters for status code 200", line=page.end)
    _refer(kept)
    definitions = {key: _object(table, page.title, repeated[key], kept) for key, table in kept.items()}
    if not descriptions:
        _drop_descriptions(definitions.values())
    answer = definitions.pop("")
    notes = [answer.pop("$comment"), f"updated on {page.updated}", page.request, *([address] if address else [])]
    slug = "-".join(re.findall("[a-z0-9]+", page.title.lower()))
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:cbr-audit:documented:{slug}:{page.updated[:10]}",
        "title": page.title,
        "$comment": "; ".join(map(str, notes)),
        **answer,
        "$defs": definitions,
    }


def _distinct(tables: Sequence[PageTable]) -> tuple[dict[str, PageTable], dict[str, list[PageTable]]]:
    """Name each table and keep one of each name; the response itself has the empty name."""
    kept: dict[str, PageTable] = {}
    repeated: dict[str, list[PageTable]] = {}
    bodies = {table.status: table for table in tables if table.caption == _BODY}
    for table in tables:
        key = _key(table, bodies.get("200"))
        first = kept.setdefault(key, table)
        repeated.setdefault(key, [])
        if first is table:
            continue
        if first.status == table.status:
            raise table.error(f"the page has {first} already", table.line)
        if first.rows != table.rows:
            raise table.error(f"the rows differ from those of {first}", table.line)
        repeated[key].append(table)
    return kept, repeated


def _key(table: PageTable, answer: PageTable | None) -> str:
    if table.caption == _BODY:
        if table.status is None:
            raise table.error('no line "Status code: …" above', table.line)
        same = answer is not None and answer.rows == table.rows
        return "" if same or table.status == "200" else f"Status{table.status}"
    if table.caption in _PARAMETERS:
        return _PARAMETERS[table.caption]
    if not re.fullmatch(r"\w+", table.caption):
        raise table.error("the caption is neither a known one nor the name of an object", table.line)
    return table.caption


def _refer(kept: dict[str, PageTable]) -> None:
    """Reject an object that no row refers to: its caption, or the type of a row, was misread."""
    referred = {match[2] for table in kept.values() for row in table.rows if (match := OBJECT.fullmatch(row.type))}
    for key, table in kept.items():
        if key == table.caption and key not in referred:
            raise table.error("no row refers to this table", table.line)


def _object(table: PageTable, title: str, repeated: Sequence[PageTable], names: dict[str, PageTable]) -> Schema:
    """Return the closed object of a table."""
    properties: Schema = {}
    for row in table.rows:
        if row.name in properties:
            raise table.error(f"a second row {row.name}", row.line)
        shape = _shape(row, table, names)
        properties[row.name] = _described(row, shape, table) | {"$comment": f"{title}, {table}"}
    again = ", ".join(f"Table {other.number} for status code {other.status}" for other in repeated)
    required = [row.name for row in table.rows if row.mandatory]
    return {
        "$comment": f"{title}, {table}" + (f", repeated as {again}" if again else ""),
        "type": "object",
        "properties": properties,
        **({"required": required} if required else {}),
        "additionalProperties": False,
    }


def _drop_descriptions(definitions: Iterable[Schema]) -> None:
    for definition in definitions:
        properties: Any = definition["properties"]
        for field in properties.values():
            field.pop("description", None)


def _shape(row: TableRow, table: PageTable, names: dict[str, PageTable]) -> Schema:
    if row.type in PLAIN:
        return {"type": PLAIN[row.type]}
    if row.type in PLAIN_ARRAYS:
        return {"type": "array", "items": {"type": PLAIN_ARRAYS[row.type]}}
    match = OBJECT.fullmatch(row.type)
    array, name = match.groups() if match else (None, "")
    if name not in names or names[name].caption != name:
        raise table.error(f"{row.name} refers to {name}, and no table has that name", row.line)
    reference: Schema = {"$ref": f"#/$defs/{name}"}
    return {"type": "array", "items": reference} if array else reference


def _described(row: TableRow, shape: Schema, table: PageTable) -> Schema:
    """Add the contents of a row's last cell: description, enumeration, bounds, default."""
    description: list[str] = []
    labels: dict[str, Line] = {}
    values: list[Line] = []
    listing = False
    for note in row.notes:
        if listing and note.text.startswith(_BULLET):
            values.append(Line(note.text.removeprefix(_BULLET).strip(), note.number))
            continue
        match = _LABEL.fullmatch(note.text)
        listing = match is not None and match[1] == _ENUMERATION
        if match is None or match[1] in _PROSE:
            description.append(note.text)
        elif match[1] in labels:
            raise table.error(f"a second {match[1]} of {row.name}", note.number)
        else:
            labels[match[1]] = Line(match[2] or "", note.number)
    said = {"description": "\n".join(description)} if description else {}
    heading = labels.pop(_ENUMERATION, None)
    if heading is not None:
        shape = _enumerated(shape, values, table, heading)
    return said | _limited(shape, labels, " ".join(description), table, row)


def _enumerated(shape: Schema, values: Sequence[Line], table: PageTable, heading: Line) -> Schema:
    items = shape.get("items")
    if isinstance(items, dict):
        return shape | {"items": _enumerated(items, values, table, heading)}
    enumeration = [_value(value, shape, table) for value in values]
    if not enumeration or len(set(enumeration)) != len(enumeration):
        raise table.error("an enumeration without values, or with a value twice", heading.number)
    return shape | {"enum": enumeration}


def _limited(shape: Schema, labels: dict[str, Line], said: str, table: PageTable, row: TableRow) -> Schema:
    kind = str(shape.get("type"))
    bounds = _BOUNDS.get(kind, {})
    limits: Schema = {}
    for label, value in labels.items():
        if label in bounds:
            limits[bounds[label]] = _value(value, {"type": "integer"}, table)
        elif label in ("Default", "Default value"):
            limits["default"] = _value(value, shape, table)
        else:
            raise table.error(f"{label} is not understood for the type {row.type}", value.number)
    for said_bounds in _SAID[kind].findall(said) if kind in _SAID else ():
        for keyword, number in zip(bounds.values(), said_bounds, strict=True):
            if limits.setdefault(keyword, int(number)) != int(number):
                raise table.error(f"the text of {row.name} contradicts its bounds", row.line)
    return shape | limits


def _value(value: Line, shape: Schema, table: PageTable) -> str | int | bool:
    kind = shape.get("type", "object")
    if kind == "string" and value.text:
        return value.text
    if kind == "integer" and re.fullmatch(r"-?[0-9]+", value.text):
        return int(value.text)
    if kind == "boolean" and value.text in ("true", "false"):
        return value.text == "true"
    raise table.error(f"{value.text!r} is not a value of the type {kind}", value.number)
