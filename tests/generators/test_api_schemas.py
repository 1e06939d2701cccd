import json
from pathlib import Path
from typing import Any

import jsonschema
import jsonschema_rs
import pytest

from audit.errors import DocumentError
from audit.generators.api_schemas import derive
from deploy.wheels import ROOT

PAGES = Path(__file__).parents[1] / "schemas" / "page"
PAGE = (PAGES / "querying-the-lamp-list.txt").read_text(encoding="utf-8")
CELLS = tuple(line for line in PAGE.split("\n") if line.strip())
ADDRESS = "https://lamps.example/list"


def without_repetition() -> str:
    """Return the page without its tables for status code 404."""
    page = PAGE[: PAGE.index("Status code: 404")] + PAGE[PAGE.index("Status code: 500") :]
    return page.replace("Table 9", "Table 7").replace("Table 10", "Table 8").replace("  •", "•")


BRIEF = without_repetition()


def a_page(*changes: tuple[str, str], of: str = BRIEF) -> str:
    """Return the page with each text replaced where it first stands; a bar separates cells."""
    for old, new in changes:
        before, after = (text.replace("|", "\n\n") for text in (old, new))
        assert before in of, before
        of = of.replace(before, after, 1)
    return of


def lamp(*changes: tuple[str, str]) -> dict[str, Any]:
    """Return the properties of Lamp after changes to the page."""
    schema: dict[str, Any] = derive(a_page(*changes), descriptions=True)
    properties: dict[str, Any] = schema["$defs"]["Lamp"]["properties"]
    return properties


def test_a_page_becomes_the_schema_that_a_person_wrote_beside_it() -> None:
    written = (PAGES / "querying-the-lamp-list.json").read_text(encoding="utf-8")

    assert json.dumps(derive(PAGE, page=ADDRESS, descriptions=True), indent=2, ensure_ascii=False) + "\n" == written


def test_the_schema_of_the_task_log_is_what_the_page_in_the_form_of_the_real_one_gives() -> None:
    page = (PAGES / "querying-the-task-list.txt").read_text(encoding="utf-8")
    shipped = (ROOT / "schemas" / "cbr" / "operation_logs.documented.json").read_text(encoding="utf-8")

    assert json.dumps(derive(page), indent=2, ensure_ascii=False) + "\n" == shipped


def test_the_sentences_of_a_page_are_kept_only_where_asked() -> None:
    kept: dict[str, Any] = derive(PAGE, descriptions=True)

    def described(schema: dict[str, Any]) -> list[str]:
        objects = (schema, *schema["$defs"].values())
        return [name for each in objects for name, field in each["properties"].items() if "description" in field]

    assert described(derive(PAGE)) == []
    assert {"limit", "X-Auth-Token", "lamps", "keeper"} < set(described(kept))


def test_blank_lines_indents_and_line_ends_do_not_matter() -> None:
    windows = "\ufeff" + "\r\n".join(f"\t{line} " for line in CELLS)

    assert derive(windows) == derive(PAGE)


def test_the_address_of_the_page_is_noted_only_when_it_is_known() -> None:
    assert str(derive(PAGE, page=ADDRESS)["$comment"]).endswith(f"; {ADDRESS}")
    assert str(derive(PAGE)["$comment"]).endswith("; GET /v1/{coast_id}/lamps")


def test_both_validators_find_the_definitions_without_help() -> None:
    schema = derive(PAGE)
    answer = {"lamps": [{"brightness": 101}]}
    slow = jsonschema.Draft202012Validator(schema)
    fast = jsonschema_rs.validator_for(schema)

    jsonschema.Draft202012Validator.check_schema(schema)
    assert [list(error.absolute_path) for error in slow.iter_errors(answer)] == [["lamps", 0, "brightness"]]
    assert [error.instance_path for error in fast.iter_errors(answer)] == [["lamps", 0, "brightness"]]
    assert slow.is_valid({"lamps": [{"keeper": {}}]})
    assert fast.is_valid({"lamps": [{"keeper": {}}]})


def test_an_undocumented_field_is_refused_at_every_depth() -> None:
    fast = jsonschema_rs.validator_for(derive(PAGE))

    assert not fast.is_valid({"lamps": [], "new": 1})
    assert not fast.is_valid({"lamps": [{"new": 1}]})
    assert not fast.is_valid({"lamps": [{"keeper": {"new": 1}}]})


def test_a_boolean_default_can_be_false() -> None:
    page = a_page(("Default value: true", "Default value: false"))

    schema: dict[str, Any] = derive(page)
    assert schema["$defs"]["QueryParameters"]["properties"]["lit"]["default"] is False


