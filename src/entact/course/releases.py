"""Which releases of a study are in force: entered, not withdrawn, and approved by which site.

It is asked in one way only, here, by everybody who reads ledgers: lists, pages, cuts, archives, commands.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import msgspec

from entact.course.entry import Entry
from entact.course.entry.correction import as_they_stand
from entact.course.entry.effective import VOID, hold_each
from entact.course.kinds import SITE_KINDS, STUDY_KINDS
from entact.course.kinds.allocation import LIST_OPENED
from entact.course.kinds.study import RELEASE, ReleaseEntered, bars
from entact.course.setting import fold_setting
from entact.protocol.plan_data import plan_digests
from entact.protocol.problem import Problem
from entact.protocol.release import Release, Study

RELEASING: Final = frozenset({VOID, *(name for name, kind in STUDY_KINDS.items() if kind.releases)})
"""Kinds of entry in the study's ledger that change its releases; a withdrawal of any may."""
APPROVING: Final = frozenset({VOID, *(name for name, kind in SITE_KINDS.items() if kind.releases)})
"""Kinds of entry in a site's ledger that change what it works under."""


def releases_entered(entries: Iterable[Entry]) -> tuple[ReleaseEntered, ...]:
    """The releases that stand in a study's ledger, oldest first: each once, and none that was withdrawn.

    In production none counts of which a gate, alert or dose is still an assumption (`bars_here`).

    Args:
        entries: of the study's ledger, in any order; those of other kinds than `RELEASING`, but under ids of
            their own, do not matter.
    Raises:
        msgspec.ValidationError: when the data of one are no release.
    """
    # Which version of an id is the first can only be told from all of them.
    relevant = (held for held in hold_each(entries) if held.entry.kind in RELEASING)
    standing, _, _ = as_they_stand(relevant, {})
    found = [
        (one.entry, msgspec.convert(one.data, ReleaseEntered))
        for one in standing
        if one.entry.kind == RELEASE.name
    ]
    return tuple({entered.text: entered for entry, entered in found if not bars(entry, entered)}.values())


def committed_plan(entries: Iterable[Entry]) -> dict[str, str] | None:
    """Analysis -> digest of what was planned of it when the arms were opened, or is planned now.

    The plan is that of the newest release that had arrived before the list of arms was opened for analysis:
    what an amendment adds or changes afterwards was not committed to. Digests are made of the text anew, so
    that they compare with those of the same program.

    Args:
        entries: of the study's ledger, in the order in which they arrived.
    Returns:
        None where no release had arrived.
    """
    before: list[Entry] = []
    for entry in entries:
        if entry.kind == LIST_OPENED.name and entry.data.get("purpose") == "after_lock":
            break
        before.append(entry)
    entered = releases_entered(before)
    if not entered:
        return None
    release = Release.from_text(entered[-1].text.encode())
    return plan_digests(release.file, list(release.visits))


def bars_here(entry: Entry) -> list[Problem]:
    """What bars an entry about a release from where it was made: what is still an assumption, in production.

    A training or a rehearsal may run with any release; what cannot be read is not this function's to say.
    """
    if entry.kind != RELEASE.name:
        return []
    try:
        return bars(entry, msgspec.convert(entry.data, ReleaseEntered))
    except msgspec.ValidationError:
        return []


def study_in_force(study_entries: Iterable[Entry], site_entries: Iterable[Entry] = ()) -> Study:
    """The study with the releases that stand in its ledger, and what the sites have approved of them.

    Args:
        study_entries: of the study's ledger. site_entries: of one site or of several.
    Raises:
        msgspec.ValidationError, StudyError: when a release cannot be read. ValueError: when there is none.
    """
    study = Study.from_texts(one.text.encode() for one in releases_entered(study_entries))
    return with_approvals(study, site_entries)


def with_approvals(study: Study, site_entries: Iterable[Entry]) -> Study:
    """The study with what sites have approved of it, from the entries of one site or of several."""
    if len(study.releases) == 1:
        return study  # nothing to choose between
    by_site: dict[str, list[Entry]] = {}
    for entry in site_entries:
        if entry.ledger.startswith("site:"):
            by_site.setdefault(entry.ledger, []).append(entry)
    for entries in by_site.values():
        approving = [held.entry for held in hold_each(entries) if held.entry.kind in APPROVING]
        site = fold_setting(study, (), approving).site
        study = study.approved(site.id, site.approved) if approving else study
    return study
