"""`entact allocation`: the randomisation list made, sealed, opened row by row, and proved.

The list is in the memory of one process while it is made, and in no file; on screen it is never shown.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np

from entact.cli.allocation_opener import committed
from entact.cli.custody import say
from entact.cli.database import open_record
from entact.protocol import Release, Study
from entact.protocol.study import STAY_BLINDED
from entact.store import StoreError

if TYPE_CHECKING:
    pass

WARNS_ABOVE = 0.10  # beyond chance, of next arms that are foretold; ours, an assumption


def diagnose(
    database: str, sites: Sequence[str], rows: int, block_sizes: Sequence[int], guessed_right: float
) -> dict[str, Any]:
    """What a list of this method would be like, without making one.

    Args:
        rows: of each stratum. guessed_right: how often the arm of somebody before is guessed rightly.
    Raises:
        StoreError: for what is no list of the study in the record.
    """
    from entact.course.allocation.minimisation import minimising_of
    from entact.course.allocation.predictability import predictability

    release, strata, ratio = _planned(database, sites)
    plan = minimising_of(release)
    if plan is not None:
        return _minimised(release, plan, sites, rows, guessed_right)
    if not block_sizes:
        raise StoreError("say the sizes of blocks: --blocks 4,6")
    others = [sizes for sizes in _larger(block_sizes, sum(ratio.values())) if max(sizes) <= max(2 * rows, 2)]
    try:
        found = {
            tuple(sizes): predictability(ratio, sizes, rows, guessed_right, _random())
            for sizes in (tuple(block_sizes), *others)
        }
    except ValueError as error:
        raise StoreError(str(error)) from error
    own = found.pop(tuple(block_sizes))
    return {
        "study": release.id,
        "ratio": dict(ratio),
        "strata": list(strata),
        "rows": rows,
        "block_sizes": list(block_sizes),
        "guessed_right": guessed_right,
        "foretold": _told(own),
        "warning": own.right - own.by_chance > WARNS_ABOVE,
        "others": [{"block_sizes": list(sizes), **_told(one)} for sizes, one in found.items()],
    }


def _minimised(
    release: Release, plan: Any, sites: Sequence[str], rows: int, guessed_right: float
) -> dict[str, Any]:
    """How well the next arm is foretold where the study minimises; and what less of a chance would give."""
    from fractions import Fraction

    from entact.course.allocation.foretold import foretold
    from entact.course.allocation.stratum import levels_of

    levels = levels_of(release, sites)
    at_least = Fraction(max(plan.ratio.values()), sum(plan.ratio.values()))
    chances = [plan.chance, *(at_least + (plan.chance - at_least) * part / 4 for part in (3, 2, 1))]
    try:
        found = [
            foretold(msgspec.structs.replace(plan, chance=one), levels, rows, guessed_right, _random())
            for one in chances
        ]
    except ValueError as error:
        raise StoreError(str(error)) from error
    own = found[0]
    return {
        "study": release.id,
        "ratio": dict(plan.ratio),
        "strata": [f"{name} ({count})" for name, count in levels.items()],
        "rows": rows,
        "chance": float(plan.chance),
        "guessed_right": guessed_right,
        "foretold": _told(own),
        "warning": own.right - own.by_chance > WARNS_ABOVE,
        "others": [
            {"chance": float(one), **_told(said)} for one, said in zip(chances[1:], found[1:], strict=True)
        ],
    }


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
) -> dict[str, Any]:
    """Draws or reads a list, seals it to its holders, and commits it to the study's ledger; all or nothing.

    Args:
        table: a statistician's list, instead of one that is drawn. holders: persons with a key.
        out: the folder of the files. custodians: persons with a key, so many of whom open a row together.
    Raises:
        StoreError: for what is no list, for holders who must not see an arm, and where one is committed.
    """
    from django.db import transaction

    from entact.course.allocation.allocation import commitment_of
    from entact.course.allocation.chance import Drawn
    from entact.course.allocation.making import ListPlan, draw_list, import_list
    from entact.course.allocation.minimisation import draw_rows, minimising_of
    from entact.course.state.sealed_list import Commitment, ListCustody
    from entact.store import acts, sealed_list
    from entact.store import custodians as shared
    from entact.store.signature import require

    release, strata, ratio = _planned(database, sites)
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
    if not minimises and (table is None) == (not block_sizes):
        raise StoreError("either --rows and --blocks, or --from FILE")
    drawn = Drawn(secrets.token_bytes)
    study = place.ledger.partition(":")[2]
    try:
        if minimises:
            allocation = draw_rows(study, rows, drawn)
        elif table is None:
            plan = ListPlan(strata, rows, dict(ratio), tuple(block_sizes))
            allocation = draw_list(study, plan, drawn)
        else:
            allocation = import_list(study, _text(table), ratio, strata, drawn)
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
        "files": [str(path) for path in files],
    }


def verify_list(database: str, list_file: Path) -> dict[str, Any]:
    """Whether a list is the one that was committed, and was used in its order, each row once.

    Raises:
        StoreError: when the file is none, or was altered.
    """
    open_record(database)
    from entact.store.kits import packed_kits
    from entact.store.list_use import problems_of_kits, problems_of_use, used_numbers
    from entact.store.sealed_list import read_list

    sealed = committed(read_list(list_file))
    used = used_numbers()
    return {
        "root": sealed.root,
        "rows": sum(map(len, sealed.numbers.values())),
        "used": len(used),
        "problems": [*problems_of_use(sealed.numbers, used), *problems_of_kits(packed_kits(), used)],
    }


def print_verified(found: Mapping[str, Any]) -> None:
    """The answer in words."""
    for problem in found["problems"]:
        say(f"wrong: {problem}")
    state = (
        "was NOT used as it was sealed" if found["problems"] else "is the one that was committed, in order"
    )
    say(f"the list {found['root'][:16]}… {state}: {found['used']} of {found['rows']} rows used")


def print_diagnosis(found: Mapping[str, Any]) -> None:
    """How well the list can be foretold, and what would lower it."""
    ratio = " : ".join(f"{arm} {share}" for arm, share in found["ratio"].items())
    if "chance" in found:
        say(f"{ratio} by minimisation with a chance of {found['chance']:g}, {found['rows']} people")
    else:
        say(f"{ratio} in blocks of {_listed(found['block_sizes'])}, {found['rows']} rows a stratum")
    say(f"strata: {', '.join(found['strata'])}")
    own = found["foretold"]
    say(
        f"if arms before are guessed rightly {found['guessed_right']:.0%} of the time, "
        f"{own['right']:.0%} of next arms are foretold (± {2 * own['error']:.1%}; "
        f"by chance {own['by_chance']:.0%}), {own['nearly_sure']:.0%} nearly for sure"
    )
    if found["warning"]:
        say("WARNING: who guesses at arms can foretell the next one. Others would be foretold:")
        for other in found["others"]:
            blocks = _listed(other.get("block_sizes", []))
            said = f"chance {other['chance']:.2g}" if "chance" in other else f"blocks of {blocks:10}"
            say(f"  {said} {other['right']:.0%}")
        if "chance" not in found:
            say("  one list for all sites, without a stratum for each: less, since no site sees every row")


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


def _planned(database: str, sites: Sequence[str]) -> tuple[Release, tuple[str, ...], Mapping[str, int]]:
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


def _larger(block_sizes: Sequence[int], total: int) -> list[tuple[int, ...]]:
    """A few sizes of blocks that tell less: two or three different ones, each larger."""
    from_ = max(block_sizes, default=total)
    sizes = [from_ + total, from_ + 2 * total, from_ + 3 * total]
    return [(from_, sizes[0]), (sizes[0], sizes[1]), (sizes[0], sizes[1], sizes[2])]


def _told(found: Any) -> dict[str, float]:
    return {
        "right": found.right,
        "error": found.error,
        "by_chance": found.by_chance,
        "nearly_sure": found.nearly_sure,
    }


def _random() -> np.random.Generator:
    return np.random.Generator(np.random.Philox(1))  # the same figure each time it is asked for


def _listed(sizes: Sequence[int]) -> str:
    return ", ".join(map(str, sizes))


def _text(path: Path) -> str:
    try:
        return path.read_bytes().decode()
    except OSError as error:
        raise StoreError(f"{path} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise StoreError(f"{path} is no UTF-8: save it as “CSV UTF-8”") from error
