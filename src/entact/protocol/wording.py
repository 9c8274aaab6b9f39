"""Wording and translations of instruments, which a site loads from a file of its own.

entact ships no wording: most of it is licensed. A wording file says, in one language, what each item asks and
what each answer is called. It is checked against the items that scores are made of, and named by its digest,
so that anyone can say later which words a participant read.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path as FilePath

import rfc8785
from pydantic import BaseModel, ConfigDict, ValidationError

from entact.protocol.explain import faults_of
from entact.protocol.instrument import Instrument, load_instrument, shipped_instruments
from entact.protocol.instrument_file import count_up
from entact.protocol.problem import Fault, Path, Problem, StudyError, unknown
from entact.protocol.release import Release
from entact.protocol.source import LARGEST, Source, read_source
from entact.protocol.study import Item
from entact.protocol.study.text import Language

LABELLED = 7  # up to so many answers each needs its label; of a longer scale the two ends do


class WordingFile(BaseModel):
    """A wording file as it stands: the words of one instrument in one language.

    `items` gives what each item asks; `answers` what each answer is called, by item or by a row of like items
    (`q1 .. q20`).
    """

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)

    wording: str
    language: Language
    version: str
    holder: str
    licence: str
    instruction: str | None = None
    items: dict[str, str]
    answers: dict[str, dict[str, str]] = {}


@dataclass(frozen=True)
class Wording:
    """The words of one instrument in one language, known to fit its items.

    Attributes:
        file: what the file says. text: its canonical bytes (RFC 8785), of which `digest` is the SHA-256.
    """

    file: WordingFile
    text: bytes

    @cached_property
    def digest(self) -> str:
        return hashlib.sha256(self.text).hexdigest()

    @cached_property
    def labels(self) -> dict[str, dict[str, str]]:
        """By item, what each answer is called."""
        return {name: given for row, given in self.file.answers.items() for name in count_up(row)}


def load_wording(path: str | os.PathLike[str], release: Release | None = None) -> Wording:
    """The words in a wording file, checked against the instrument that they are for.

    Args:
        release: of the study that uses the instrument; without it, the instrument that comes with entact.

    Raises:
        StudyError: with every problem, its line and what would be right.
    """
    shown = os.fspath(path)
    try:
        with FilePath(path).open("rb") as file:
            raw = file.read(LARGEST + 1)
    except OSError as error:
        message = f"the file cannot be read: {error.strerror}"
        raise StudyError([Problem(shown, 0, 0, "", message)]) from None
    source = read_source(raw, shown)
    said = _typed(source)
    instrument = _instrument(said.wording, release, source)
    faults = [*_items(said, instrument), *_answers(said, instrument)]
    if faults:
        raise StudyError(source.locate(fault) for fault in faults)
    return Wording(said, rfc8785.dumps(source.data))


def _typed(source: Source) -> WordingFile:
    try:
        return WordingFile.model_validate(source.data, strict=True)
    except ValidationError as error:
        faults = faults_of(error, source.data, WordingFile, (), source.written)
        raise StudyError(source.locate(fault) for fault in faults) from None


def _instrument(name: str, release: Release | None, source: Source) -> Instrument:
    known: dict[str, Instrument] = {}
    if release is not None:
        used = (form.instrument for form in release.forms.values())
        known = {instrument.name: instrument for instrument in used if instrument is not None}
    elif name in shipped_instruments():
        known = {name: load_instrument(name)}
    if name not in known:
        what = "instrument" if release is None else f"instrument in {release.file.study}"
        names = known if release is not None else shipped_instruments()
        raise StudyError([source.locate(Fault(("wording",), unknown(what, name, names)))])
    return known[name]


def _items(said: WordingFile, instrument: Instrument) -> Iterator[Fault]:
    missing = [name for name in instrument.items if name not in said.items]
    if missing:
        message = (
            f"{', '.join(missing)} {'is' if len(missing) == 1 else 'are'} missing; write '{missing[0]}: …'"
        )
        yield Fault(("items",), message)
    first: dict[str, str] = {}
    for name, text in said.items.items():
        path: Path = ("items", name)
        if name not in instrument.items:
            yield Fault(path, unknown(f"item of {instrument.name}", name, instrument.items), at_key=True)
        elif not text.strip():
            yield Fault(path, "has no words; write what the item asks")
        elif text in first:
            yield Fault(path, f"has the same words as {first[text]!r}; write each item's own")
        first.setdefault(text, name)


def _answers(said: WordingFile, instrument: Instrument) -> Iterator[Fault]:
    labelled: set[str] = set()
    found: dict[Path, Fault] = {}
    for row, labels in said.answers.items():
        path: Path = ("answers", row)
        try:
            names = count_up(row)
        except ValueError as error:
            yield Fault(path, str(error), at_key=True)
            return
        for name in names:
            item = instrument.items.get(name)
            if item is None:
                message = unknown(f"item of {instrument.name}", name, instrument.items)
                yield Fault(path, message, at_key=True)
            elif name in labelled:
                yield Fault(path, f"{name!r} has its answers already; take it out here", at_key=True)
            else:
                # Of a row of like items the first says what is wrong with the labels of all.
                for fault in _labels(name, item, labels, path):
                    found.setdefault(fault.path, fault)
            labelled.add(name)
    yield from found.values()
    bare = [name for name, item in instrument.items.items() if name not in labelled and _needed(item)]
    if bare:
        needed = ", ".join(_needed(instrument.items[bare[0]]))
        message = f"no answers of {', '.join(bare)}; label those of {bare[0]}: {needed}"
        yield Fault(("answers",) if said.answers else (), message)


def _labels(name: str, item: Item, labels: Mapping[str, str], path: Path) -> Iterator[Fault]:
    possible = _possible(item)
    for code, label in labels.items():
        if code not in possible:
            yield Fault((*path, code), unknown(f"answer to {name!r}", code, possible), at_key=True)
        elif not label.strip():
            yield Fault((*path, code), "has no words; write what the answer is called")
    missing = [code for code in _needed(item) if code not in labels]
    if missing:
        yield Fault(path, f"{name!r} lacks the answer {', '.join(missing)}; write its label")


def _possible(item: Item) -> list[str]:
    """The answers to an item as keys of a wording file."""
    return ["false", "true"] if item.type == "boolean" else item.codes


def _needed(item: Item) -> list[str]:
    """The answers that need a label; yes and no need none."""
    possible = _possible(item)
    if item.type == "boolean" or not possible:
        return []
    return possible if len(possible) <= LABELLED or item.of else [possible[0], possible[-1]]
