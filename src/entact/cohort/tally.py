"""What a rehearsal finds out about the study itself: gates never passed, forms never reached, alerts for everyone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

import msgspec

from entact.protocol import Release

ALWAYS = 0.9  # an alert raised for this share of those who could raise it warns of nothing
ENOUGH = 10  # below this many occasions a share says nothing


class Tally(msgspec.Struct):
    """Counts over virtual participants; sums of tallies are tallies.

    Attributes:
        asked, refused: how often each act was asked for at its gate, and refused. reasons: (act, reason) refused.
        forms: times each form was filled. visits: times each visit took place. outside: of these, outside the window.
        raised: participants for whom each alert was raised; unknown: of these, only because it could not be evaluated.
        dosed: participants with at least one session.
    """

    asked: Counter[str] = msgspec.field(default_factory=Counter)
    refused: Counter[str] = msgspec.field(default_factory=Counter)
    reasons: Counter[tuple[str, str]] = msgspec.field(default_factory=Counter)
    forms: Counter[str] = msgspec.field(default_factory=Counter)
    visits: Counter[str] = msgspec.field(default_factory=Counter)
    outside: Counter[str] = msgspec.field(default_factory=Counter)
    raised: Counter[str] = msgspec.field(default_factory=Counter)
    unknown: Counter[str] = msgspec.field(default_factory=Counter)
    dosed: int = 0
    entries: int = 0

    def add(self, other: Tally) -> None:
        """Adds the counts of another tally to this one."""
        for name in ("asked", "refused", "reasons", "forms", "visits", "outside", "raised", "unknown"):
            getattr(self, name).update(getattr(other, name))
        self.dosed += other.dosed
        self.entries += other.entries


class StudyFinding(msgspec.Struct, frozen=True):
    """Something a rehearsal found wrong with the study file: what it is about, and what was seen."""

    about: str
    message: str


def find_in_study(release: Release, tally: Tally) -> list[StudyFinding]:
    """What virtual participants and staff ran into, that real ones would too."""
    return [
        *_gates(tally),
        *_never(release, tally),
        *_windows(release, tally),
        *_alerts(release, tally),
    ]


def _gates(tally: Tally) -> Iterable[StudyFinding]:
    for act, asked in sorted(tally.asked.items()):
        if tally.refused[act] == asked:
            often = ((count, reason) for (one, reason), count in tally.reasons.items() if one == act)
            worst = max(often, default=(0, "no reason"))[1]
            yield StudyFinding(f"gate {act}", f"refused all {asked} times it was asked, most often: {worst}")


def _never(release: Release, tally: Tally) -> Iterable[StudyFinding]:
    for name in release.forms:
        if not tally.forms[name]:
            yield StudyFinding(f"form {name}", "was never reached by any virtual participant")
    for name in release.visits:
        if not tally.visits[name]:
            yield StudyFinding(f"visit {name}", "never took place")


def _windows(release: Release, tally: Tally) -> Iterable[StudyFinding]:
    for name in release.visits:
        held = tally.visits[name]
        if held >= ENOUGH and tally.outside[name] == held:
            yield StudyFinding(f"visit {name}", f"was outside its window all {held} times")


def _alerts(release: Release, tally: Tally) -> Iterable[StudyFinding]:
    for name in release.alerts:
        raised = tally.raised[name]
        if tally.dosed >= ENOUGH and raised >= ALWAYS * tally.dosed:
            why = ", mostly because it could not be evaluated" if tally.unknown[name] * 2 > raised else ""
            yield StudyFinding(f"alert {name}", f"was raised for {raised} of {tally.dosed} treated{why}")
