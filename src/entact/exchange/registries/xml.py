"""XML as registries take it: elements without a namespace below a root that has one."""

from __future__ import annotations

from typing import Final

from lxml import etree

NIL: Final = "{http://www.w3.org/2001/XMLSchema-instance}nil"


def add(parent: etree._Element, name: str, text: str | float | None = None) -> etree._Element:
    """A new element with a text, where there is one."""
    one = etree.SubElement(parent, name)
    if text is not None:
        one.text = number(text) if isinstance(text, float) else str(text)
    return one


def say(parent: etree._Element, name: str, text: str | float | None) -> None:
    """A new element, where there is something to say."""
    if text is not None and text != "":
        add(parent, name, text)


def block(parent: etree._Element, name: str, text: str | None) -> None:
    """A text in a block, as ClinicalTrials.gov has it."""
    if text:
        add(add(parent, name), "textblock", text)


def number(value: float) -> str:
    """A number with up to four decimals; nothing that is there becomes nothing."""
    text = f"{value:.4f}".rstrip("0").rstrip(".")
    return text if float(text) != 0 or value == 0 else f"{value:.3g}"


def as_bytes(root: etree._Element) -> bytes:
    """A document as bytes."""
    raw: bytes = etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True)
    return raw
