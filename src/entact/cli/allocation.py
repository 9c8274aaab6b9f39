"""`entact allocation`: the randomisation list made, sealed, opened row by row, and proved.

The list is in the memory of one process while it is made, and in no file; on screen it is never shown.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from entact.cli.allocation_opener import committed
from entact.cli.custody import say
from entact.cli.database import open_record
from entact.course.allocation.stratum import SITE
from entact.protocol import Release, Study
from entact.protocol.study import STAY_BLINDED
from entact.store import StoreError


def make_list(
    database: str,
    sites: Sequence[str],
    rows: int,
    block_sizes: Sequence[int],
    table: Path | None,
    holders: Sequence[str],
    out: Path,
    signer: Any,
    custodians: Sequence[str] = (),
    threshold: int = 0,
    uneven: bool = False,
) -> dict[str, Any]:
    """Draws or reads a list, seals it to its holders, and commits it to the study's ledger; all or nothing.

    Args:
        table: a statistician's list, instead of one that is drawn. holders: persons with a key.
        out: the folder of the files. custodians: persons with a key, so many of whom open a row together.
        uneven: a statistician's list that does not keep the study's ratio is meant so.
    Raises:
        StoreError: for what is no list, for holders who must not see an arm, and where one is committed.
    """
    from django.db import transaction

    from entact.course.allocation.allocation import commitment_of
    from entact.course.allocation.balance import require_ratio
    from entact.course.allocation.chance import Drawn
    from entact.course.allocation.making import ListPlan, draw_list, import_list
    from entact.course.allocation.minimisation import draw_rows, minimising_of
    from entact.course.state.sealed_list import Commitment, ListCustody
    from entact.store import acts, sealed_list
    from entact.store import custodians as shared
    from entact.store.signature import require

    release, strata, ratio = planned_list(database, sites)
    role = require(signer, "allocation").role
    require_unblinded(release, signer.person, role)
    keys, trusted = holders_of(release, holders), holders_of(release, custodians)
    if not keys and not trusted:
        raise StoreError(
            "nobody would hold the list: --holder NAME and a deputy, or --custodian NAME of several"
        )
    place, minimises = acts.here(), minimising_of(release) is not None
    if minimises and (table is not None or block_sizes):
        raise StoreError("the study file minimises: say --rows, and neither blocks nor a list")
    if minimises and not keys:
        raise StoreError(
            "of minimisation no code-break can be printed before somebody is randomised: beside custodians "
            "somebody holds the list who can open a row at any hour, --holder NAME"
        )
    if not minimises and ((table is None) == (not block_sizes) or (table is None) == (not rows)):
        raise StoreError("either --rows and --blocks, or --from FILE")
    if minimises and not rows:
        raise StoreError("say how many people may come: --rows 60; rows are never added to a list")
    drawn = Drawn(secrets.token_bytes)
    study = place.ledger.partition(":")[2]
    try:
        if minimises:
            allocation = draw_rows(study, rows, drawn)
        elif table is None:
            plan = ListPlan(strata, rows, dict(ratio), tuple(block_sizes))
            allocation = draw_list(study, plan, drawn)
        else:
            allocation = import_list(study, table_text(table), ratio, strata, drawn)
            if not uneven:
                require_ratio(allocation.rows, ratio)
        committed = msgspec.convert(commitment_of(allocation, place.environment), Commitment)
    except ValueError as error:
        raise StoreError(str(error) if table is None else f"{table}, {error}") from error
    more: dict[str, msgspec.Struct] = {}
    custody = None
    if trusted:
        openings = allocation.sealed_list.openings
        found, held = shared.share_out(committed.list_root, openings, trusted, threshold)
        more = {shared.CUSTODY_FILE: found} | {shared.share_file(name): one for name, one in held.items()}
        names = list(found.shares)
        custody = ListCustody(committed.list_root, names, threshold, found.digest, alone=not keys)
    files = sealed_list.write_files(out, allocation, keys, more)
    try:
        with transaction.atomic():  # of two who make a list at once, one is too late
            acts.one_at_a_time()
            if acts.entries(("commitment",)):
                raise StoreError(
                    "a list is committed already: it is never replaced, so that nobody can choose"
                )
            acts.enter(place, "commitment", committed, by=signer.person, role=role, prove=signer.prove)
            if custody is not None:
                acts.enter(place, "list_custody", custody, by=signer.person, role=role, prove=signer.prove)
    except BaseException:
        sealed_list.remove(files)
        raise
    return {
        "root": committed.list_root,
        "rows": {stratum: len(numbers) for stratum, numbers in committed.numbers.items()},
        "holders": list(holders),
        "custodians": list(custodians),
        "threshold": threshold,
        "without_rows": without_rows(release, sites),
        "files": [str(path) for path in files],
    }


def verify_list(database: str, list_file: Path) -> dict[str, Any]:
    """Whether a list is the one that was committed, and was used in its order, each row once.

    Raises:
        StoreError: when the file is none, or was altered.
    """
    open_record(database)
    from entact.store.kits import packed_kits
    from entact.store.list_strata import problems_of_strata
    from entact.store.list_use import problems_of_kits, problems_of_use, unread_uses, used_numbers
    from entact.store.sealed_list import read_list

    sealed = committed(read_list(list_file))
    used = used_numbers()
    kits, unread = {}, ""
    try:
        kits = packed_kits()
    except StoreError as error:  # who has no keys of the record proves the list, and nothing of kits
        unread = str(error)
    return {
        "root": sealed.root,
        "rows": sum(map(len, sealed.numbers.values())),
        "used": len(used),
        "problems": [
            *problems_of_use(sealed.numbers, used),
            *unread_uses(),
            *problems_of_strata(sealed.numbers, used),
            *problems_of_kits(kits, used),
        ],
        "not_looked_at": unread,
    }


def print_verified(found: Mapping[str, Any]) -> None:
    """The answer in words."""
    for problem in found["problems"]:
        say(f"wrong: {problem}")
    if found["not_looked_at"]:
        say(f"whose kits are whose was not looked at: {found['not_looked_at']}")
    state = (
        "was NOT used as it was sealed" if found["problems"] else "is the one that was committed, in order"
    )
    say(f"the list {found['root'][:16]}… {state}: {found['used']} of {found['rows']} rows used")


def print_made(found: Mapping[str, Any]) -> None:
    """What was made, in words, and what to do with it."""
    rows = ", ".join(f"{stratum} {count}" for stratum, count in found["rows"].items())
    say(f"sealed and committed: root {found['root']}")
    say(f"rows: {rows}")
    for path in found["files"]:
        say(f"  {path}")
    say("Anybody may have the list; what is a person's goes to that person, and is deleted here.")
    if found["custodians"]:
        names = ", ".join(found["custodians"])
        say(f"{found['threshold']} of {names} open a row together: that was tried of each row")
    if found["custodians"] and not found["holders"]:
        say("Nobody can open a row by night: print the code-breaks, and have them countersigned")
    print_without_rows(found["without_rows"])


def sites_of_list(database: str, named: Sequence[str], to_come: Sequence[str] = ()) -> list[str]:
    """The sites that a list is made for: those named; of a study by site, all of its own where none is.

    A list is never replaced: one for a site that is written wrongly would be that for ever.

    Args:
        named: sites of the study. to_come: sites that a later release will have.
    Raises:
        StoreError: for a site that the study does not have, one that is named twice or holds a `|`, and one
            that is said to come and is there.
    """
    open_record(database)
    known = list(dict.fromkeys(site for one in study_here().releases for site in one.file.sites))
    plan = newest_release().file.randomisation
    if not named and not to_come and plan is not None and SITE in plan.strata:
        return known
    for site in named:
        if site not in known:
            raise StoreError(
                f"the study has no site {site!r}; it has {', '.join(known) or 'none'}. One that a later "
                f"release will have: --site-to-come {site}"
            )
    for site in to_come:
        if site in known:
            raise StoreError(f"the study has the site {site!r} already: --site {site}")
        if "|" in site or "/" in site or not site.strip():
            raise StoreError(f"{site!r} is no name of a site: it holds a | or /, which part what is sealed")
    found = [*named, *to_come]
    if len(set(found)) != len(found):
        raise StoreError(f"a site is named twice: {', '.join(found)}")
    return found


def without_rows(release: Release, sites: Sequence[str]) -> list[str]:
    """Sites of a study by site for which a list has no rows: nobody is ever randomised there."""
    plan = release.file.randomisation
    if plan is None or plan.method == "minimisation" or SITE not in plan.strata:
        return []
    return [site for site in release.file.sites if site not in sites]


def print_without_rows(sites: Sequence[str]) -> None:
    """Which sites are left out, in words."""
    if sites:
        say(
            f"WARNING: no rows for {', '.join(sites)}: nobody is randomised there, and rows are never "
            "added to a list that is committed"
        )


def planned_list(database: str, sites: Sequence[str]) -> tuple[Release, tuple[str, ...], Mapping[str, int]]:
    """The release in the record, its strata at the sites, and the shares of its arms."""
    open_record(database)
    from entact.course.allocation.stratum import strata_of

    release = study_here().newest
    try:
        return release, strata_of(release, sites), planned_ratio()
    except ValueError as error:
        raise StoreError(f"{error}: --site S01 --site S02") from error


def newest_release() -> Release:
    """The newest release in the record."""
    return study_here().newest


def study_here() -> Study:
    from entact.store import acts

    return Study.from_texts(one.text.encode() for one in acts.releases_here())


def planned_ratio() -> Mapping[str, int]:
    """The shares of the arms, as the newest release has them.

    Raises:
        StoreError: when the study does not randomise.
    """
    planned = study_here().newest.file.randomisation
    if planned is None:
        raise StoreError("the study does not randomise: there is no list to make")
    return planned.ratio


def holders_of(release: Release, names: Sequence[str]) -> list[tuple[str, Any]]:
    """Who holds the list, or a share of it: persons with a key for it, whom the study shows the arm."""
    from entact.store.signature import holders

    known = holders()
    found = []
    for name in dict.fromkeys(names):
        holder = known.get(name)
        if holder is None or "allocation" not in holder.powers:
            raise StoreError(f"{name} has no key with the power `allocation`: `entact sign-key new {name}`")
        require_unblinded(release, name, holder.role)
        found.append((name, holder))
    return found


def require_unblinded(release: Release, name: str, role: str) -> None:
    blinded = {row.role for row in release.file.blinding if "allocation" in row.hidden} | STAY_BLINDED
    if role in blinded:
        raise StoreError(
            f"{name} is {role.replace('_', ' ')}, from whom the study hides the allocation: the list is held "
            "by a role that `blinding` does not hide it from"
        )


def table_text(path: Path) -> str:
    try:
        return path.read_bytes().decode()
    except OSError as error:
        raise StoreError(f"{path} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise StoreError(f"{path} is no UTF-8: save it as “CSV UTF-8”") from error