def test_a_length_is_read_from_the_text_alone() -> None:
    assert lamp(("|Minimum: 1|Maximum: 64", ""))["name"]["maxLength"] == 64


@pytest.mark.parametrize("words", ["Name, 1 to 64 characters", "Of 1 to 64 characters. Again: 1 to 64 characters."])
def test_a_length_may_be_said_in_other_words(words: str) -> None:
    name = lamp(("The value consists of 1 to 64 characters.", words), ("|Minimum: 1|Maximum: 64", ""))["name"]

    assert (name["minLength"], name["maxLength"]) == (1, 64)


def test_one_bound_may_stand_alone() -> None:
    name = lamp(("The value consists of 1 to 64 characters.|", "|"), ("|Minimum: 1|Maximum: 64", "|Minimum: 1"))["name"]

    assert (name.get("minLength"), name.get("maxLength")) == (1, None)


def test_bullets_that_follow_a_text_are_text() -> None:
    dim = lamp(('"false"', '"false"|Otherwise:x y|• never'))["dim"]

    assert dim["enum"] == ['"true"', '"false"']
    assert dim["description"].endswith("Otherwise:x y\n• never")


def test_an_object_may_contain_itself() -> None:
    assert lamp(("keeper|", "next|Lamp object|keeper|"))["next"]["$ref"] == "#/$defs/Lamp"


T2, T3, T4, T5, T7 = (
    "Table 2 Query parameters",
    "Table 3 Request header parameters",
    "Table 4 Response body parameters",
    "Table 5 Lamp",
    "Table 7 Response body parameters",
)

MISTAKES = [
    # what is changed on the page, the line it is seen at, the table, the message
    ("Updated on 2021-03-04 GMT+08:00", "Printed", "Storage", None, "found 0"),
    ("Function", "Updated on 2020-01-01", "Updated on 2020-01-01", None, "found 2"),
    ("URI", "Address", "Function", None, 'no heading "URI"'),
    ("GET /v1", "FETCH /v1", "FETCH /v1/{coast_id}/lamps", None, "not a method and a path"),
    ("Table 2 Query", "Table 3 Query", "Table 3 Query parameters", "Table 3 Query parameters", "expected Table 2 here"),
    ("keeper|Keeper object", "keeper|String", "Table 6 Keeper", "Table 6 Keeper", "no row refers to this table"),
    ("type|String", "type|PathParameters object", "type", T5, "type refers to PathParameters, and no table"),
    ("Table 1 Path parameters", "Table 1 Form data", "Table 1 Form data", "Table 1 Form data", "the caption is"),
    ("Mandatory|Type|Description|limit", "Type|Mandatory|Description|limit", T2, T2, "unknown columns: Parameter"),
    ("Description|brightness", "Description|Default|brightness", "Default", T5, "expected the name of a parameter"),
    ("Description|brightness", "Description|Brightness", "Brightness", T5, "expected the name of a parameter"),
    ("Status code: 200|", "", T4, T4, 'no line "Status code: …" above'),
    ("Status code: 200", "Status code: 201", "Fault code", None, "no table of response body parameters"),
    ("Status code: 500", "Status code: 200", T7, T7, "the page has Table 4"),
    ("Table 8 Fault", "Table 8 Lamp", "Table 8 Lamp", "Table 8 Lamp", "the rows differ from those of Table 5 Lamp"),
    ("limit|No|Integer", "limit|Maybe|Integer", "Maybe", T2, "neither Yes nor No: Maybe"),
    ("limit|No|Integer", "limit|Integer", "Integer", T2, "neither Yes nor No: Integer"),
    ("Integer|Number of lamps on a page.", "Whole number", "Whole number", T2, "unknown type: Whole number"),
    ("Keeper object", "Array of Keeper object", "Array of Keeper object", T5, "unknown type"),
    ("keeper|Keeper object", "guard|Guard object|keeper|Keeper object", "guard", T5, "guard refers to Guard"),
    ("Lamp|Parameter", "Lamp|Column", T5, T5, "unknown columns: Column, Type, Description, brightness"),
    ("type|String|years", "type|years", "type", T5, "the row type is cut short"),
    ("type|String|years", "String|years", "String", T5, "'String' stands inside the description of storeys"),
    ("coast_id|Yes|String|Coast ID", "coast_id|Yes", "coast_id", "Table 1 Path parameters", "the row coast_id is cut"),
    ("limit|No|Integer|Number of lamps on a page.|Minimum: 1", "Yes", "Yes", T2, "expected the name"),
    ("Token of the keeper.", "Yes", "Yes", T3, "'Yes' stands inside the description of X-Auth-Token"),
    ("type|String|years", "name|String|years", "name", T5, "a second row name"),
    ("• 2|type", "• two|type", "• two", T5, "'two' is not a value of the type integer"),
    ("• 2|type", "• 1|type", "Enumeration values:", T5, "an enumeration without values, or with a value twice"),
    ("• 1|• 2|type", "type", "Enumeration values:", T5, "an enumeration without values"),
    ("• 2|type", "•|type", "•", T5, "'' is not a value"),
    ("• red", "•", "•", T5, "'' is not a value of the type string"),
    ("• true", "• True", "• True", T2, "'True' is not a value of the type boolean"),
    ("• true", "• true|Enumeration values:|• false", "Enumeration values:", T2, "a second Enumeration values of lit"),
    ("Maximum: 50", "Maximum: many", "Maximum: many", T2, "'many' is not a value of the type integer"),
    ("Maximum: 50", "Minimum: 50", "Minimum: 50", T2, "a second Minimum of limit"),
    ("Maximum: 50", "Step: 5", "Step: 5", T2, "Step is not understood for the type Integer"),
    ("Default value: true", "Minimum: 1", "Minimum: 1", T2, "Minimum is not understood for the type Boolean"),
    ("• red", "• red|Maximum: 2", "Maximum: 2", T5, "Maximum is not understood for the type Array of strings"),
    ("The keeper. He", "Default: Joan", "Default: Joan", T5, "'Joan' is not a value of the type object"),
    ("The keeper. He", "Enumeration values:|• Joan", "• Joan", T5, "'Joan' is not a value of the type object"),
    ("1 to 64 characters", "1 to 64 characters, not 1 to 65 characters", "name", T5, "the text of name contradicts"),
    ("1 to 64 characters", "1 to 63 characters", "name", T5, "the text of name contradicts its bounds"),
    ("Example Requests", "Table 9 Later", "Table 9 Later", "Table 9 Later", "unknown columns: None"),
    ('{ "count" : 0 }', "Table 9 Later", "Table 9 Later", "Table 9 Later", 'a table below the heading "Example'),
]  # fmt: skip  # one mistake a line


