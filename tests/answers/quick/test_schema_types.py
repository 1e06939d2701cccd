from typing import Any

import msgspec
import pytest

from audit.answers.quick.schema_types import NotUnderstoodError, Types

TEXT = {"type": "string"}


def closed(required: tuple[str, ...] = (), **properties: Any) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": list(required),
        "additionalProperties": False,
        "$comment": "remarks are passed over",
    }


def takes(schema: dict[str, Any], text: str, **given: Any) -> bool:
    try:
        msgspec.json.decode(text, type=Types(schema, given).of(schema))
    except msgspec.ValidationError:
        return False
    return True


@pytest.mark.parametrize(
    ("schema", "good", "bad"),
    [
        (TEXT, ('""', '"a"'), ("5", "null", "[]")),
        ({"type": "string", "minLength": 1, "maxLength": 2}, ('"a"', '"日本"'), ('""', '"abc"')),
        ({"type": "string", "enum": ["a", "b"]}, ('"a"', '"b"'), ('"c"', "null")),
        ({"type": ["string", "null"]}, ('"a"', "null"), ("5", "{}")),
        ({"type": ["string", "null"], "enum": ["a", None]}, ('"a"', "null"), ('"b"', "5")),
        ({"type": "boolean"}, ("true", "false"), ("0", '"true"', "null")),
        ({"type": ["boolean", "string"], "enum": [True, False, "true"]}, ("true", "false", '"true"'), ('"false"', "1")),
        ({"type": "integer", "minimum": -1, "maximum": 2}, ("-1", "2"), ("-2", "3", "1.0", "true", '"1"', "1e400")),
        ({"type": "array", "items": {"type": "integer", "minimum": 0, "maximum": 2}}, ("[]", "[1,2]"), ("[3]", "{}")),
        ({"type": "array", "items": {}}, ("[]",), ("[5]", "[null]", "{}")),
        (closed(("a",), a=TEXT, b=TEXT), ('{"a":""}', '{"b":"","a":""}'), ("{}", '{"a":"","c":1}', '{"a":5}', "[]")),
    ],
)
def test_what_fits_is_taken_and_nothing_else(
    schema: dict[str, Any], good: tuple[str, ...], bad: tuple[str, ...]
) -> None:
    assert [takes(schema, text) for text in (*good, *bad)] == [True] * len(good) + [False] * len(bad)


def test_definitions_are_followed() -> None:
    schema = {**closed(a={"$ref": "#/$defs/A"}), "$defs": {"A": closed(b=TEXT)}}

    assert takes(schema, '{"a": {"b": "text"}}')
    assert not takes(schema, '{"a": {"c": "text"}}')


def test_what_stands_beside_a_reference_counts_too() -> None:
    named = {"properties": {"b": TEXT}, "additionalProperties": False}
    schema = {**closed(a={"$ref": "#/$defs/A", "type": ["object", "null"]}), "$defs": {"A": named}}

    assert all(takes(schema, text) for text in ('{"a": {"b": ""}}', '{"a": null}', "{}"))
    assert not any(takes(schema, text) for text in ('{"a": {"c": ""}}', '{"a": "text"}'))


def test_a_field_of_which_both_say_the_same_word_is_refused() -> None:
    schema = {**closed(a={"$ref": "#/$defs/A", "type": "string"}), "$defs": {"A": {"type": ["string", "null"]}}}

    assert takes(schema, "{}")
    assert not takes(schema, '{"a": ""}')


def test_a_definition_holds_itself_once() -> None:
    schema = {"$ref": "#/$defs/A", "$defs": {"A": closed(a={"type": "array", "items": {"$ref": "#/$defs/A"}})}}

    assert all(takes(schema, text) for text in ("{}", '{"a": [{}, {"a": []}]}'))
    assert not any(takes(schema, text) for text in ('{"a": [{"a": [{}]}]}', '{"a": [{"b": 1}]}'))


def test_times_are_texts_that_are_still_to_be_proven() -> None:
    time = {"$ref": "#/$defs/Timestamp", "type": ["string", "null"]}
    odd = {**closed(("d", "e"), d=time, e={}), "$comment": "is left out, with its time"}
    many = {"type": "array", "items": closed(c=time)}
    schema = {**closed(a=time, b=many, f=odd), "$defs": {"Timestamp": {"pattern": "^[0-9]+$"}}}
    types = Types(schema, {})

    assert msgspec.json.decode('{"a": "noon", "b": [{"c": null}]}', type=types.of(schema)).a == "noon"
    assert types.times == {("a",), ("b", "c")}


def test_the_type_of_a_field_may_be_given() -> None:
    assert takes(closed(("a",), a=TEXT), '{"a": 5}', a=int)


@pytest.mark.parametrize(
    "unknown",
    [
        {},
        {"type": "string", "pattern": "^a$"},
        {"type": "number"},
        {"type": "integer", "minimum": 0},
        {"type": "string", "oneOf": []},
        {"type": ["string", "null"], "enum": ["a"]},
        {"type": "boolean", "enum": [True]},
        {"type": "boolean", "enum": [1, 0]},
        {"type": "object", "properties": {}},
    ],
)
class TestWordsThatAreNotUnderstood:
    def test_a_field_with_them_is_refused_and_the_others_are_taken(self, unknown: dict[str, Any]) -> None:
        schema = closed(a=unknown, b=TEXT)

        assert takes(schema, '{"b": ""}')
        assert not any(takes(schema, f'{{"a": {value}}}') for value in ('"a"', "null", "true", "5", "{}", "[]"))

    def test_no_type_is_made_where_such_a_field_is_required(self, unknown: dict[str, Any]) -> None:
        schema = closed(("a",), a=unknown)

        with pytest.raises(NotUnderstoodError):
            Types(schema, {}).of(schema)
