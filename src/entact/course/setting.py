"""Ledgers that are about no participant: the study's, a site's, and the system's own."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

import msgspec

from entact.course.entry import Entry
from entact.course.entry.correction import as_they_stand
from entact.course.entry.effective import TIME_UNREADABLE, Held, Problem, hold_each
from entact.course.kinds import SITE_KINDS, STUDY_KINDS, SYSTEM_KINDS
from entact.course.kinds.kind import Kind
from entact.course.state.access import AccessFolding, AccessState
from entact.course.state.numbers import Number
from entact.course.state.setting import Setting, SiteFolding, StudyFolding

if TYPE_CHECKING:
    from entact.protocol.release import Study


def fold_setting(
    study: Study,
    study_entries: Iterable[Entry],
    site_entries: Iterable[Entry],
    numbers: Mapping[Number, frozenset[str]] | None = None,
) -> Setting:
    """What the study's and one site's ledgers say, as a function of the sets of their entries.

    Args:
        study: to know its releases. study_entries, site_entries: of one ledger each, in any order.
        numbers: whose each number is, of the participants that the caller knows (see `numbers_in_use`).
    Raises:
        ValueError: when the entries are of more than one site.
    """
    problems: list[Problem] = []
    study_list, site_list = list(study_entries), list(site_entries)
    sites = {entry.ledger for entry in site_list}
    if len(sites) > 1:
        raise ValueError(f"a setting has one site; these entries are of {', '.join(sorted(sites))}")
    name = sites.pop().removeprefix("site:") if sites else ""
    folding = StudyFolding(study, problems)
    site = SiteFolding(name, study, problems)
    study_state = folding.state(_fold(folding, study_list, STUDY_KINDS))
    site_state = site.state(_fold(site, site_list, SITE_KINDS))
    return Setting(study_state, site_state, tuple(problems), numbers or {})


def fold_access(entries: Iterable[Entry]) -> AccessState:
    """What the system's ledger says of accounts and roles, as a function of the set of its entries."""
    folding = AccessFolding()
    _fold(folding, list(entries), SYSTEM_KINDS)
    return folding.state()


def _fold(
    folding: StudyFolding | SiteFolding | AccessFolding, entries: list[Entry], kinds: dict[str, Kind]
) -> int:
    """Folds the entries as they stand, in order of time; says how many there are. Nothing is refused."""
    held = hold_each(entries)
    standing, problems, _ = as_they_stand(held, {})
    folding.problems.extend(problems)
    sources = {one.entry.id: one.entry for one in held}
    for problem in problems:
        if problem.rule == TIME_UNREADABLE:
            entry = sources[problem.entry]
            folding.unread[entry.id] = entry.kind, entry.data
    for effective in standing:
        kind = kinds.get(effective.entry.kind)
        if kind is None:
            message = f"an entry of kind {effective.entry.kind!r} does not belong in this ledger"
            folding.problem("unknown_kind", effective.id, "", message)
            continue
        try:
            payload = msgspec.convert(effective.data, kind.payload)
        except msgspec.ValidationError as error:
            folding.problem("unreadable", effective.id, "data", str(error))
            folding.unread[effective.id] = kind.name, effective.data
            continue
        kind.reduce(folding, effective, payload)
    return _size(held)


def _size(held: list[Held]) -> int:
    """How many entries there are, every version of an id counted."""
    return sum(1 + len(one.rivals) for one in held)
