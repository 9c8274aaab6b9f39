"""Kits for the rows of the sealed list: planned without an arm, packed by whoever holds the list."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from entact.cli.allocation import newest_release
from entact.cli.allocation_opener import Way, committed, ready_to_open
from entact.cli.allocation_rows import note_opened
from entact.cli.custody import say
from entact.store import StoreError

if TYPE_CHECKING:
    from entact.course.state.sealed_list import PackedKit


def lacking_rows() -> list[str]:
    """Rows whose kits do not last, and that have no more planned; of them no page says which they are.

    Raises:
        StoreError: when there is none.
    """
    from entact.conduct.reader import reader_as
    from entact.conduct.sight import OWNER
    from entact.conduct.supply.depot import rows_lacking

    found = rows_lacking(reader_as(OWNER))
    if not found:
        raise StoreError("no row lacks kits: all that any site needs are planned")
    return found


def plan_kits(list_file: Path, signer: Any, numbers: Sequence[str] = (), spare: int = 1) -> dict[str, Any]:
    """Plans kits for every row of the list that has none, or more for some rows; no row is opened.

    Every row has as many of each level and part as the sessions of any arm may need: a count tells nothing.

    Args:
        numbers: rows that are to have more, as many as the first time. spare: of each level and part beyond
            what is needed when all goes well.
    Raises:
        StoreError: where kits cannot be packed before somebody is randomised, and for what is no row.
    """
    from django.db import transaction

    from entact.course.kinds.allocation import KitForNumber, KitsPlanned
    from entact.course.planned_kits import seal_kits
    from entact.store import acts
    from entact.store.kits import key_for_kits, kits_anywhere, new_labels, packed_kits
    from entact.store.sealed_list import read_list
    from entact.store.signature import require

    role = require(signer, "allocation").role
    sealed = committed(read_list(list_file))
    _require_by_site()
    needs = _needs(spare)
    known = [one for order in sealed.numbers.values() for row in order for one in _of_unit(row)]
    strange = [one for one in numbers if one not in known]
    if strange:
        raise StoreError(f"the sealed list has no row {strange[0]}")
    with transaction.atomic():  # of two who plan at once, the second sees what the first has planned
        acts.one_at_a_time()
        there = packed_kits()
        have = {one.number for one in there.values()}
        rows = list(dict.fromkeys(numbers)) or [one for one in known if _normal(one) not in have]
        if not rows:
            raise StoreError("every row has its kits: say --number for those that are to have more")
        wanted = [
            (row, level, part) for row in rows for (level, part), count in needs.items() for _ in range(count)
        ]
        labels = new_labels(len(wanted), kits_anywhere())
        plain = [KitForNumber(kit, *what) for kit, what in zip(labels, wanted, strict=True)]  # type: ignore[arg-type]
        kits = seal_kits(plain, key_for_kits())
        planned = KitsPlanned(sealed.root, kits)
        acts.enter(acts.here(), "kits_planned", planned, by=signer.person, role=role, prove=signer.prove)
    return {
        "kits": len(kits),
        "rows": len(rows),
        "each": {f"{one}/{of}": n for (one, of), n in needs.items()},
        "ordered": _are_ordered(),
    }


def write_packing(list_file: Path, way: Way, out: Path, signer: Any) -> dict[str, Any]:
    """What each planned kit holds, as a table for whoever packs them; entered first, then opened.

    Raises:
        StoreError: when no kits are planned, the files are of another list, or the table is there already.
    """
    from entact.course.state.numbers import row_number
    from entact.store import acts
    from entact.store.kits import packed_kits
    from entact.store.private import write_new
    from entact.store.reckoned import rows_for
    from entact.store.signature import require

    role = require(signer, "allocation").role
    ready = ready_to_open(list_file, way, signer)
    kits = {kit: one for kit, one in packed_kits().items() if one.number}  # of a row that is known
    if not kits:
        raise StoreError("no kits are planned for this list: `entact allocation kits`")
    if out.exists():
        raise StoreError(f"{out} exists already: name another file")
    rows = {row_number(one.number): None for one in kits.values()}
    written = [one for order in ready.sealed.numbers.values() for one in order if _normal(one) in rows]
    opener = ready.opener(note_opened(acts.here(), "packing", ready.sealed, signer, role, len(written)))
    arms = {_normal(row.number): row.arm for row in rows_for(ready.sealed, opener, written)}
    write_new(out, _table(kits, arms).encode(), "a packing list")
    return {"kits": len(kits), "rows": len(written), "file": str(out)}


def print_planned(found: Mapping[str, Any]) -> None:
    """What was planned, in words."""
    each = ", ".join(f"{count} of {what}" for what, count in found["each"].items())
    say(f"{found['kits']} kits are planned for {found['rows']} rows: {each} for each")
    say("What they hold says `entact allocation pack`, to whoever holds the list.")
    if not found["ordered"]:
        say(
            "WARNING: the study file has no `supply.resupply`, so no site can order kits by rows, and "
            "nothing says which kits a site needs: an amendment that applies immediately gives it"
        )


def _are_ordered() -> bool:
    """Whether the study file says how kits are ordered for a site."""
    supply = newest_release().file.supply
    return supply is not None and supply.resupply is not None


def _require_by_site() -> None:
    """Refuses where nobody knows before which kit will be needed, or where."""
    planned = newest_release().file.randomisation
    if planned is not None and planned.method == "minimisation":
        raise StoreError(
            "the study minimises: no arm is known before somebody is randomised, so no kit can be packed for "
            "a row; whoever holds the list opens the row and packs then"
        )
    if planned is None or "site" not in planned.strata:
        raise StoreError(
            "the list is not stratified by site: nobody knows before where the kits of a row will be needed"
        )


def _needs(spare: int) -> dict[tuple[str, str], int]:
    """Kits of each level and part that a row may need, whatever its arm and whoever gets it."""
    from entact.protocol.kits import kits_of_a_row

    release = newest_release()
    needs = kits_of_a_row(release.file, release.visits)
    if not needs:
        raise StoreError("the study gives nothing that is hidden in a session: there is no kit to pack")
    return {what: count + spare for what, count in needs.items()}


def _of_unit(row: str) -> Iterator[str]:
    """The numbers of a row: of people who are randomised as one, one for each of them."""
    from entact.course.state.numbers import unit_number

    yield row
    planned = newest_release().file.randomisation
    if planned is not None and planned.unit is not None:
        yield from (unit_number(row, place) for place in range(2, planned.unit.size[1] + 1))


def _table(kits: Mapping[str, PackedKit], arms: Mapping[str, str]) -> str:
    from entact.course.state.numbers import row_number
    from entact.course.supply.check_character import printed

    text = io.StringIO()
    table = csv.writer(text)
    table.writerow(["kit", "label", "level", "part", "arm"])
    for number, kit in sorted(kits.items()):
        table.writerow([kit.kit, printed(number), kit.level, kit.part, arms[row_number(kit.number)]])
    return text.getvalue()


def _normal(number: str) -> str:
    from entact.course.state.numbers import normal

    return normal(number)
