"""From a saved page of the API documents to a JSON Schema: what does Huawei promise to answer?

A page is read as it is copied from a browser: one cell or paragraph a line, menus before the title, remarks after the
tables. Its frame is the line "Updated on …" (the title stands above it), the line under "URI", the tables, and the
first heading after them. Whatever is not understood inside that frame is a DocumentError: nothing is guessed.

    String, Integer, Boolean         a plain value, with its enumeration, bounds, length and default
    Array of strings                 an array of plain values
    X object, Array of X objects     a reference to the table "X"
    Response body parameters         the answer: of status code 200 the root, of another one Status404 …
    Path, Query, Request header …    PathParameters, QueryParameters, HeaderParameters

A table that is repeated for another status code is derived once, after its rows have been compared.
"""

from audit.generators.api_schemas.page import read
from audit.generators.api_schemas.schema import build

__all__ = ["derive"]


def derive(text: str, *, page: str | None = None, descriptions: bool = False) -> dict[str, object]:
    """Derive the JSON Schema (Draft 2020-12) of a successful answer from the text of its page.

    Args:
        text: the page as saved.
        page: the address of the page, to be noted in the schema.
        descriptions: keep the sentences of the page, which are its author's, beside the facts.

    Raises:
        DocumentError: something on the page is not understood.
    """
    return build(read(text), page, descriptions=descriptions)
