"""Reading the small XML documents of OBS: elements and text, nothing that a document could declare or include."""

from typing import Final

_DEEPEST: Final = 8
_LARGEST: Final = 4 * 1024 * 1024


class XmlError(ValueError):
    """The document is not the plain XML that is read here."""


def texts(document: bytes) -> dict[str, list[str]]:
    """Return the text of every element by its path, such as ``Error/Code``.

    Raises:
        XmlError: not XML, too large, too deep, or it has a document type.
    """
    from xml.parsers import expat  # noqa: PLC0415  # only lists and refusals are XML

    if len(document) > _LARGEST:
        raise XmlError("too large")
    found: dict[str, list[str]] = {}
    path: list[str] = []
    pieces: list[list[str]] = []

    def start(name: str, _attributes: dict[str, str]) -> None:
        if len(path) == _DEEPEST:
            raise XmlError("too deep")
        path.append(name)
        pieces.append([])

    def end(_name: str) -> None:
        found.setdefault("/".join(path), []).append("".join(pieces.pop()).strip())
        path.pop()

    def take(text: str) -> None:
        pieces[-1].append(text)

    def refuse(*_: object) -> None:
        raise XmlError("it has a document type")

    parser = expat.ParserCreate()
    parser.StartElementHandler, parser.EndElementHandler = start, end
    parser.CharacterDataHandler = take
    parser.StartDoctypeDeclHandler = refuse  # without one there are no entities to expand
    try:
        parser.Parse(document, True)  # noqa: FBT003  # the whole document, positionally as expat wants it
    except (expat.ExpatError, LookupError) as error:  # an encoding that nobody knows
        raise XmlError(str(error)) from error
    return found
