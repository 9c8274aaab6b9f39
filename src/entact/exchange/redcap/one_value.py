"""Records of which each line has one value (REDCap's export "EAV"), as the lines of a flat export.

Source: REDCap's export of records of the type `eav`: record, event, repetition, `field_name`, `value`; of a
checkbox one line for each box that is ticked.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Final

from entact.exchange.records.boxes import EVENT, INSTANCE, INSTRUMENT, box_name
from entact.exchange.records.row import RecordsError

FIELD: Final = "field_name"
VALUE: Final = "value"
Lines = list[tuple[int, list[str]]]
Said = dict[tuple[str, ...], dict[str, tuple[int, str]]]


@dataclass
class Flat:
    """The same as a flat export.

    Attributes:
        lines: of each record, event and repetition, under the line on which it is first spoken of.
        places: line of those and column -> line on which that value stands.
    """

    header: list[str]
    lines: Lines = field(default_factory=list)
    places: dict[tuple[int, int], int] = field(default_factory=dict)


def is_one_value(header: list[str]) -> bool:
    """Whether each line has one value: the columns say so."""
    return len(header) > 2 and {FIELD, VALUE} < set(header) <= {
        header[0],
        EVENT,
        INSTRUMENT,
        INSTANCE,
        FIELD,
        VALUE,
    }


def flat_of(header: list[str], lines: Lines, known: Collection[str], boxes: Collection[str]) -> Flat:
    """The lines of a flat export that say the same.

    Args:
        known: variables that go somewhere, and boxes. boxes: variables that are checkboxes, of which several
            values may stand.
    Raises:
        RecordsError: with each line that is cut off, names no variable, or says a value a second time.
    """
    problems: list[str] = []
    own = [place for place, name in enumerate(header) if name not in (FIELD, VALUE)]
    at, value = header.index(FIELD), header.index(VALUE)
    said: Said = {}
    for line, cells in lines:
        if len(cells) != len(header):
            problems.append(f"line {line}: {len(cells)} cells under {len(header)} names; the line is cut off")
            continue
        name, text = cells[at].strip(), cells[value].strip()
        if not name:
            problems.append(f"line {line}: {FIELD} is blank, so nobody knows what {text!r} answers")
            continue
        if name in boxes and text:
            name, text = box_name(name, text), "1"
        kept = said.setdefault(tuple(cells[place].strip() for place in own), {})
        if name in kept:
            problems.append(f"line {line}: {name} stands on line {kept[name][0]} too; take one out")
        kept.setdefault(name, (line, text))
    if problems:
        raise RecordsError(problems)
    named = {name for kept in said.values() for name in kept}
    names = sorted(named - _identifiers(said, named - set(known)))
    found = Flat([*(header[place] for place in own), *names])
    for key, kept in said.items():
        first = min(line for line, _ in kept.values())
        found.lines.append((first, [*key, *(kept[name][1] if name in kept else "" for name in names)]))
        for column, name in enumerate(names, start=len(own)):
            if name in kept:
                found.places[first, column] = kept[name][0]
    return found


def _identifiers(said: Said, names: set[str]) -> set[str]:
    """Which of the variables that go nowhere names records: that which tells of several each its own name."""
    records = {key[0] for key in said}
    return {
        name
        for name in names
        if len(records) > 1
        and {key[0] for key, kept in said.items() if name in kept} == records
        and all(kept[name][1] == key[0] for key, kept in said.items() if name in kept)
    }
