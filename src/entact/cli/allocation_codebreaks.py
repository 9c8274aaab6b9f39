"""Code-breaks: printed from the sealed list and countersigned, for an emergency without anything else."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from entact.cli.allocation_opener import Way, committed, ready_to_open
from entact.cli.allocation_rows import note_opened
from entact.store import StoreError


def write_envelopes(list_file: Path, way: Way, out: Path, signer: Any) -> dict[str, Any]:
    """Code-breaks to be printed: a page for each row, for an emergency without entact and its holders.

    Raises:
        StoreError: when the files are of another list; OSError when the PDF cannot be written.
    """
    from entact.report.typeset import as_pdf
    from entact.store import acts
    from entact.store.private import write_new
    from entact.store.reckoned import rows_for
    from entact.store.signature import require

    role = require(signer, "allocation").role
    ready = ready_to_open(list_file, way, signer)
    sealed = ready.sealed
    numbers, since = _to_print(sealed)
    if since == len(numbers) > 0:
        since = 0  # all are there: whoever asks again wants them anew
    if not numbers:
        raise StoreError("nobody is randomised yet: of minimisation one is printed once somebody is")
    place = acts.here()
    opener = ready.opener(note_opened(place, "code_breaks", sealed, signer, role, len(numbers)))
    rows = rows_for(sealed, opener, numbers[since:])
    values = {
        "study": sealed.study,
        "root": sealed.root,
        "simulated": place.environment != "production",
        "rows": [{"number": row.number, "stratum": row.stratum, "arm": row.arm} for row in rows],
    }
    write_new(out, as_pdf("codebreaks", values), "code-breaks")
    return {"rows": len(rows), "of": len(numbers), "file": str(out)}


def _to_print(sealed: Any) -> tuple[list[str], int]:
    """The numbers that have a code-break now, and how many lie ready: of minimisation those in use."""
    from entact.course.state.numbers import normal
    from entact.store.reckoned import minimising, used_strata
    from entact.store.standby import code_breaks

    count, there = sum(map(len, sealed.numbers.values())), code_breaks()
    if minimising() is None:
        return sealed.labels[:count], 0
    used = used_strata()
    numbers = [one for one in sealed.labels[:count] if normal(one) in used]
    return numbers, 0 if there is None else there.countersigned


def countersign(list_file: Path, sheets: int, place: str, signer: Any) -> None:
    """Enters that the printed code-breaks are all there, and where they lie.

    Raises:
        StoreError: when none were printed, by whom they were, or where sheets are missing.
    """
    from entact.course.kinds.allocation import CodeBreaksChecked
    from entact.store import acts
    from entact.store.reckoned import minimising
    from entact.store.sealed_list import read_list
    from entact.store.signature import require
    from entact.store.standby import code_breaks

    role = require(signer, "allocation").role
    sealed = committed(read_list(list_file))
    count, printed = sum(map(len, sealed.numbers.values())), code_breaks()
    if printed is not None and minimising() is not None:
        count = printed.sheets
    if not place.strip():
        raise StoreError('say where the code-breaks lie: --place "safe of the emergency ward"')
    if printed is None:
        raise StoreError("no code-breaks of this list were printed: `entact allocation codebreaks`")
    if printed.printed_by == signer.person:
        raise StoreError(f"{signer.person} printed them: somebody else countersigns")
    if sheets != count:
        raise StoreError(f"the list has {count} rows, and {sheets} sheets were counted: look for the others")
    checked = CodeBreaksChecked(sealed.root, sheets, place.strip())
    here = acts.here()
    acts.enter(here, "code_breaks_checked", checked, by=signer.person, role=role, prove=signer.prove)
