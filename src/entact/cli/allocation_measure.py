"""`entact allocation measure`: how blind a running study is, for the committee, by the list's holder.

Rows of those who are randomised are opened in the memory of this one process, on a machine of the holder's.
What it writes is a page of counts and indices by arm, which names nobody; no arm reaches the record, nor the
server of the pages, which cannot ask for it.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from entact.cli.allocation_opener import Way, ready_to_open
from entact.cli.custody import say
from entact.store import StoreError


def measure_blinding(list_file: Path, way: Way, reader: str, out: Path, signer: Any) -> dict[str, Any]:
    """Measures it by arm, once it is entered for whom.

    Args:
        reader: a person of the committee, who looks at it. out: a new private file, the page.
    Raises:
        StoreError: for a reader who may not know arms, and for files of another list.
    """
    from entact.conduct.permissions import DUTIES
    from entact.conduct.reader import reader_as
    from entact.conduct.reports.arms import KnownArms
    from entact.conduct.reports.measured import measure
    from entact.course import read
    from entact.course.kinds.allocation import ListOpened
    from entact.course.state.numbers import row_number
    from entact.store import acts
    from entact.store.after_lock import period_in_force
    from entact.store.list_use import used_numbers
    from entact.store.private import write_new
    from entact.store.reckoned import rows_for
    from entact.store.signature import holders, require

    role = require(signer, "allocation").role
    ready = ready_to_open(list_file, way, signer)
    sealed = ready.sealed
    known = holders().get(reader)
    if known is None or known.role not in DUTIES["measure_blinding"]:
        who = " or ".join(DUTIES["measure_blinding"])
        raise StoreError(f"{reader} is nobody with a key and the role {who}: nobody else may know arms now")
    if out.exists():
        raise StoreError(f"{out} exists already: name another file")
    listed = {one for numbers in sealed.numbers.values() for one in numbers}
    used = dict.fromkeys(row_number(one.number) for one in used_numbers())
    numbers = [number for number in used if number in listed]
    place = acts.here()
    opened = ListOpened("blinding", sealed.root, len(numbers), reader)
    noted = acts.enter(place, "list_opened", opened, by=signer.person, role=role, prove=signer.prove)
    opener = ready.opener(read(noted.line.text).id)
    arms = {row.number: row.arm for row in rows_for(sealed, opener, numbers)}
    record = reader_as(known.role)
    found = measure(record, KnownArms(arms, True))
    made = f"Made for {reader} by {signer.person}, from {len(arms)} rows that were opened for it."
    page = _page(record, found, made, is_locked=period_in_force() != "running")
    write_new(out, page.encode(), "the page")
    return {"file": str(out), "rows": len(arms), "known": found.known, "randomised": found.randomised}


def print_measured(found: Mapping[str, Any]) -> None:
    """What was written, without an arm."""
    say(f"{found['known']} of {found['randomised']} randomised participants are measured in {found['file']}")
    say("It tells arms by counts: for the committee alone, and for nobody who is blinded.")


def _page(record: Any, found: Any, made: str, *, is_locked: bool) -> str:
    from importlib.resources import files

    from django.template.loader import render_to_string

    from entact.conduct.frame import banner

    values = {
        "frame": "reports/file.html",
        "style": files("entact.conduct").joinpath("static", "entact.css").read_text(encoding="utf-8"),
        "banner": banner(record.environment),
        "study_title": record.study.newest.file.title,
        "measured": found,
        "locked": is_locked,
        "made": made,
    }
    return render_to_string("reports/blinding.html", values)
