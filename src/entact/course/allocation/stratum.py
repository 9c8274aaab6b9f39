"""In which stratum of the list somebody is, and which strata a study has."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import product
from typing import TYPE_CHECKING, Final

import msgspec

if TYPE_CHECKING:
    from entact.course.state.state import State
    from entact.protocol.release import Release
    from entact.protocol.study import Item

ALL: Final = "all"  # the one stratum of a study that does not stratify
SITE: Final = "site"
_YES_NO: Final = {False: "no", True: "yes"}


class Stratum(msgspec.Struct, frozen=True):
    """A participant's stratum, or what is not known of it."""

    name: str
    unknown: tuple[str, ...] = ()


def stratum_of(release: Release, course: State, at: datetime) -> Stratum:
    """The stratum of a participant at a time, by site and by the latest answers.

    Args:
        release: by whose `strata` it is. at: aware.
    """
    planned = release.file.randomisation
    names = planned.strata if planned is not None else []
    values = course.values(None, at, ever=True)
    parts = [course.site if name == SITE else values.get(name) for name in names]
    unknown = tuple(name for name, part in zip(names, parts, strict=True) if part is None)
    return Stratum("" if unknown else _named(map(_code, parts)), unknown)


def list_of(release: Release, stratum: str) -> str:
    """By which rows of the list somebody of a stratum is randomised: minimisation has one row for all."""
    planned = release.file.randomisation
    return ALL if planned is not None and planned.method == "minimisation" else stratum


def strata_of(release: Release, sites: Sequence[str]) -> tuple[str, ...]:
    """Every stratum of a study at some sites that has rows of its own.

    Raises:
        ValueError: where it stratifies by site and there is none.
    """
    planned = release.file.randomisation
    names = planned.strata if planned is not None else []
    if planned is not None and planned.method == "minimisation":
        return (ALL,)
    if SITE in names and not sites:
        raise ValueError("the list is made for each site: name the sites")
    codes = [list(sites) if name == SITE else _codes(_item(release, name)) for name in names]
    return tuple(_named(parts) for parts in product(*codes))


def site_of_list(release: Release, stratum: str) -> str | None:
    """The site at which the rows of a list are used; None where they may be used at any."""
    planned = release.file.randomisation
    if planned is None or SITE not in planned.strata or list_of(release, stratum) == ALL:
        return None
    return stratum.split("/")[planned.strata.index(SITE)]


def levels_of(release: Release, sites: Sequence[str]) -> dict[str, int]:
    """How many levels each stratum of a study has at some sites.

    Raises:
        ValueError: where it stratifies by site and there is none.
    """
    planned = release.file.randomisation
    names = planned.strata if planned is not None else []
    if SITE in names and not sites:
        raise ValueError("it is balanced by site: name the sites")
    return {name: len(sites) if name == SITE else len(_codes(_item(release, name))) for name in names}


def _item(release: Release, name: str) -> Item:
    form, _, item = name.partition(".")
    return release.file.all_forms[form].items[item]


def _codes(item: Item) -> list[str]:
    return [*_YES_NO.values()] if item.type == "boolean" else [_code(code) for code in item.codes or {}]


def _code(value: object) -> str:
    return _YES_NO[value] if isinstance(value, bool) else str(value)


def _named(parts: Iterable[str]) -> str:
    return "/".join(parts) or ALL
