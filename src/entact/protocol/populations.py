"""Whether it is clear whose visit each is and when: populations, epochs, tracks and planned unblinding."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from entact.protocol.problem import Fault, Path, unknown
from entact.protocol.study import StudyFile, Visit

# As `course.state.consent` reads them: without them nobody takes part; where none is named, every scope is.
_TAKES_PART = frozenset({"participation", "treatment", "procedures"})


def check_populations(
    file: StudyFile, visits: Mapping[str, Visit], paths: Mapping[str, Path]
) -> Iterator[Fault]:
    """What is wrong with populations, epochs and tracks; `paths` says where each visit's row stands."""
    yield from _populations(file, visits)
    yield from _consent_kept(file)
    for visit in file.schedule:
        if visit.visit in paths:
            yield from _whose(file, visit, paths[visit.visit])
            yield from _when(file, visit, visits, paths[visit.visit])
    yield from _tracks(file, visits)
    yield from _unblinding(file, visits)


def of_population(visit: Visit, population: str) -> bool:
    """Whether a visit is one of a population."""
    return not visit.populations or population in visit.populations


def miscounted(file: StudyFile, said: int, visits: Iterable[Visit], where: str) -> str | None:
    """What is wrong with a number of sessions with a dose: that of the population which has most of them."""
    sessions = [visit for visit in visits if visit.kind == "dosing"]
    each = {name: sum(of_population(one, name) for one in sessions) for name in file.populations}
    if said == max(each.values(), default=len(sessions)):
        return None
    if len(each) < 2:
        return f"{said} is not the number of dosing sessions in {where}, {len(sessions)}; change one"
    many = ", ".join(f"{count} of a {name.replace('_', ' ')}" for name, count in each.items())
    return f"{said} is not the most dosing sessions that one person has in {where}, {many}; change one"


def _populations(file: StudyFile, visits: Mapping[str, Visit]) -> Iterator[Fault]:
    for name, population in file.populations.items():
        path: Path = ("populations", name)
        own = [visit for visit in visits.values() if of_population(visit, name)]
        linked = population.linked_to
        if linked is not None:
            others = [other for other in file.populations if other != name]
            if linked not in others:
                yield Fault((*path, "linked_to"), unknown("other population", linked, others))
            if not any("link" in visit.activities for visit in own):
                message = "no visit of theirs does 'link', which says to whom each belongs; add it to a `do:`"
                yield Fault((*path, "linked_to"), message)
        if len(file.populations) > 1:
            if not own:
                yield Fault(path, "no visit is theirs; give one `for:` them, or take them out")
            elif not any("consent" in visit.activities for visit in own):
                message = "no visit of theirs does 'consent', and without it nobody takes part"
                yield Fault(path, message)
    for name, criterion in file.eligibility.items():
        if criterion.population is not None and criterion.population not in file.populations:
            message = unknown("population", criterion.population, file.populations)
            yield Fault(("eligibility", name, "for"), message)
    if not any(population.linked_to for population in file.populations.values()):
        for place, visit in enumerate(file.schedule):
            if "link" in visit.do:
                message = "links a participant to another, and no population is `linked_to:` one; take it out"
                yield Fault(("schedule", place, "do", visit.do.index("link")), message)


def _whose(file: StudyFile, visit: Visit, path: Path) -> Iterator[Fault]:
    for name in visit.populations:
        if name not in file.populations:
            offset = (visit.population or "").find(name)
            yield Fault((*path, "for"), unknown("population", name, file.populations), offset)
    if len(file.populations) > 1 and not visit.populations:
        message = f"it is not said whose visit this is; write `for:` {' or '.join(file.populations)}"
        yield Fault((*path, "visit"), message)
    if visit.track is not None and visit.track not in file.tracks:
        yield Fault((*path, "track"), unknown("track", visit.track, file.tracks))
    if visit.epoch is not None and file.epochs and visit.epoch not in file.epochs:
        yield Fault((*path, "epoch"), unknown("epoch", visit.epoch, file.epochs))
    elif visit.epoch is None and file.epochs:
        message = f"belongs to no epoch; write `epoch:` {' or '.join(file.epochs)}"
        yield Fault((*path, "visit"), message)


def _when(file: StudyFile, visit: Visit, visits: Mapping[str, Visit], path: Path) -> Iterator[Fault]:
    """What a visit is counted from has to be of the same person, the same track, and not of a later epoch."""
    epochs = list(file.epochs)
    for key, anchor in (("after", visit.after), ("or", (visit.fallback or (None,))[0])):
        before = visits.get(anchor or "")
        if before is None:
            continue
        if before.track is not None and before.track != visit.track:
            whose = f"the track {visit.track!r}" if visit.track else "no track"
            message = (
                f"{before.visit} is of the track {before.track!r}, this visit of {whose}; "
                "choose a visit of the main track or of its own"
            )
            yield Fault((*path, key), message)
        strangers = [name for name in visit.populations if not of_population(before, name)]
        if strangers:
            message = f"{before.visit} is no visit of {strangers[0]}; choose one of theirs"
            yield Fault((*path, key), message)
        if (
            visit.epoch in epochs
            and before.epoch in epochs
            and epochs.index(before.epoch) > epochs.index(visit.epoch)
        ):
            message = (
                f"contradicts the order of epochs: {before.visit} is of {before.epoch}, which comes after "
                f"{visit.epoch}; change one of them"
            )
            yield Fault((*path, key), message)


