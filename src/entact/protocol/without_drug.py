"""Whether arms whose visits differ make sense: an arm without a drug, and the tracks that open on an arm."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from entact.protocol.problem import Fault, Path, unknown
from entact.protocol.study import StudyFile, Visit

ASSIGNMENT = "assignment"


def check_arms_apart(
    file: StudyFile, visits: Mapping[str, Visit], paths: Mapping[str, Path]
) -> Iterator[Fault]:
    """What is wrong where visits, or the drug, differ by arm; `paths` says where each visit's row stands."""
    without = [name for name, arm in file.arms.items() if arm.drug == "none"]
    yield from _roles_of_arms(file)
    yield from _tracks_of_arms(file)
    if without:
        yield from _sessions(file, without, visits, paths)
        for name, regimen in file.regimens.items():
            for arm in regimen.arms:
                if arm in without:
                    message = f"the arm {arm!r} has `drug: none`; take this dose out, or the word"
                    yield Fault(("regimens", name, "arms", arm), message)
    yield from _told(file, visits, paths)


def _roles_of_arms(file: StudyFile) -> Iterator[Fault]:
    for name, arm in file.arms.items():
        if arm.drug == "none" and arm.role == "placebo":
            message = (
                "contradicts `drug: none`: placebo is taken; write `role: no_intervention`, or take one out"
            )
            yield Fault(("arms", name, "role"), message)
        elif arm.role == "no_intervention" and arm.drug != "none":
            message = "is given nothing; write `drug: none` as well, or another role"
            yield Fault(("arms", name, "role"), message)
        elif arm.drug == "none" and file.randomisation is None and len(file.arms) == 1:
            message = "is the only arm, and this is a study of a drug; add one with a drug, or take it out"
            yield Fault(("arms", name, "drug"), message)
    if len(file.arms) > 1 and all(arm.drug == "none" for arm in file.arms.values()):
        first = next(iter(file.arms))
        yield Fault(("arms", first, "drug"), "no arm is given a drug; take it out of at least one")


def _tracks_of_arms(file: StudyFile) -> Iterator[Fault]:
    for name, track in file.tracks.items():
        if not track.arms:
            continue
        path: Path = ("tracks", name, "opens_on")
        if others := [f"{what}.{of}" for what, of in track.openings if what != "assigned"]:
            message = (
                f"{others[0]!r} opens it for people of every arm, and `assigned` for those of some; make two "
                "tracks of it"
            )
            yield Fault(path, message, track.opens_on.find(others[0]))
        for arm in sorted(track.arms - file.arms.keys()):
            place = track.opens_on.find(f"assigned.{arm}") + len("assigned.")
            yield Fault(path, unknown("arm", arm, file.arms), place)
        if file.randomisation is None:
            yield Fault(path, "nobody is randomised, so there is no arm to be assigned to; take it out")


def _sessions(
    file: StudyFile, without: list[str], visits: Mapping[str, Visit], paths: Mapping[str, Path]
) -> Iterator[Fault]:
    """Sessions with a dose that people of an arm without a drug would have."""
    drug = " or ".join(f"assigned.{name}" for name in file.arms if name not in without)
    seen: set[str] = set()
    for visit in visits.values():
        path = paths[visit.visit]
        if visit.kind != "dosing" or str(path) in seen:
            continue
        seen.add(str(path))
        track = file.tracks.get(visit.track or "")
        if track is None and visit.track is None:
            message = (
                f"gives a dose, and the arm {without[0]!r} has `drug: none`; put it into a track with "
                f"`opens_on: {drug}`"
            )
            yield Fault((*path, "visit"), message)
        elif track is not None:
            for what, name in track.openings:
                if what == "assigned" and name in without:
                    place = track.opens_on.find(f"assigned.{name}")
                    message = (
                        f"{visit.visit} gives a dose, and the arm {name!r} has `drug: none`; take it out"
                    )
                    yield Fault(("tracks", visit.track or "", "opens_on"), message, place)
                elif what == "consent":
                    message = (
                        f"{visit.visit} gives a dose to whoever consents, and the arm {without[0]!r} has "
                        f"`drug: none`; write `{drug}`, or `unblinded.{without[0]}` for who has it later"
                    )
                    yield Fault(("tracks", visit.track or "", "opens_on"), message)


