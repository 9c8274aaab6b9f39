"""Who opens rows of the list in a command: a holder with their key, or custodians who come together."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import typer

from entact.store import StoreError

if TYPE_CHECKING:
    from entact.store.sealed_list import Opener


class Way(NamedTuple):
    """How a command opens rows.

    Attributes:
        openings: what opens each row, for whoever signs. meet: a folder into which custodians lay their
            shares; one of the two. minutes: how long it waits for them.
    """

    openings: Path | None = None
    meet: Path | None = None
    minutes: float = 30.0


class Ready(NamedTuple):
    """A committed list with what it takes to open its rows, all of it looked through."""

    sealed: Any
    signer: Any
    way: Way
    held: Any
    custody: Any

    def opener(self, entry: str) -> Opener:
        """Opens the rows that an entry in the record is about; of custodians it waits for enough.

        Raises:
            StoreError: when too few came.
        """
        if self.held is not None:
            held: Opener = self.held
            return held
        from entact.store.meeting import meet

        assert self.way.meet is not None  # or there was something held
        return meet(
            self.way.meet,
            self.custody,
            self.sealed,
            entry,
            self.signer,
            minutes=self.way.minutes,
            say=lambda text: typer.echo(text, err=True),  # beside a result
        )


def ready_to_open(list_file: Path, way: Way, signer: Any, *, gives: bool = False) -> Ready:
    """Looks through the files of a list, before anything is entered.

    Args:
        gives: a custodian who gives, where others ask: the folder then holds their request.
    Raises:
        StoreError: when they are of another list, where neither way or both are named, and where something
            of another meeting lies in the folder.
    """
    from entact.store.meeting import custody_of, require_unused
    from entact.store.sealed_list import read_list, read_openings

    if (way.openings is None) == (way.meet is None):
        raise StoreError(
            "say who opens the list: --openings FILE of whoever holds it, or --meet FOLDER for custodians"
        )
    sealed = committed(read_list(list_file))
    if way.openings is not None:
        return Ready(sealed, signer, way, read_openings(way.openings, sealed, signer), None)
    if not gives and way.meet is not None:
        require_unused(way.meet)
    return Ready(sealed, signer, way, None, custody_of(list_file, sealed))


def committed(sealed: Any) -> Any:
    """A list that is the one in the study's ledger.

    Raises:
        StoreError: when it is another, or none was committed.
    """
    from entact.store import acts

    there = acts.entries(("commitment",))
    if not there:
        raise StoreError("the study's ledger holds no commitment: nothing proves this list")
    root = there[0].data.get("list_root")
    if root != sealed.root:
        raise StoreError(f"this list has the root {sealed.root}; committed was {root}")
    numbers = there[0].data.get("numbers")
    if numbers is None and acts.here().environment != "production":
        return sealed  # of a rehearsal, which gives its own numbers; each row that is opened says its own
    if numbers != sealed.numbers:
        raise StoreError("the numbers of this list stand in another order than those that were committed")
    return sealed
