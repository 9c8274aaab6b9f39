"""What the committee is told by arm before the lock, by the list's holder: how blind it is, and the report.

Rows of those who are randomised are opened in the memory of this one process, on a machine of the holder's.
What it writes is a page of counts and indices by arm, which names nobody; no arm reaches the record, nor the
server of the pages, which cannot ask for it. The closed report is the study's own report, by arm.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from entact.cli.allocation_opener import Way, ready_to_open
from entact.cli.custody import say
from entact.store import StoreError

if TYPE_CHECKING:
    from entact.course.kinds.allocation import WholePurpose


def measure_blinding(list_file: Path, way: Way, reader: str, out: Path, signer: Any) -> dict[str, Any]:
    """Measures it by arm, once it is entered for whom.

    Args:
        reader: a person of the committee, who looks at it. out: a new private file, the page.
    Raises:
        StoreError: for a reader who may not know arms, and for files of another list.
    """
    from entact.conduct.reader import reader_as
    from entact.conduct.reports.arms import KnownArms
    from entact.conduct.reports.measured import measure
    from entact.store.after_lock import period_in_force
    from entact.store.private import write_new

    arms, role = _opened("blinding", list_file, way, reader, out, signer)
    record = reader_as(role)
    found = measure(record, KnownArms(arms, True))
    made = f"Made for {reader} by {signer.person}, from {len(arms)} rows that were opened for it."
    page = _page(record, found, made, is_locked=period_in_force() != "running")
    write_new(out, page.encode(), "the page")
    return {"file": str(out), "rows": len(arms), "known": found.known, "randomised": found.randomised}


def report_closed(list_file: Path, way: Way, reader: str, out: Path, signer: Any) -> dict[str, Any]:
    """Writes the study's report by arm as it stands now, once it is entered for whom.

    Args:
        reader: a person of the committee, who looks at it. out: a new private file, the report.
    Raises:
        StoreError: for a reader who may not know arms, for files of another list, and for a record that
            cannot be read whole.
    """
    from entact.datasets import Accumulator, synopsis
    from entact.report.document import ReportInput, render_report
    from entact.report.outcomes import outcome_table
    from entact.store import chains, models
    from entact.store.private import write_new
    from entact.store.studies import study_of_record

    arms, _ = _opened("closed_report", list_file, way, reader, out, signer)
    _, study = study_of_record()
    assert study is not None  # a list was committed to it
    accumulator = Accumulator(study)
    unread = [
        f"{name} cannot be read: {said.problem}"
        for name, lines in chains("participant:")
        if (said := accumulator.add_lines(study, name, lines)) is not None
    ]
    made = f"Closed report for {reader} by {signer.person}, from {len(arms)} rows that were opened for it."
    try:
        datasets = accumulator.finish(arms)
        table = outcome_table(datasets, None, [made, *unread])
        page = render_report(
            ReportInput(
                datasets=datasets,
                table=table,
                synopsis=synopsis(study.newest),
                sites=models.Ledger.objects.filter(name__startswith="site:").count(),
                entries=models.Line.objects.count(),
            )
        )
    except ValueError as error:
        raise StoreError(f"the report cannot be made of this record: {error}") from error
    write_new(out, page.encode(), "the report")
    return {"file": str(out), "rows": len(arms), "participants": datasets.subjects.height}


def _opened(
    purpose: WholePurpose, list_file: Path, way: Way, reader: str, out: Path, signer: Any
) -> tuple[dict[str, str], str]:
    """The arms of those who are randomised, once it is entered for whom; and the role of whoever looks."""
    from entact.conduct.permissions import DUTIES
    from entact.course import read
    from entact.course.kinds.allocation import ListOpened
    from entact.course.state.numbers import row_number
    from entact.store import acts
    from entact.store.list_use import used_numbers
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
    opened = ListOpened(purpose, sealed.root, len(numbers), reader)
    noted = acts.enter(place, "list_opened", opened, by=signer.person, role=role, prove=signer.prove)
    opener = ready.opener(read(noted.line.text).id)
    return {row.number: row.arm for row in rows_for(sealed, opener, numbers)}, known.role


def print_measured(found: Mapping[str, Any]) -> None:
    """What was written, without an arm."""
    say(f"{found['known']} of {found['randomised']} randomised participants are measured in {found['file']}")
    say("It tells arms by counts: for the committee alone, and for nobody who is blinded.")


def print_reported(found: Mapping[str, Any]) -> None:
    """What was written, without an arm."""
    say(f"{found['participants']} participants, {found['rows']} of them by arm, in {found['file']}")
    say("It tells arms: for the committee alone, and for nobody who is blinded.")


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
