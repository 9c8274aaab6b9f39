"""`entact allocation reveal`: every row opened once the study is locked, and proved to anybody."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from entact.cli.allocation import planned_ratio
from entact.cli.allocation_opener import Way, ready_to_open
from entact.cli.allocation_rows import note_opened
from entact.cli.custody import say
from entact.store import StoreError


def reveal(list_file: Path, way: Way, out: Path, signer: Any, proof: Path | None = None) -> dict[str, Any]:
    """Opens all rows once the study is locked, and makes the list again from its seed.

    Args:
        proof: a new page that proves the list to anybody (see `list_proof`).
    Returns:
        What the file `out` is: the allocation that `entact cut datasets --allocation` reads.
    Raises:
        StoreError: while the study is not locked, and where a row was altered.
    """
    from entact.course.allocation.allocation import Allocation, Sealed, row_of
    from entact.store import acts
    from entact.store.cut import known_cuts
    from entact.store.list_use import unread_uses
    from entact.store.private import write_new
    from entact.store.sealed_list import open_place
    from entact.store.signature import require

    role = require(signer, "allocation").role
    ready = ready_to_open(list_file, way, signer)
    sealed = ready.sealed
    if known_cuts().locked is None:
        raise StoreError("the study is not locked: `entact cut make NAME --lock` comes before anybody's arm")
    for file in (
        out,
        proof,
    ):  # before it is entered that every row is opened, and before one of two is written
        if file is not None and file.exists():
            raise StoreError(f"{file} exists already: name another file")
    place = acts.here()
    opener = ready.opener(note_opened(place, "after_lock", sealed, signer, role))
    texts = [open_place(sealed, opener, one) for one in range(len(sealed.rows))]
    count = sum(map(len, sealed.numbers.values()))
    rows, behind = [row_of(text) for text in texts[:count]], texts[count:]
    allocation = Allocation(
        study=sealed.study,
        simulated=place.environment != "production",
        block_sizes=_block_sizes(behind[0]),
        rows=rows,
        kits=_kits(rows),
        sealed_list=Sealed(sealed.rows, [], sealed.root),
        sealed_kits=Sealed([], [], ""),
        method=behind[0],
        assigned=_reckoned(sealed, opener, rows),
    )
    again = _made_again(rows, behind, planned_ratio())
    text = msgspec.json.format(msgspec.json.encode(allocation), indent=1)
    write_new(out, text + b"\n", "the opened list")
    if proof is not None:
        salts = [opener.opening(one).salt for one in range(len(texts))]
        write_new(proof, _proof_page(sealed, texts, salts), "the proof")
    return {
        "rows": count,
        "file": str(out),
        "proof": None if proof is None else str(proof),
        "method": behind[0],
        "made_again": again,
        "unread": unread_uses(),
    }


def print_revealed(found: Mapping[str, Any]) -> None:
    """What was opened, in words."""
    for one in found["unread"]:
        say(f"NOT LOOKED AT: {one}, so neither file nor proof say whose row it is")
    say(f"{found['rows']} rows in {found['file']}: every one is the row that was committed")
    if found["made_again"] is not None:
        say("made again from the seed that was sealed with it, the list is the same: nobody chose it")
    else:
        say(f"it was not drawn here: {found['method'].removeprefix('method|').replace('|', ', ')}")
    if found["proof"] is not None:
        say(f"{found['proof']} proves it in anybody's browser: it tells arms by number, and no name")


def _kits(rows: Sequence[Any]) -> list[Any]:
    """What the kits held that were packed for rows: that was said by the arm of each row alone."""
    from entact.course.allocation.allocation import KitRow
    from entact.course.state.numbers import normal, row_number
    from entact.store.kits import packed_kits

    arms = {normal(row.number): row.arm for row in rows}
    packed = [one for one in packed_kits().values() if one.number]
    return [KitRow(one.kit, arms[row_number(one.number)], one.level, one.part) for one in packed]


def _reckoned(sealed: Any, opener: Any, rows: Sequence[Any]) -> dict[str, str]:
    """The arms of whoever was randomised, where rows say draws: reckoned from the record."""
    from entact.course.allocation.minimisation import draw_of
    from entact.course.state.numbers import normal
    from entact.store.reckoned import rows_for, used_strata

    if all(draw_of(row) is None for row in rows):
        return {}
    used = used_strata()
    numbers = [row.number for row in rows if normal(row.number) in used]
    return {row.number: row.arm for row in rows_for(sealed, opener, numbers)}


def _proof_page(sealed: Any, texts: Sequence[str], salts: Sequence[str]) -> bytes:
    from importlib.resources import files

    from entact.report.list_proof import proof_page
    from entact.store.cut import known_cuts
    from entact.store.list_proof import OpenRow, list_proof

    locks = [one.at for one in known_cuts().manifests.values() if one.purpose == "lock"]
    found = list_proof(sealed, [OpenRow(*row) for row in zip(texts, salts, strict=True)], min(locks))
    script = files("entact.conduct").joinpath("static", "proof.js").read_text(encoding="utf-8")
    banner = "" if found.environment == "production" else f"Simulated data: {found.environment}"
    return proof_page(sealed.study, msgspec.json.encode(found).decode(), script, banner=banner).encode()


def _made_again(rows: Sequence[Any], behind: Sequence[str], ratio: Mapping[str, int]) -> bool | None:
    """Whether the sealed seed makes the same list; None where it was not drawn here."""
    from entact.course.allocation.allocation import MINIMISED
    from entact.course.allocation.making import ListPlan, list_again
    from entact.course.allocation.minimisation import rows_again

    if len(behind) < 2:
        return None
    if behind[0] == MINIMISED:
        if rows_again(len(rows), bytes.fromhex(behind[1].removeprefix("seed|"))) != list(rows):
            raise StoreError("the sealed seed makes other draws: what was committed was not drawn from it")
        return True
    strata = tuple(dict.fromkeys(row.stratum for row in rows))
    plan = ListPlan(strata, len(rows) // len(strata), dict(ratio), tuple(_block_sizes(behind[0])))
    if list_again(plan, bytes.fromhex(behind[1].removeprefix("seed|"))) != list(rows):
        raise StoreError("the sealed seed makes another list: what was committed was not drawn from it")
    return True


def _block_sizes(method: str) -> list[int]:
    name, _, sizes = method.removeprefix("method|").partition("|")
    return [int(size) for size in sizes.split(",")] if name == "permuted blocks" else []
