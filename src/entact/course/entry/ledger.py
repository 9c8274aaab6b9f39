"""An append-only, hash-chained list of entries about one subject, in memory."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

import msgspec

from entact.course.entry import (
    CLAIMED,
    GENESIS,
    Authenticated,
    Entry,
    Kept,
    Line,
    arrived,
    digest,
    is_its_text,
    line_of,
    read,
    refuse_uncanonical,
    same,
)


class Receipt(msgspec.Struct, frozen=True):
    """What became of an entry: `kept`, `again` (same id and content) or `conflict` (same id, both kept).

    `kept` is the entry as it was kept now; None where it was there before.
    """

    outcome: Literal["kept", "again", "conflict"]
    line: Line
    kept: Kept | None = None


class _Identity(msgspec.Struct):
    """The one field of a stored entry that tells whether it was sent before."""

    id: str


_identity = msgspec.json.Decoder(_Identity)


class Ledger:
    """The lines of one subject in order of arrival.

    Args:
        name: the subject, `participant:<opaque>`, `site:<id>` or `study:<id>`.
        lines: what was stored before, already verified or to be verified by `verify`.
    """

    def __init__(self, name: str, lines: Iterable[Line] = ()) -> None:
        self.name = name
        self.lines: list[Line] = list(lines)
        self._places: dict[str, list[int]] = {}
        for place, line in enumerate(self.lines):
            self._places.setdefault(_identity.decode(line.text).id, []).append(place)

    @property
    def head(self) -> str:
        """Hash of the last line; the genesis value when there is none."""
        return self.lines[-1].hash if self.lines else GENESIS

    def append(
        self,
        entry: Entry,
        *,
        received_at: str,
        authenticated: Authenticated = CLAIMED,
        looked_through: bool = False,
    ) -> Receipt:
        """Keeps an entry. Sent again, it is kept once; the same id with other content is kept as a conflict.

        Args:
            entry: as it was sent. received_at: the server's clock, RFC 3339. authenticated: who sent it, as
                the server knows. looked_through: the caller has called `refuse_uncanonical` already.
        Raises:
            ValueError: when the entry belongs to another ledger.
        """
        if entry.ledger != self.name:
            raise ValueError(f"entry {entry.id} is about {entry.ledger}, not about {self.name}")
        places = self._places.setdefault(entry.id, [])
        for place in places:
            if same(read(self.lines[place].text), entry):
                return Receipt("again", self.lines[place])
        if not looked_through:
            refuse_uncanonical(entry.data)
            refuse_uncanonical(entry.basis)
        kept = arrived(entry, received_at, len(self.lines) + 1, self.head, authenticated)
        line = line_of(kept)
        places.append(len(self.lines))
        self.lines.append(line)
        return Receipt("kept" if len(places) == 1 else "conflict", line, kept)

    def entries(self) -> list[Kept]:
        """All entries, in order of arrival."""
        return [read(line.text) for line in self.lines]


REWRITTEN = "is not the entry that the digest of heads recorded: the tail was rewritten"


class Break(msgspec.Struct, frozen=True):
    """The first place where a chain does not hold: which line, and what is wrong with it."""

    ledger: str
    seq: int
    problem: str


def verify(
    ledger: str, lines: Iterable[Line], *, head: str | None = None, length: int | None = None
) -> Break | None:
    """Whether stored lines are the chain that was written; names the first bad one.

    Args:
        ledger: name of the subject. lines: in order of `seq`.
        head, length: hash and number of the last line as known from elsewhere (a digest of heads), to find a
            truncation or a rewritten tail.
    Source: 21 CFR 11.10(a), (e).
    """
    previous, expected = GENESIS, 1
    for line in lines:
        found = follow(ledger, line, seq=expected, previous=previous)
        if isinstance(found, Break):
            return found
        if length is not None and expected == length and head is not None and line.hash != head:
            return Break(ledger, expected, REWRITTEN)
        previous, expected = line.hash, expected + 1
    if length is not None and expected <= length:
        return Break(ledger, expected, f"is missing: {length} entries were recorded, {expected - 1} are left")
    return None


def follow(ledger: str, line: Line, *, seq: int, previous: str) -> Kept | Break:
    """The entry in a line, if it is number `seq` and follows the hash `previous`; else what is wrong."""
    if line.seq != seq:
        return Break(ledger, seq, f"is missing: number {line.seq} follows number {seq - 1}")
    stored = line.text.encode(errors="surrogatepass")
    if digest(stored) != line.hash:
        return Break(ledger, seq, "does not match its hash: the text or the hash was changed")
    try:
        kept = read(line.text)
    except msgspec.MsgspecError as error:
        return Break(ledger, seq, f"is not an entry: {error}")
    if kept.ledger != ledger:
        return Break(ledger, seq, f"is about {kept.ledger}, not about {ledger}")
    if kept.seq != seq:
        return Break(ledger, seq, f"says it is number {kept.seq}: entries were reordered or removed")
    if kept.previous != previous:
        problem = "does not follow the entry before it: entries were changed, reordered or removed"
        return Break(ledger, seq, problem)
    if not is_its_text(stored, kept):
        return Break(
            ledger, seq, "is not the one text of its entry: another reader may see another one in it"
        )
    return kept
