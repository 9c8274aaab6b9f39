"""The study on one page: what it is, its schedule of activities, gates and alerts in words, and its sites."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from django.utils.translation import get_language, gettext, ngettext

from entact.conduct.language.codes import code_words
from entact.conduct.language.schedule import told_schedule
from entact.conduct.language.sentences import told_again
from entact.conduct.reader import Reader
from entact.conduct.sight import DOSING, Sight
from entact.conduct.verification import Checked, last_verification
from entact.conduct.words import listing, lower_words, quantity, span, told, told_passage, words
from entact.course.gates.core import ACTS
from entact.protocol import Release, assumptions
from entact.protocol.study import Regimen, Units
from entact.protocol.words import Passage
from entact.protocol.words.label import begun
from entact.protocol.words.safety import Safety, act_words
from entact.report.schedule import Schedule, schedule_parts
from entact.store import lists

_STOPPED = ("discontinued", "withdrawn", "lost_to_follow_up", "died")


@dataclass(frozen=True)
class Arm:
    title: str
    role: str


@dataclass(frozen=True)
class RegimenShown:
    """A dose level in words, with salt form and placebo."""

    name: str
    initial: str
    supplement: str


@dataclass(frozen=True)
class GateShown:
    """A gate in words: when it is asked, and what it requires; `hidden` requirements are not among them."""

    title: str
    asked: Passage | None
    requirements: tuple[Passage, ...]
    hidden: int


@dataclass(frozen=True)
class SiteRow:
    """Counts at one site; the last three are None where the role may not know them."""

    site: str
    country: str
    screened: int
    randomised: int
    in_treatment: int | None
    completed: int | None
    stopped: int | None


@dataclass(frozen=True)
class Overview:
    """All that the study's page shows; how many entries there are is None where the role may not know.

    Counts tell of events: whoever may not know of events, or of what a session was like, is not told them.
    `works_under`: site and release, where one that is seen works under another than the `newest`.
    """

    title: str
    condition: str
    registry: str
    phase: str
    release: str
    release_id: str
    digest: str
    works_under: tuple[tuple[str, str], ...]
    newest: str
    planned: str
    randomisation: str
    arms: tuple[Arm, ...]
    regimens: tuple[RegimenShown, ...]
    dosing: str
    schedule: Schedule | None
    gates: tuple[GateShown, ...]
    alerts: tuple[Passage, ...]
    hidden_alerts: int
    sites: tuple[SiteRow, ...]
    total: SiteRow | None
    ledgers: int | None
    entries: int | None
    checked: Checked | None
    at: datetime
    assumed: tuple[tuple[str, int], ...]
    assumptions: int


def describe(reader: Reader) -> Overview:
    """The study and where it stands, as the reader's role may see it."""
    release, works_under = release_here(reader)
    sight, file = reader.sight, release.file
    rows = tuple(_sites(reader)) if sight.sees_schedule else ()
    assumed = _assumptions(release)
    asked_for = sight, release, get_language() or ""
    size = lists.size() if sight.sees_status and reader.sites is None else None
    return Overview(
        title=told(file.title),
        condition=told(file.condition),
        registry=file.registry or "",
        phase=str(file.phase or ""),
        release=file.release,
        release_id=release.id,
        digest=release.digest[:12],
        works_under=works_under,
        newest=reader.study.newest.file.release,
        planned=_planned(release),
        randomisation=_randomisation(release),
        arms=tuple(Arm(told(arm.title), code_words(arm.role)) for arm in file.arms.values()),
        regimens=tuple(_regimen(release, name, one) for name, one in file.regimens.items())
        if sight.sees(DOSING)
        else (),
        dosing=_dosing(release) if sight.sees(DOSING) else "",
        schedule=_schedule(release, get_language() or "") if sight.sees_schedule else None,
        gates=_gates(*asked_for),
        alerts=_alerts(*asked_for),
        hidden_alerts=sum(not sight.sees_alert(name) for name in file.alerts),
        sites=rows,
        total=_total(rows) if rows else None,
        ledgers=size.ledgers if size is not None else None,
        entries=size.entries if size is not None else None,
        checked=last_verification(),
        at=reader.at,
        assumed=tuple(_by_block(assumed)),
        assumptions=len(assumed),
    )


def release_here(reader: Reader) -> tuple[Release, tuple[tuple[str, str], ...]]:
    """The release whose gates and doses the reader's sites work under, and what each works under.

    The newest where the sites differ, or nothing of a site is seen; the second is empty where no site works
    under another than it.
    """
    study, newest = reader.study, reader.study.newest
    sites = sorted(newest.file.sites if reader.sites is None else reader.sites)
    here = {site: study.in_force_at(site, reader.at) for site in sites} if reader.sight.sees_schedule else {}
    ids = {one.id for one in here.values()}
    release = next(iter(here.values())) if len(ids) == 1 else newest
    differs = ids - {newest.id}
    return release, tuple((site, one.file.release) for site, one in here.items()) if differs else ()


def _randomisation(release: Release) -> str:
    planned = release.file.randomisation
    if planned is None:
        return gettext("not randomised")
    ratio = " : ".join(str(share) for share in planned.ratio.values())
    strata = (
        gettext(", by {strata}").format(strata=listing(map(code_words, planned.strata)))
        if planned.strata
        else ""
    )
    return gettext("{ratio}, {method}{strata}, at {at}").format(
        ratio=ratio, method=code_words(planned.method), strata=strata, at=code_words(planned.at)
    )


