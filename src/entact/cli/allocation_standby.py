"""`entact allocation stand-by`: the holder's process that answers emergencies at any hour."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from entact.cli.custody import say
from entact.store import StoreError

if TYPE_CHECKING:
    from entact.course.allocation.allocation import ListRow

_BETWEEN = 1.0  # seconds between two looks at what is asked for


def stand_by(list_file: Path, openings_file: Path, signer: Any, at_most: int, *, once: bool) -> None:
    """Opens the rows that emergencies ask for, each to the browser that asks; the screen never says what.

    Args:
        at_most: rows that are opened in a day. once: answers what waits now, and returns.
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
    open_number = _opener(sealed, openings)
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
