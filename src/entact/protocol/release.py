"""Releases of a study: a study file resolved to canonical bytes, and all that is compiled from them.

The bytes are those of the file's data with the instruments that its forms use and the order of its names, as
RFC 8785 JSON. A release is rebuilt from them alone, so that a later entact never changes an old score.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

import rfc8785

from entact.protocol.amendment import differences, in_force
from entact.protocol.compiled import (
    CompiledAlert,
    CompiledCriterion,
    CompiledEndpoint,
    CompiledGate,
    CompiledRules,
)
from entact.protocol.core_alerts import core_alert
from entact.protocol.expansion import expand
from entact.protocol.explain import validate
from entact.protocol.form import CompiledForm
from entact.protocol.order import in_order
from entact.protocol.problem import Fault, Problem, StudyError, unknown
from entact.protocol.rules import compile_forms, compile_rules
from entact.protocol.source import field_of
from entact.protocol.study import Alert, StudyFile, Visit


class Release:
    """One release of a study.

    Attributes:
        text: RFC 8785 bytes of the resolved file. digest: their SHA-256. id: `<study>@sha256:<digest>`.
        file: the typed study file. data: the same as plain data.
    """

    def __init__(self, text: bytes, data: Mapping[str, Any], file: StudyFile) -> None:
        self.text = text
        self.data = data
        self.file = file
        self.digest = hashlib.sha256(text).hexdigest()
        self.id = f"{file.study}@sha256:{self.digest}"

    @staticmethod
    def from_text(text: bytes) -> Release:
        """The release with these bytes; nothing but them is read.

        Raises:
            StudyError: when they are not the canonical bytes of a study file of a known format.
        """
        return _release_from(bytes(text))

    def __reduce__(self) -> tuple[Any, tuple[bytes]]:
        return _release_from, (self.text,)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Release) and other.text == self.text

    def __hash__(self) -> int:
        return hash(self.digest)

    def __repr__(self) -> str:
        return f"Release({self.id[: len(self.file.study) + 20]}…)"

    @cached_property
    def visits(self) -> dict[str, Visit]:
        """Every visit by name in the order of the file, rows of like visits spelled out."""
        return expand(self.file.schedule)

    @cached_property
    def telling_visits(self) -> frozenset[str]:
        """The visits of tracks in which somebody may have been told their arm: not all may know of them."""
        return frozenset(self.told_of)

    @cached_property
    def told_of(self) -> dict[str, frozenset[str]]:
        """Visit of a track that tells of the arm -> the roles that may know of it."""
        file = self.file
        told: dict[str, frozenset[str]] = {}
        for name, track in file.tracks.items():
            if track.arms and file.randomisation is not None:
                told[name] = frozenset(file.randomisation.tells)
            elif track.tells_the_arm:
                told[name] = frozenset(file.unblinding.tells if file.unblinding is not None else ())
        return {name: told[visit.track] for name, visit in self.visits.items() if visit.track in told}

    @cached_property
    def of_each(self) -> frozenset[str]:
        """Forms that every person of the role in `by` answers for themselves."""
        return frozenset(name for name, form in self.forms.items() if form.form.each)

    @cached_property
    def roles_apart(self) -> frozenset[str]:
        """Roles that rate and know no schedule: raters of a central pool, apart from the sites."""
        hidden = {row.role for row in self.file.blinding if "schedule" in row.hidden}
        asked = {form.by for form in self.file.all_forms.values()} | {one.by for one in self.visits.values()}
        return frozenset(role for role in hidden & asked if role is not None and role != "participant")

    def rated_apart(self, visit: str) -> tuple[str, ...]:
        """The forms of a visit that a rater apart from the sites fills in, in the order of the schedule."""
        planned = self.visits.get(visit)
        if planned is None or not self.roles_apart:
            return ()
        hidden = {(row.role, name) for row in self.file.blinding for name in row.hidden}
        found = []
        for name in dict.fromkeys((*planned.do, *(timed.do for timed in planned.timed))):
            form = self.file.all_forms.get(name)
            by = None if form is None else form.by or planned.by
            if form is not None and by in self.roles_apart and (by, form.data_class) not in hidden:
                found.append(name)
        return tuple(found)

    def asks_apart(self, visit: str) -> bool:
        """Whether a visit asks anything of a rater apart from the sites: a form, or a guess alone."""
        planned = self.visits.get(visit)
        if planned is None or not self.roles_apart:
            return False
        asks_guess = (
            "guess" in planned.activities and planned.by == "rater" and planned.by in self.roles_apart
        )
        return asks_guess or bool(self.rated_apart(visit))

    @cached_property
    def forms(self) -> dict[str, CompiledForm]:
        """Every form by name, ready for use."""
        forms, faults = compile_forms(self.file)
        self._raise(faults)
        return forms

    @property
    def gates(self) -> dict[str, CompiledGate]:
        """Every gate by name, its rules compiled."""
        return self._rules.gates

    @property
    def alerts(self) -> dict[str, CompiledAlert]:
        """Every alert by name, its rule compiled."""
        return self._rules.alerts

    def alert_named(self, name: str) -> Alert | None:
        """What is said of an alert, the file's or the engine's own; None where there is none of that name."""
        known = self.alerts.get(name)
        return core_alert(self.file, name) if known is None else known.alert

    @property
    def criteria(self) -> dict[str, CompiledCriterion]:
        """Every criterion of eligibility by name, its rule compiled where it has one."""
        return self._rules.criteria

    @property
    def endpoints(self) -> dict[str, CompiledEndpoint]:
        """Every endpoint by name, its value compiled."""
        return self._rules.endpoints

    @property
    def rules(self) -> CompiledRules:
        """All compiled rules: also stopping rules, quotas, holds, safety reports and analysis sets."""
        return self._rules

    def visits_of(self, population: str | None, tracks: Collection[str] = ()) -> dict[str, Visit]:
        """The visits of somebody for whom these tracks have opened, in the file's order; None: of any."""
        if not self.file.tracks and len(self.file.populations) == 1:
            return self.visits
        return {
            name: visit
            for name, visit in self.visits.items()
            if (visit.track is None or visit.track in tracks)
            and (population is None or not visit.populations or population in visit.populations)
        }

    def sessions_of(self, population: str | None, tracks: Collection[str] = ()) -> int:
        """How many sessions with a dose somebody has for whom these tracks have opened.

        Sessions of another population are not theirs: two partners with three sessions each have three.

        Args:
            population: None: of the one that has most.
        """
        of = [population] if population is not None else list(self.file.populations)
        visits = (self.visits_of(one, tracks).values() for one in of)
        return max(sum(visit.kind == "dosing" for visit in own) for own in visits)

    def planned_doses(self, arm: str, population: str | None = None) -> int:
        """The sessions with a dose that are planned for an arm: those of everybody, and of its own tracks."""
        own = [name for name, track in self.file.tracks.items() if arm in track.arms]
        return self.sessions_of(population, own)

    def most_doses(self, population: str | None = None) -> int:
        """The sessions with a dose that are planned for the arm that has most of them."""
        return max(self.planned_doses(arm, population) for arm in self.file.arms)

    def criteria_of(self, population: str | None) -> dict[str, CompiledCriterion]:
        """The criteria of eligibility that somebody of a population is judged by."""
        return {
            name: compiled
            for name, compiled in self.criteria.items()
            if population is None or compiled.criterion.population in (None, population)
        }

    @cached_property
    def _rules(self) -> CompiledRules:
        rules, faults = compile_rules(self.file, self.forms, self.visits)
        self._raise(faults)
        return rules

    def _raise(self, faults: Iterable[Fault]) -> None:
        problems = [
            Problem(self.id, 0, 0, field_of(self.data, fault.path), fault.message) for fault in faults
        ]
        if problems:
            raise StudyError(problems)