@pytest.mark.parametrize(("old", "new", "seen", "table", "message"), MISTAKES)
def test_what_is_not_understood_is_an_error_with_its_place(
    old: str, new: str, seen: str, table: str | None, message: str
) -> None:
    page = a_page((old, new))

    with pytest.raises(DocumentError) as caught:
        derive(page)

    assert message in str(caught.value)
    assert (page.split("\n")[caught.value.line - 1], caught.value.table) == (seen, table)


@pytest.mark.parametrize(
    ("page", "line", "message"),
    [
        ("", 1, "found 0"),
        ("Updated on 2021-03-04\nURI", 1, "no title above"),
        ("Title\nUpdated on 2021-03-04", 1, "the page ends before"),
        ("Title\nUpdated on 2021-03-04\nURI\n\nGET /", 5, "the page ends before"),
        ("Title\nUpdated on 2021-03-04\nError Codes", 3, "the page has no tables"),
        (BRIEF[: BRIEF.index("Example Requests")], BRIEF[: BRIEF.index("Fault code")].count("\n") + 1, "ends before"),
    ],
)
def test_a_page_without_its_frame_is_an_error(page: str, line: int, message: str) -> None:
    with pytest.raises(DocumentError, match=message) as caught:
        derive(page)

    assert (caught.value.line, caught.value.table) == (line, None)


def test_a_repeated_table_with_other_rows_is_an_error() -> None:
    start = PAGE.index("Table 8 Lamp")
    page = PAGE[:start] + PAGE[start:].replace("Years of repair", "Years")

    with pytest.raises(DocumentError, match="the rows differ from those of Table 5 Lamp") as caught:
        derive(page)

    assert (caught.value.line, caught.value.table) == (PAGE[:start].count("\n") + 1, "Table 8 Lamp")


def test_no_cell_of_a_table_can_be_lost_without_a_trace() -> None:
    page = a_page(("|Minimum: 1|Maximum: 64", ""))  # its text says the same
    cells = [cell for cell in page.split("\n") if cell]
    whole = derive(page, descriptions=True)
    start, stop = cells.index("Table 1 Path parameters"), cells.index("Example Requests")
    headings = {"Request Parameters", "Response Parameters"}

    for index in (index for index in range(start, stop) if cells[index] not in headings):
        try:
            assert derive("\n".join(cells[:index] + cells[index + 1 :]), descriptions=True) != whole, cells[index]
        except DocumentError:
            continue
