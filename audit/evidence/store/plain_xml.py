"""Reading the small XML documents of OBS: elements and text, nothing that a document could declare or include."""

from typing import Final
from xml.etree.ElementTree import Element, ParseError, TreeBuilder, XMLParser

_LARGEST: Final = 4 * 1024 * 1024


class XmlError(ValueError):
    """The document is not the plain XML that is read here."""


class _Plain(TreeBuilder):
    def doctype(self, *_: object) -> None:
        raise XmlError("it has a document type")  # without one there are no entities to expand


def root_of(document: bytes, name: str) -> Element:
    """Parse a document whose root element has a name.

    Raises:
        XmlError: not XML, another document, too large, or it has a document type.
    """
    if len(document) > _LARGEST:
        raise XmlError("too large")
    parser = XMLParser(target=_Plain())  # noqa: S314  # refuses what makes XML dangerous
    try:
        parser.feed(document)
        root: Element = parser.close()
    except (ParseError, LookupError, ValueError) as error:  # the last two: an encoding that is not known
        raise XmlError(str(error)) from error
    if root.tag.rpartition("}")[2] != name:
        raise XmlError(f"it is no {name}")
    return root


def texts(root: Element, path: str) -> list[str]:
    """Return the text of every element at a path, such as ``Contents/Key``, in whatever namespace."""
    found = root.iterfind("/".join(f"{{*}}{name}" for name in path.split("/")))
    return [(element.text or "").strip() for element in found]
