"""An ODM file of version 1.3 or 2.0 as a tree of 1.3, or why it is none."""

from __future__ import annotations

from typing import Final

from lxml import etree

from entact.exchange.odm.reading2 import as_version_1, is_version_2
from entact.exchange.odm.space import ODM, tag

LARGEST: Final = 64 * 1024 * 1024


class OdmError(ValueError):
    """A file that is not read: every problem with its line."""

    def __init__(self, problems: list[str]) -> None:
        self.problems = problems
        super().__init__("\n".join(problems))


def odm_root(raw: bytes) -> etree._Element:
    """The root of a file.

    Raises:
        OdmError: when it is too large, no XML, declares a document type, or is no ODM of these versions.
    """
    if len(raw) > LARGEST:
        raise OdmError([f"it has {len(raw)} bytes; at most {LARGEST} are read"])
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, remove_comments=True, remove_pis=True
    )
    try:
        root = etree.fromstring(raw, parser)
    except etree.XMLSyntaxError as error:
        raise OdmError([f"line {error.lineno}: {error.msg}; nothing was read"]) from None
    if root.getroottree().docinfo.doctype:
        raise OdmError(["line 1: it declares a document type, with which a file can hide what it says"])
    if is_version_2(root):
        return as_version_1(root)
    if root.tag != tag("ODM"):
        named = etree.QName(root)
        of = f"the namespace {named.namespace!r}" if named.namespace else "no namespace"
        raise OdmError(
            [
                f"line {root.sourceline}: it begins with <{named.localname}> of {of}, which is no ODM of "
                f"version 1.3 or 2.0; one of 1.3 begins with <ODM xmlns={ODM!r}>"
            ]
        )
    return root