def _told(file: StudyFile, visits: Mapping[str, Visit], paths: Mapping[str, Path]) -> Iterator[Fault]:
    """Whether it is said where and to whom it is told of which arms a person's visits are."""
    done = [visit for visit in visits.values() if ASSIGNMENT in visit.activities]
    tells = file.randomisation.tells if file.randomisation is not None else []
    apart = file.told_apart
    for place, role in enumerate(tells):
        if role not in {*file.roles, "participant"}:
            yield Fault(("randomisation", "tells", place), unknown("role", role, file.roles))
    if not apart:
        for visit in done:
            path = paths[visit.visit]
            where = (*path, "do", visit.do.index(ASSIGNMENT)) if ASSIGNMENT in visit.do else (*path, "timed")
            message = "every arm has the same visits, so that nobody is to be told of theirs; take it out"
            yield Fault(where, message)
        if tells:
            message = "every arm has the same visits, so that nobody is told anything; take it out"
            yield Fault(("randomisation", "tells"), message)
        return
    if file.randomisation is None:
        return
    if not done:
        message = "visits differ by arm, and no visit does 'assignment', which tells whose they are; add it "
        message += "to a `do:` behind 'randomisation'"
        yield Fault(("schedule",), message)
    for visit in done:
        do = visit.do
        if "randomisation" in do and ASSIGNMENT in do and do.index(ASSIGNMENT) < do.index("randomisation"):
            path = paths[visit.visit]
            message = "is told before anybody is randomised; put it behind 'randomisation'"
            yield Fault((*path, "do", do.index(ASSIGNMENT)), message)
        if visit.track is not None:
            message = "is of a track, which opens with what is told; put it at a visit of the main track"
            yield Fault((*paths[visit.visit], "track"), message)
    if "participant" not in tells:
        message = "visits differ by arm, and whoever has them knows it; write `tells:` with participant, and "
        message += "who else hears it"
        path = ("randomisation", "tells") if tells else ("randomisation",)
        yield Fault(path, message, at_key=not tells)
        return
    yield from _fillers(file, tells)


def _fillers(file: StudyFile, tells: list[str]) -> Iterator[Fault]:
    """Who fills a form, or holds a visit, that people of some arms alone have, and is not told."""
    for place, visit in enumerate(file.schedule):
        track = file.tracks.get(visit.track or "")
        if track is None or not track.arms:
            continue
        forms = [name for name in visit.activities if name in file.all_forms]
        for role in [visit.by, *(file.all_forms[name].by for name in forms)]:
            if role is not None and role not in tells:
                message = (
                    f"{role} would know the arm by this visit, and is not told it; add {role} to "
                    "`randomisation: {tells: …}`, or ask it at a visit that all have"
                )
                yield Fault(("schedule", place, "visit"), message)
                break


def plain_to_all(file: StudyFile) -> Iterator[Fault]:
    """A warning for each arm without a drug that is plain to people from whom the allocation is hidden."""
    tells = set(file.randomisation.tells) if file.randomisation is not None else set()
    hidden = [one.role for one in file.blinding if "allocation" in one.hidden and one.role in tells]
    if not hidden:
        return
    known: set[tuple[str, ...]] = set()
    for name, arms in file.told_apart.items():
        if file.arms[name].drug != "none" or arms in known:
            continue
        known.add(arms)
        blind = [one.role for one in file.blinding if "allocation" in one.hidden and one.role not in tells]
        stays = (
            f"{', '.join(dict.fromkeys(blind))} alone stay blinded to it"
            if blind
            else "nobody is blinded to it"
        )
        message = (
            f"who is of {' or '.join(arms)} is plain to {', '.join(dict.fromkeys(hidden))}: they have "
            f"no session with a dose; {stays}. Sessions that look the same take a placebo"
        )
        yield Fault(("arms", name, "drug"), message)