def _consent_kept(file: StudyFile) -> Iterator[Fault]:
    """What of taking part itself cannot be kept by who takes part no more."""
    needed = _TAKES_PART & file.consent.keys() or file.consent.keys()
    for place, scope in enumerate(file.consent_kept):
        if scope not in file.consent:
            yield Fault(("consent_kept", place), unknown("scope of consent", scope, file.consent))
        elif scope in needed:
            message = f"nobody takes part without {scope!r}, so it is not kept by who takes part no more"
            yield Fault(("consent_kept", place), message)


def _tracks(file: StudyFile, visits: Mapping[str, Visit]) -> Iterator[Fault]:
    for name, track in file.tracks.items():
        path: Path = ("tracks", name)
        own = [visit for visit in visits.values() if visit.track == name]
        if not own:
            message = "no visit is of this track; give one `track:` of this name, or take it out"
            yield Fault(path, message)
        for what, of in track.openings:
            place = track.opens_on.find(f"{what}.{of}") + len(f"{what}.")
            if what == "consent" and of not in file.consent:
                yield Fault((*path, "opens_on"), unknown("scope of consent", of, file.consent), place)
            elif what == "unblinded" and of not in file.arms:
                yield Fault((*path, "opens_on"), unknown("arm", of, file.arms), place)
        if track.unblinds and file.unblinding is None:
            message = "nobody is ever told an arm; add an `unblinding:` block"
            yield Fault((*path, "opens_on"), message)
        for number, site in enumerate(track.sites or ()):
            if site not in file.sites:
                yield Fault((*path, "sites", number), unknown("site", site, file.sites))
        if track.sites == []:
            yield Fault((*path, "sites"), "names no site; write at least one, or take it out")
        wrong = miscounted(file, track.doses, own, "this track") if own else None
        if wrong is not None:
            yield Fault((*path, "doses"), wrong)


def _unblinding(file: StudyFile, visits: Mapping[str, Visit]) -> Iterator[Fault]:
    plan = file.unblinding
    done = any("unblinding" in visit.activities for visit in visits.values())
    if plan is None:
        for place, visit in enumerate(file.schedule):
            if "unblinding" in visit.do:
                message = "nobody's unblinding is planned; add an `unblinding:` block, or take it out"
                yield Fault(("schedule", place, "do", visit.do.index("unblinding")), message)
        return
    if file.randomisation is None:
        message = "nobody is randomised, so there is nothing to tell; take the block out"
        yield Fault(("unblinding",), message)
    if not done:
        message = "no visit does 'unblinding'; add it to a `do:`, or take the block out"
        yield Fault(("unblinding",), message)
    if plan.epoch not in file.epochs:
        yield Fault(("unblinding", "epoch"), unknown("epoch", plan.epoch, file.epochs))
    elif not any(visit.epoch == plan.epoch for visit in visits.values()):
        yield Fault(("unblinding", "epoch"), f"no visit is of the epoch {plan.epoch!r}; choose another")
    yield from _frozen_too_late(file, plan.epoch, visits)
    for place, role in enumerate(plan.tells):
        if role not in {*file.roles, "participant"}:
            yield Fault(("unblinding", "tells", place), unknown("role", role, file.roles))
    if not plan.tells:
        yield Fault(("unblinding", "tells"), "tells nobody; write at least one role")


def _frozen_too_late(file: StudyFile, epoch: str, visits: Mapping[str, Visit]) -> Iterator[Fault]:
    """An epoch that is not over when its data have to be frozen, so that nobody is ever told."""
    own = [visit for visit in visits.values() if visit.epoch == epoch]
    telling = [visit for visit in visits.values() if "unblinding" in visit.activities]
    for visit in telling:
        if visit.epoch == epoch:
            message = (
                f"is the epoch of {visit.visit}, which tells the arm once the whole epoch is frozen, so "
                "that nobody is ever told; choose the epoch before, or put the visit into a later one"
            )
            yield Fault(("unblinding", "epoch"), message)
            return
        epochs = list(file.epochs)
        if (
            epoch in epochs
            and visit.epoch in epochs
            and epochs.index(epoch) > epochs.index(visit.epoch or "")
        ):
            message = (
                f"comes after {visit.epoch}, in which {visit.visit} tells the arm; choose one before that"
            )
            yield Fault(("unblinding", "epoch"), message)
            return
    for visit in own:
        if visit.track is None and _waits_for(visit, {"unblinding", *(one.visit for one in telling)}, visits):
            message = (
                f"{visit.visit} is of this epoch and counted from the unblinding, which waits for it; put it "
                "into a later epoch"
            )
            yield Fault(("unblinding", "epoch"), message)
            return


def _waits_for(visit: Visit, names: set[str], visits: Mapping[str, Visit]) -> bool:
    """Whether a visit is counted, over however many others, from one of these."""
    after, met = visit.after, set[str]()
    while after is not None and after not in met:
        if after in names:
            return True
        met.add(after)
        after = visits[after].after if after in visits else None
    return False