@dataclass(frozen=True)
class Study:
    """A study: all its releases, the newest last, and which site works under which of them since when.

    Attributes:
        approvals: by site, since when it works under which release, by its id and in order of time; what the
            sites' ledgers say (`SiteState.approved`).
        folder: in which its file lies, with what stands beside it; None where it comes from a record. Two
            studies of the same releases are equal wherever they lie.
    """

    name: str
    releases: tuple[Release, ...]
    approvals: tuple[tuple[str, tuple[tuple[datetime, str], ...]], ...] = ()
    folder: Path | None = field(default=None, compare=False)

    def __post_init__(self) -> None:
        if not self.releases:
            raise ValueError(f"the study {self.name!r} has no release")
        for release in self.releases:
            if release.file.study != self.name:
                raise ValueError(f"the release {release.id} is not one of the study {self.name!r}")

    @staticmethod
    def from_texts(texts: Iterable[bytes]) -> Study:
        """The study whose releases have these bytes, in this order (as its ledger holds them)."""
        releases = tuple(dict.fromkeys(Release.from_text(text) for text in texts))
        return Study(releases[0].file.study if releases else "", releases)

    @property
    def newest(self) -> Release:
        """The release entered last."""
        return self.releases[-1]

    def release(self, id: str) -> Release:
        """The release with this id.

        Raises:
            KeyError: when the study has no such release.
        """
        for release in self.releases:
            if release.id == id:
                return release
        raise KeyError(unknown(f"release of {self.name}", id, (release.id for release in self.releases)))

    def approved(self, site: str, since: Iterable[tuple[datetime, str]]) -> Study:
        """The study with what a site has approved, in order of time."""
        others = tuple(known for known in self.approvals if known[0] != site)
        return replace(self, approvals=tuple(sorted((*others, (site, tuple(since))))))

    def in_force_at(self, site: str | None, at: datetime) -> Release:
        """The release in force at a site at a time.

        Before its first approval that is the first one it came to approve; where nothing is known of the
        site, the study's newest, because a safety limit waits for nobody.
        """
        if len(self.releases) == 1:
            return self.newest
        known = dict(self.approvals).get(site or "", ())
        if not known:
            return self.newest
        return self.release([id for since, id in known if since <= at or since == known[0][0]][-1])

    def number(self, id: str) -> int:
        """Which release an id is, counted from 0.

        Raises:
            KeyError: when the study has no such release.
        """
        return self.releases.index(self.release(id))

    def for_participant(self, first: str, consented: str, at_site: str | None = None) -> Release:
        """What is in force for one participant: a release, or what amendments have made of it for them.

        Args:
            first, consented: ids of the releases first and last consented to.
            at_site: id of the newest release approved at the site; the study's newest where it is not known,
                because what applies immediately waits for nobody.
        Raises:
            KeyError: when the study has no such release.
        """
        if len(self.releases) == 1:
            return self.release(consented)
        newest = len(self.releases) - 1 if at_site is None else self.number(at_site)
        return _for_participant(self, self.number(first), self.number(consented), newest)

    def amended(self, release: Release) -> Study:
        """The study with one more release, which becomes the newest."""
        kept = tuple(known for known in self.releases if known != release)
        return replace(self, releases=(*kept, release))