def _regimen(release: Release, name: str, regimen: Regimen) -> RegimenShown:
    supplement = regimen.supplement
    offered = ""
    if supplement is not None:
        optional = gettext("optional, ") if supplement.optional else ""
        offered = gettext("{release}, {optional}{window} after the initial dose").format(
            release=_units(release, supplement.give), optional=optional, window=span(supplement.window)
        )
    return RegimenShown(words(name), _units(release, regimen.initial), offered)


def _planned(release: Release) -> str:
    """How many are planned; of each population by its title where there are several."""
    plans = release.file.populations
    if len(plans) == 1:
        count = sum(one.planned for one in plans.values())
        return ngettext("{count} participant", "{count} participants", count).format(count=count)
    return ", ".join(
        f"{told(one.title) if one.title else words(name)}: {one.planned}" for name, one in plans.items()
    )


def _units(release: Release, units: Units) -> str:
    """Whole units with strength, form, substance and salt: `2 × 40 mg capsules of MDMA hydrochloride …`."""
    text = f"{units.count} × {quantity(units.strength)}"
    for name, product in release.file.products.items():
        if units.strength in product.strengths:
            placebo = gettext(" or matching placebo") if product.placebo == "matching" else ""
            return f"{text} {lower_words(name)}, {product.substance} {lower_words(product.salt)}{placebo}"
    return text


def _dosing(release: Release) -> str:
    file, most = release.file, release.most_doses()
    sessions = ngettext(
        "at most {most} session with a dose", "at most {most} sessions with a dose", most
    ).format(most=most)
    return (
        gettext("{sessions}, {dose_interval} apart").format(
            sessions=sessions, dose_interval=span(file.dose_interval)
        )
        if file.dose_interval is not None
        else sessions
    )


@lru_cache(maxsize=16)
def _schedule(release: Release, language: str) -> Schedule:
    """The schedule, which is the same in a language until a release comes into force."""
    return schedule_parts(told_schedule(release), gettext)


def _in_order(gates: Iterable[str]) -> list[str]:
    """Gates in the order in which a participant meets them."""
    met = [act.gate for act in ACTS.values()]
    return sorted(gates, key=lambda name: met.index(name) if name in met else len(met))


@lru_cache(maxsize=8)
def _assumptions(release: Release) -> list[tuple[str, str]]:
    return assumptions(release)


@lru_cache(maxsize=64)
def _gates(sight: Sight, release: Release, language: str) -> tuple[GateShown, ...]:
    """The gates, which are the same for a role until a release comes into force."""
    return tuple(_gate(sight, release, name) for name in _in_order(release.file.gates))


def _gate(sight: Sight, release: Release, name: str) -> GateShown:
    """A gate as `entact show` says it; who may not know the schedule may not know what lets somebody in."""
    safety, compiled = Safety(release), release.gates[name]
    lines = list(safety.requirements(name))
    shown = tuple(
        line
        for line, said in zip(lines, compiled.requirements, strict=True)
        if sight.sees_schedule and sight.sees_rule(said.rule)
    )
    applies = compiled.applies_when
    sees_when = sight.sees_schedule and (applies is None or sight.sees_rule(applies))
    asked = safety.asked_when(name) if sees_when else None
    return GateShown(
        told_again(act_words(name)),
        None if asked is None else told_passage(asked),
        tuple(map(told_passage, shown)),
        len(lines) - len(shown),
    )


@lru_cache(maxsize=64)
def _alerts(sight: Sight, release: Release, language: str) -> tuple[Passage, ...]:
    """The alerts as `entact show` says them, with how each goes on."""
    safety = Safety(release)
    return tuple(told_passage(safety.alert(name)) for name in release.file.alerts if sight.sees_alert(name))


def _sites(reader: Reader) -> Iterable[SiteRow]:
    planned = {name: one for name, one in reader.study.newest.file.sites.items() if reader.sees_site(name)}
    counts = lists.counts(sites=reader.sites)
    sees = reader.sight.sees_status
    randomises = reader.study.newest.file.randomisation is not None

    def entered(count: lists.Count) -> int:
        return count.randomised if randomises else count.participants

    for site in [*planned, *sorted({one.site for one in counts} - planned.keys())]:
        here = [one for one in counts if one.site == site]

        def of(*statuses: str, here: list[lists.Count] = here) -> int | None:
            return sum(map(entered, (one for one in here if one.status in statuses))) if sees else None

        yield SiteRow(
            site=site or gettext("unknown"),
            country=planned[site].country if site in planned else "",
            screened=sum(one.screened for one in here),
            randomised=sum(one.randomised for one in here),
            in_treatment=of("in_treatment"),
            completed=of("completed"),
            stopped=of(*_STOPPED),
        )


def _total(rows: Iterable[SiteRow]) -> SiteRow:
    rows = list(rows)

    def of(name: str) -> int | None:
        counts = [getattr(row, name) for row in rows]
        return None if None in counts else sum(counts)

    return SiteRow(
        gettext("All sites"),
        "",
        of("screened") or 0,
        of("randomised") or 0,
        of("in_treatment"),
        of("completed"),
        of("stopped"),
    )


def _by_block(found: Iterable[tuple[str, str]]) -> Iterable[tuple[str, int]]:
    """How many assumptions each block of the study file has."""
    counts: dict[str, int] = {}
    for field, _ in found:
        block = begun(code_words(field.partition(".")[0].partition("[")[0]))
        counts[block] = counts.get(block, 0) + 1
    yield from counts.items()
