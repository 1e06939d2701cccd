"""From a saved page of the API documents to a JSON Schema of the response.

A page is the text copied from a browser: one cell or paragraph per line, menus before the title, remarks after the
tables. Its frame is the line "Updated on …" (the title is above it), the line under "URI", the tables, and the first
heading after them. Anything in that frame that is not recognised is a DocumentError: nothing is guessed.

    String, Integer, Boolean         a plain value, with its enumeration, bounds, length and default
    Array of strings                 an array of plain values
    X object, Array of X objects     a reference to the table "X"
    Response body parameters         the response: of status code 200 the root, of another one Status404 …
    Path, Query, Request header …    PathParameters, QueryParameters, HeaderParameters

A table that is repeated for another status code is derived once, after its rows have been compared.
"""

from audit.generators.api_schemas.page import read
from audit.generators.api_schemas.schema import build

__all__ = ["derive"]


def derive(text: str, *, page: str | None = None, descriptions: bool = False) -> dict[str, object]:
    """Derive the JSON Schema (Draft 2020-12) of a successful response from the text of its page.

    Args:
        text: the saved page.
        page: the address of the page, to be recorded in the schema.
        descriptions: whether to keep the descriptions, whose copyright is their author's.

    Raises:
        DocumentError: something on the page is not recognised.
    """
    return build(read(text), page, descriptions=descriptions)