@lru_cache(maxsize=256)
def _for_participant(study: Study, first: int, consented: int, at_site: int) -> Release:
    data = in_force([release.data for release in study.releases], first, consented, at_site)
    for release in study.releases:
        if not differences(data, release.data):
            return release
    return Release.from_text(canonical(data))


def canonical(data: Mapping[str, Any]) -> bytes:
    """Canonical JSON (RFC 8785) of the data of a study file."""
    return rfc8785.dumps(dict(data))


def assumptions(release: Release) -> list[tuple[str, str]]:
    """Every assumption in a release: the field's path and what is assumed there."""
    return [(field_of(release.data, path), text) for path, text in _assumed(release.data, ())]


def bars_from_production(release: Release) -> list[Problem]:
    """What bars a release from production: its gates, alerts, doses, stops and sessions that are assumptions.

    Returns:
        The problems, each with its field; none when nothing bars it.
    """
    problems = []
    for path, text in _assumed(release.data, ()):
        if path and path[0] in _DECIDES_ABOUT_SAFETY:
            message = f"is still an assumption ({text}); confirm it with a source and take `assumption` out"
            problems.append(Problem(release.id, 0, 0, field_of(release.data, path[:-1]), message))
    return problems


# What opens or closes a gate, calls for help, is given, or stops somebody.
_DECIDES_ABOUT_SAFETY = (
    *("gates", "alerts", "products", "regimens", "doses", "dose_interval"),
    *("stopping", "holds", "washout", "session"),
)


def _assumed(data: Any, path: tuple[str | int, ...]) -> Iterable[tuple[tuple[str | int, ...], str]]:
    if isinstance(data, Mapping):
        for key, value in data.items():
            if key == "assumption" and isinstance(value, str):
                yield (*path, key), value
            else:
                yield from _assumed(value, (*path, key))
    elif isinstance(data, list):
        for place, value in enumerate(data):
            yield from _assumed(value, (*path, place))


@lru_cache(maxsize=64)
def _release_from(text: bytes) -> Release:
    name = f"release sha256:{hashlib.sha256(text).hexdigest()[:12]}"
    try:
        data = json.loads(text)
    except (ValueError, RecursionError):
        raise StudyError(
            [Problem(name, 0, 0, "", "this is not the text of a release, which is JSON")]
        ) from None
    if not isinstance(data, dict):
        raise StudyError(
            [Problem(name, 0, 0, "", "this is not the text of a release, which is a JSON object")]
        )
    if not _is_canonical(data, text):
        message = "these are not canonical bytes (RFC 8785); a release is kept exactly as it was entered"
        raise StudyError([Problem(name, 0, 0, "", message)])
    data = in_order(data)
    file, faults = validate(data)
    if file is None:
        raise StudyError(Problem(name, 0, 0, field_of(data, fault.path), fault.message) for fault in faults)
    return Release(text, data, file)


def _is_canonical(data: Mapping[str, Any], text: bytes) -> bool:
    try:
        return canonical(data) == text
    except (rfc8785.CanonicalizationError, RecursionError, UnicodeError):
        return False
