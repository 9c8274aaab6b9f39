"""A study file as the protocol document of ICH M11: every heading of the template, and what stands under it.

A heading of which a study file says nothing says so: nothing is made up for it.

Source: ICH M11, Clinical electronic Structured Harmonised Protocol; numbers, titles and codes of its headings
as the NCI Thesaurus has them (`headings.json`). Which fields the title page and the synopsis have is from
memory of the template, an assumption.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from entact.exchange.m11.design import design_sections
from entact.exchange.m11.oversight import oversight_sections
from entact.exchange.m11.procedures import procedure_sections
from entact.exchange.m11.statistics import statistics_sections
from entact.exchange.m11.summary import amendment_blocks, summary_sections, title_page
from entact.exchange.m11.text import UNSAID, Block, Line, Table, Words
from entact.protocol.release import Release

__all__ = ["UNSAID", "Block", "Line", "Part", "Protocol", "Table", "Words", "headings", "protocol_of"]


@dataclass(frozen=True, slots=True)
class Part:
    """A heading of the template and what stands under it.

    Attributes:
        number: as in `10.4.1`; empty of the title page. title, code: of the template (NCI Thesaurus).
        blocks: none where the study file says nothing, or all of it stands below.
    """

    number: str
    title: str
    code: str
    blocks: tuple[Block, ...]

    @property
    def level(self) -> int:
        """1 for a section, 2 for what is below it, and so on."""
        return self.number.count(".") + 1


@dataclass(frozen=True, slots=True)
class Protocol:
    """A release as a protocol document.

    Attributes:
        title_page: field -> what the study file says; None where it says nothing. amendment: what this
            release changes. parts: every heading but the title page, in the template's order.
    """

    study: str
    title: str
    version: str
    digest: str
    title_page: Mapping[str, str | None]
    amendment: tuple[Block, ...]
    parts: tuple[Part, ...]

    @property
    def unsaid(self) -> tuple[str, ...]:
        """Numbers of the headings under which nothing stands, and below which there is none."""
        numbers = [part.number for part in self.parts]
        return tuple(
            part.number
            for part in self.parts
            if not part.blocks and not any(one.startswith(f"{part.number}.") for one in numbers)
        )


def protocol_of(release: Release) -> Protocol:
    """A release as a protocol document, in the study's main language as far as the words are its own."""
    said = {
        **summary_sections(release),
        **design_sections(release),
        **procedure_sections(release),
        **statistics_sections(release),
        **oversight_sections(release),
    }
    parts = tuple(
        Part(number, title, code, tuple(said.pop(number, ()))) for number, title, code in headings() if number
    )
    if said:
        raise ValueError(f"the template has no section {', '.join(said)}")
    return Protocol(
        study=release.file.study,
        title=str(release.file.title),
        version=release.file.release,
        digest=release.digest,
        title_page=title_page(release),
        amendment=tuple(amendment_blocks(release)),
        parts=parts,
    )


@cache
def headings() -> tuple[tuple[str, str, str], ...]:
    """Every heading as (number, title, code), in order; the title page has no number."""
    found = json.loads(files("entact.exchange.m11").joinpath("headings.json").read_bytes())
    return tuple((number, title, code) for number, title, code in found["headings"])
