"""An ODM file of version 1.3 as a tree, or why it is none."""

from __future__ import annotations

from typing import Final

from lxml import etree

LARGEST: Final = 64 * 1024 * 1024
_SPACE: Final = "http://www.cdisc.org/ns/odm/v1.3"


class OdmError(ValueError):
    """A file that is not read: every problem with its line."""

    def __init__(self, problems: list[str]) -> None:
        self.problems = problems
        super().__init__("\n".join(problems))


def odm_root(raw: bytes) -> etree._Element:
    """The root of a file.

    Raises:
        OdmError: when it is too large, no XML, declares a document type, or is no ODM 1.3.
    """
    if len(raw) > LARGEST:
        raise OdmError([f"it has {len(raw)} bytes; at most {LARGEST} are read"])
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
    try:
        root = etree.fromstring(raw, parser)
    except etree.XMLSyntaxError as error:
        raise OdmError([f"line {error.lineno}: {error.msg}; nothing was read"]) from None
    if root.getroottree().docinfo.doctype:
        raise OdmError(["line 1: it declares a document type, with which a file can hide what it says"])
    if root.tag != tag("ODM"):
        raise OdmError([f"line {root.sourceline}: {etree.QName(root).localname} is no ODM of version 1.3"])
    return root


def tag(name: str) -> str:
    """The name of an element in the space of ODM 1.3."""
    return f"{{{_SPACE}}}{name}"
