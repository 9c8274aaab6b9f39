"""`entact allocation hand-over`: the list of a rehearsal, sealed to those who will hold that of the study.

A rehearsal holds its own list in a file that says every arm, and its record has committed it. Handed over it
is what `make` gives for people, so that whoever will open rows, come together or make a closed report tries
it with virtual people before anybody depends on it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from entact.cli.allocation import holders_of, study_here
from entact.cli.custody import say
from entact.store import StoreError


def hand_over(
    file: Path, holders: Sequence[str], custodians: Sequence[str], threshold: int, out: Path, signer: Any
) -> dict[str, Any]:
    """Seals the list of a rehearsal, as its record committed it, to holders and custodians; all or nothing.

    Args:
        file: `allocation.json` of the rehearsal. holders, custodians: persons with a key. out: the folder.
    Raises:
        StoreError: for a list of people, one that this record did not commit, one that custodians have
            already, and holders who must not see an arm.
    """
    from django.db import transaction

    from entact.course.state.sealed_list import ListCustody
    from entact.store import acts, sealed_list
    from entact.store import custodians as shared
    from entact.store.signature import require

    role = require(signer, "allocation").role
    release, allocation = study_here().newest, _simulated(file)
    keys, trusted = holders_of(release, holders), holders_of(release, custodians)
    if not keys and not trusted:
        raise StoreError("say who holds it: --holder NAME and a deputy, or --custodian NAME of several")
    sealed, place = allocation.sealed_list, acts.here()
    more: dict[str, msgspec.Struct] = {}
    custody = None
    if trusted:
        found, held = shared.share_out(sealed.root, sealed.openings, trusted, threshold)
        more = {shared.CUSTODY_FILE: found} | {shared.share_file(name): one for name, one in held.items()}
        custody = ListCustody(sealed.root, list(found.shares), threshold, found.digest, alone=not keys)
    files = sealed_list.write_files(out, allocation, keys, more)
    try:
        with transaction.atomic():
            acts.one_at_a_time()
            if custody is not None:
                if acts.entries(("list_custody",)):
                    raise StoreError(
                        "custodians have it already: `entact allocation keys renew` changes them"
                    )
                acts.enter(place, "list_custody", custody, by=signer.person, role=role, prove=signer.prove)
    except BaseException:
        sealed_list.remove(files)
        raise
    return {"root": sealed.root, "rows": len(allocation.rows), "files": [str(one) for one in files]}


def print_handed_over(found: Mapping[str, Any]) -> None:
    """What was written, and what it is worth."""
    say(f"SIMULATED DATA: {found['rows']} rows of a rehearsal, root {found['root']}")
    for path in found["files"]:
        say(f"  {path}")
    say("To try with: whoever has the seed or the file of the rehearsal knows every arm of it.")


def _simulated(file: Path) -> Any:
    """The list of the rehearsal in use, with what opens its rows.

    Raises:
        StoreError: when it is none, or not the one that was committed.
    """
    from entact.course.allocation.allocation import Allocation
    from entact.course.entry.decoding import decoded
    from entact.store import acts

    try:
        found = decoded(file.read_bytes(), Allocation)
    except OSError as error:
        raise StoreError(f"{file} cannot be read: {error.strerror}") from error
    except msgspec.DecodeError as error:
        raise StoreError(f"{file} is no allocation of a rehearsal: {error}") from error
    if not found.simulated or acts.here().environment == "production" or not found.sealed_list.openings:
        raise StoreError(
            f"{file}: the list of a rehearsal alone is handed over; one for people is made sealed"
        )
    committed = acts.entries(("commitment",))
    root = committed[0].data.get("list_root") if committed else None
    if root != found.sealed_list.root:
        raise StoreError(
            f"{file} has the root {found.sealed_list.root}; this record committed {root or 'no list'}"
        )
    return found
