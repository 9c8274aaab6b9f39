"""Blocks as the XHTML of a narrative."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from lxml import etree
from lxml.builder import ElementMaker

from entact.exchange.m11.text import UNSAID, Block, Line, Table, Words

_XHTML: Final = "http://www.w3.org/1999/xhtml"
_make = ElementMaker(namespace=_XHTML, nsmap={None: _XHTML})


def narrative(blocks: Iterable[Block]) -> str:
    """The blocks as one `div`; an empty heading says so."""
    div = _make.div()
    listed: etree._Element | None = None
    for block in blocks:
        if isinstance(block, Line):
            if listed is None:
                listed = _make.dl()
                div.append(listed)
            listed.append(_make.dt(block.term))
            said = " ".join(filter(None, (block.text, _assumed(block))))
            listed.append(_make.dd(said))
            continue
        listed = None
        div.append(_make.p(block.text) if isinstance(block, Words) else _table(block))
    if not len(div):
        div.append(_make.p(UNSAID))
    text: str = etree.tostring(div, encoding="unicode")
    return text


def _assumed(line: Line) -> str:
    return f"(Assumption: {line.assumption})" if line.assumption else ""


def _table(table: Table) -> etree._Element:
    head = _make.thead(_make.tr(*(_make.th(cell) for cell in table.head)))
    rows = [_make.tr(*(_make.td(cell) for cell in row)) for row in table.rows]
    return _make.table(head, _make.tbody(*rows))
