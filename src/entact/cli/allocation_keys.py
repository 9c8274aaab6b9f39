"""`entact allocation keys`: what custodians do with their shares of the sealed list.

A custodian's program gives shares to a waiting process alone, and only of the rows that an entry in the
record is about, so that opening a row is entered before anybody can.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from entact.cli.allocation import holders_of, newest_release
from entact.cli.allocation_opener import Way, committed, ready_to_open
from entact.cli.allocation_rows import note_opened, number_of
from entact.cli.custody import say
from entact.cli.database import open_record
from entact.store import StoreError


def custodians(database: str, list_file: Path) -> dict[str, Any]:
    """Who has shares of the list, and how many open a row.

    Raises:
        StoreError: when nobody has, or the file beside the list is not how it is shared out now.
    """
    open_record(database)
    from entact.store.meeting import custody_now, custody_of
    from entact.store.sealed_list import read_list

    custody = custody_of(list_file, committed(read_list(list_file)))
    now = custody_now()
    return {
        "custodians": list(custody.shares),
        "threshold": custody.threshold,
        "rows": len(custody.boxes),
        "alone": now is not None and now.alone,
    }


def print_custodians(found: Mapping[str, Any]) -> None:
    """The answer in words."""
    names = found["custodians"]
    say(f"{found['threshold']} of {len(names)} open a row together: {', '.join(names)}")
    spare = len(names) - found["threshold"]
    say(f"the shares of {spare or 'none'} of them may be lost; then share it out anew: `keys renew`")
    if found["alone"]:
        say("nobody else holds the list: in an emergency there are the code-breaks alone")


def check_shares(list_file: Path, shares_file: Path, signer: Any) -> int:
    """Looks through a custodian's shares; how many there are.

    Raises:
        StoreError: for the first that is not the one that was made.
    """
    return len(_own_words(list_file, shares_file, signer)[1])


def write_sheets(list_file: Path, shares_file: Path, out: Path, signer: Any) -> int:
    """A custodian's shares as a PDF with a strip for each row; how many there are.

    Raises:
        StoreError: when a share was altered, or the PDF is there already.
    """
    from entact.report.typeset import as_pdf
    from entact.store import acts
    from entact.store.private import write_new

    ready, words = _own_words(list_file, shares_file, signer)
    values = {
        "study": ready.sealed.study,
        "root": ready.sealed.root,
        "custody": ready.custody.digest,
        "custodian": signer.person,
        "threshold": ready.custody.threshold,
        "of": len(ready.custody.shares),
        "simulated": acts.here().environment != "production",
        "shares": [
            {"label": label, "words": one.split()}
            for label, one in zip(ready.sealed.labels, words, strict=True)
        ],
    }
    write_new(out, as_pdf("shares", values), "a sheet of shares")
    return len(words)


def give_shares(meet: Path, list_file: Path, shares_file: Path, purpose: str, signer: Any) -> dict[str, Any]:
    """Gives a custodian's shares of the rows that a process asks for; that is entered first.

    Args:
        purpose: what the custodian was told; the record has to say the same.
    Raises:
        StoreError: when it says something else, the study is not locked where it has to be, or whoever's row
            it is has another.
    """
    from entact.course.kinds.allocation import SharesGiven
    from entact.store import acts
    from entact.store.custodians import give, read_shares
    from entact.store.cut import known_cuts
    from entact.store.meeting import places_of, read_request
    from entact.store.private import write_new
    from entact.store.signature import require

    role = require(signer, "allocation").role
    ready = ready_to_open(list_file, Way(meet=meet), signer, gives=True)
    held = read_shares(shares_file, ready.custody, signer)
    asked, entry = read_request(meet, ready.sealed)
    said = str(entry.data.get("purpose"))
    if said != purpose:
        raise StoreError(
            f"the record says that {asked.by} opens rows for {said}, not for {purpose}: give nothing"
        )
    if purpose == "after_lock" and known_cuts().locked is None:
        raise StoreError("the study is not locked: give nothing")
    if entry.kind == "row_opened" and number_of(entry.ledger) != entry.data.get("number"):
        raise StoreError(f"{entry.data.get('number')} is not the row of {entry.ledger}: give nothing")
    places = places_of(asked.entry, ready.sealed)
    file = meet / f"given-{signer.person}.json"
    if file.exists():
        raise StoreError(f"{file} is there already: it was given, or is left from before and can be deleted")
    given = give(held, ready.custody, signer, places, asked.key)
    noted = SharesGiven(asked.entry, len(places), ready.custody.digest)
    acts.enter(acts.here(), "shares_given", noted, by=signer.person, role=role, prove=signer.prove)
    write_new(file, msgspec.json.format(msgspec.json.encode(given), indent=1) + b"\n", "what was given")
    return {"by": signer.person, "to": asked.by, "rows": len(places), "purpose": purpose, "file": str(file)}


def print_given(found: Mapping[str, Any]) -> None:
    """What was given, in words."""
    rows = "one row" if found["rows"] == 1 else f"{found['rows']} rows"
    what = found["purpose"].replace("_", " ")
    say(f"{found['by']} gave shares of {rows} to the process of {found['to']}, for {what}: {found['file']}")


def share_out_anew(
    list_file: Path,
    meet: Path,
    minutes: float,
    names: Sequence[str],
    threshold: int,
    out: Path,
    signer: Any,
) -> dict[str, Any]:
    """Shares the list out anew, from shares of enough custodians of now; nothing is shown to anybody.

    Returns:
        Who has shares from now on, and which files were written.
    Raises:
        StoreError: when too few came, or a new custodian may not have a share.
    """
    from django.db import transaction

    from entact.course.state.sealed_list import ListCustody
    from entact.store import acts, sealed_list
    from entact.store import custodians as shared
    from entact.store.meeting import custody_now
    from entact.store.signature import require

    role = require(signer, "allocation").role
    ready = ready_to_open(list_file, Way(meet=meet, minutes=minutes), signer)
    trusted, place = holders_of(newest_release(), names), acts.here()
    if not 2 <= threshold <= len(trusted):
        raise StoreError(
            f"{threshold} of {len(trusted)} custodians is no sharing: at least 2 open a row together"
        )
    opener = ready.opener(note_opened(place, "renewal", ready.sealed, signer, role))
    openings = []
    for row in range(len(ready.sealed.rows)):
        sealed_list.open_place(ready.sealed, opener, row)  # proved against the root, and not looked at
        openings.append(opener.opening(row))
    custody, held = shared.share_out(ready.sealed.root, openings, trusted, threshold)
    contents: list[tuple[Path, msgspec.Struct]] = [
        (out / sealed_list.LIST_FILE, ready.sealed),
        (out / shared.CUSTODY_FILE, custody),
        *((out / shared.share_file(name), one) for name, one in held.items()),
    ]
    files = sealed_list.write_all(out, contents)
    try:
        with transaction.atomic():
            acts.one_at_a_time()
            before = custody_now()
            if before is None or before.custody != ready.custody.digest:
                raise StoreError("the list was shared out anew meanwhile: begin again with its files")
            now = ListCustody(
                ready.sealed.root, list(custody.shares), threshold, custody.digest, before.alone
            )
            acts.enter(place, "list_custody", now, by=signer.person, role=role, prove=signer.prove)
    except BaseException:
        sealed_list.remove(files)
        raise
    for left in meet.glob("given-*.json"):
        left.unlink()
    return {"custodians": list(custody.shares), "threshold": threshold, "files": list(map(str, files))}


def print_renewed(found: Mapping[str, Any]) -> None:
    """What was done, and what is to be destroyed."""
    say(f"{found['threshold']} of {', '.join(found['custodians'])} open a row together from now on")
    for file in found["files"]:
        say(f"  {file}")
    say("Destroy the custody.json, the files and the sheets of before: together they open rows.")


def _own_words(list_file: Path, shares_file: Path, signer: Any) -> tuple[Any, list[str]]:
    """A list and a custodian's share of each of its rows, each as it was made."""
    from entact.store.custodians import read_shares, share_of

    ready = ready_to_open(list_file, Way(meet=shares_file.parent), signer, gives=True)
    held = read_shares(shares_file, ready.custody, signer)
    labels = ready.sealed.labels
    words = [share_of(held, ready.custody, signer, place, label) for place, label in enumerate(labels)]
    return ready, words
