"""`entact allocation stand-by`: the holder's process that answers emergencies, and tells what is planned."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from entact.cli.custody import say
from entact.store import StoreError

if TYPE_CHECKING:
    from entact.course.allocation.allocation import ListRow

A_DAY = timedelta(days=1)
_BETWEEN = 1.0  # seconds between two looks at what is asked for


def stand_by(list_file: Path, openings_file: Path, signer: Any, at_most: int, *, once: bool) -> None:
    """Opens the rows that emergencies ask for, each to the browser that asks; the screen never says what.

    Emergencies come first; then it is told what the study file plans to be told of somebody.

    Args:
        at_most: rows that are opened in a day, and again as many arms that are told as planned. once: answers
            what waits now, and returns.
    Raises:
        StoreError: when the files are of another list, or another process stands by.
    """
    from django.db import InterfaceError, OperationalError, connection

    from entact.cli.allocation_opener import committed
    from entact.store import standby
    from entact.store.sealed_list import read_list, read_openings
    from entact.store.signature import require
    from entact.store.studies import study_of_record

    require(signer, "allocation")
    sealed = committed(read_list(list_file))
    openings = read_openings(openings_file, sealed, signer)
    open_number, planned = _opener(sealed, openings), _Planned(sealed, openings, signer, at_most)
    if not standby.stand_by():
        raise StoreError("somebody stands by already: one process answers")
    say(f"{signer.person} stands by; end with Ctrl-C")
    while True:
        try:
            if connection.connection is None:
                standby.stand_by()  # it went with the connection that was lost
            _, study = study_of_record()
            assert study is not None  # a list was committed to it
            for asked in standby.answer_waiting(study, open_number, datetime.now(UTC), at_most):
                said = f"refused: {asked.refused}" if asked.refused else "opened, to whoever asked alone"
                say(f"{asked.answered_at:%Y-%m-%d %H:%M:%S} UTC {asked.ledger} {asked.entry}: {said}")
            try:
                planned.tell(study)
            except (StoreError, ValueError, msgspec.MsgspecError) as error:
                planned.say_once("what is planned", f"cannot be told: {error}")  # emergencies go on
        except (OperationalError, InterfaceError) as error:
            say(f"the database does not answer, and is asked again: {str(error).splitlines()[0]}")
            connection.close()
        if once:
            return
        time.sleep(_BETWEEN)


def _opener(sealed: Any, openings: Any) -> Callable[[str], ListRow]:
    from entact.store.reckoned import row_for

    def open_number(number: str) -> ListRow:
        return row_for(sealed, openings, number)

    return open_number


class _Planned:
    """Tells what waits to be told; what it could not is said once, and tried again when something is new."""

    def __init__(self, sealed: Any, openings: Any, signer: Any, at_most: int) -> None:
        self.sealed, self.openings, self.signer = sealed, openings, signer
        self.at_most = at_most
        self.said: dict[object, str] = {}  # by whom it is about and what asks
        self.closed: set[tuple[str, str]] = set()  # a row was opened, and nothing came of it

    def tell(self, study: Any) -> None:
        """Tells all that waits, or says why not."""
        from entact.cli.allocation_tell import sentence, tell_one
        from entact.store.lists.unblindings import told_as_planned
        from entact.store.reckoned import row_for
        from entact.store.telling import UNBLINDING, awaited

        def open_row(one: Any, entry: str) -> ListRow:
            self.closed.add((one.ledger, one.entry))  # once by machine: a person has to look after that
            return row_for(self.sealed, self.openings, one.number)

        for one in awaited(study):
            of, now = (one.ledger, one.entry), datetime.now(UTC)
            if of in self.closed:
                continue
            if one.what == UNBLINDING and told_as_planned(now - A_DAY) >= self.at_most:
                why = f"{self.at_most} were told within a day; a person tells more, `entact allocation tell`"
                text = sentence({**one._asdict(), "refused": [why]})
            else:
                text = sentence(tell_one(one, self.sealed, open_row, self.signer))
            self.say_once(of, text)

    def say_once(self, of: object, text: str) -> None:
        """Says what came of something, unless that was the last that was said of it."""
        if self.said.get(of) != text:
            self.said[of] = text
            say(f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S} UTC {text}")
