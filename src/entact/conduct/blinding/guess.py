"""A guess of the treatment: asked of each by themselves, kept once, and shown to nobody on these pages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Any, Final

from django.utils.translation import gettext

from entact.conduct.asking import Asked
from entact.conduct.forms.place import timepoints
from entact.conduct.language.choice import of_study
from entact.conduct.language.codelists import codelist
from entact.conduct.reader import Folded, Reader
from entact.conduct.record.door import Author, Held, compose, store_entry, turn_of
from entact.conduct.sight import PARTICIPANT
from entact.course import Course, read
from entact.course.kinds.blinding import CLEAR, Guesser, guessers_at
from entact.course.state.blinding import DO_NOT_KNOW
from entact.protocol import Release
from entact.protocol.study import told_in
from entact.store import models
from entact.store.door import SYSTEM_LEDGER

GUESS: Final = "guess"
SUBJECT: Final[Guesser] = "participant"
THERAPIST: Final[Guesser] = "therapist"
RATER: Final[Guesser] = "rater"
LONGEST: Final = 2000


@dataclass(frozen=True)
class Guessing:
    """What was sent, as an entry says it; or what is missing of it."""

    data: Mapping[str, Any]
    problem: str = ""


def received(sent: Mapping[str, str], release: Release, *, may_leave: bool = False) -> Guessing:
    """A guess as it was typed.

    Args:
        sent: arm, confidence, why, clear and told, as the page sends them.
        may_leave: all but the arm can be left out, as by a rater who does not know why they think so.
    """
    arm, sure, clear = (sent.get(name, "").strip() for name in ("arm", "confidence", "clear"))
    why = sent.get("why", "").replace("\0", "").strip()[:LONGEST]
    if arm != DO_NOT_KNOW and arm not in release.file.arms:
        return Guessing({}, gettext("Say what you believe, or that you do not know."))
    if not (may_leave and not sure) and not (
        sure.isascii() and sure.isdecimal() and len(sure) < 4 and int(sure) <= 100
    ):
        return Guessing({}, gettext("Say how sure you are: a whole number from 0 to 100."))
    if clear not in CLEAR and not (may_leave and not clear):
        return Guessing({}, gettext("Say since when it has been clear to you, or that it is not."))
    data: dict[str, Any] = {"arm": arm, "told": sent.get("told") == "1"}
    data |= {"confidence": int(sure)} if sure else {}
    data |= {"clear": clear} if clear else {}
    return Guessing({**data, "why": why} if why else data)


def may_be_asked(course: Course, encounter: str, guesser: Guesser) -> str | None:
    """Why somebody is not asked for a guess at a visit now: empty where they are, None where never."""
    name = encounter.partition("#")[0]
    visit, held = course.release.visits.get(name), course.encounters.get(encounter)
    if visit is None or GUESS not in visit.activities or guesser not in guessers_at(visit.by, visit.kind):
        return None
    if course.randomisation is None and guesser != RATER:  # whom that would tell how far somebody is
        return gettext("Nobody has drawn a treatment for this participant yet.")
    if held is None or held.status == "missed":
        return gettext("The visit has not taken place.")
    if visit.kind == "dosing" and not any(dose.encounter == encounter for dose in course.doses):
        return gettext("Nothing has been given yet in this session.")
    return ""


def is_said(course: Course, encounter: str, guesser: Guesser, by: str) -> bool:
    """Whether somebody has said it at a visit; of the participant it does not matter who held the tablet."""
    return any(
        one.encounter == encounter and one.guesser == guesser and (guesser == PARTICIPANT or one.by == by)
        for one in course.guesses
    )


def keep_guess(
    guessing: Guessing,
    guesser: Guesser,
    encounter: str,
    reader: Reader,
    ledger: str,
    author: Author,
    now: datetime,
    written: datetime | None = None,
) -> str:
    """Keeps a guess, once of each at each visit; what stands against it, empty where it is kept.

    Args:
        written: when a sheet was filled in that is transcribed now; None of what is said on this device.
    """
    with turn_of(ledger):
        folded = reader.folded([ledger])[ledger]
        assert isinstance(folded, Folded)
        course = folded.course
        against = may_be_asked(course, encounter, guesser)
        if against != "":
            return against or gettext("Nobody asks for a guess here.")
        if is_said(course, encounter, guesser, author.identity):
            return ""
        data = dict(guessing.data)
        if guesser != PARTICIPANT:
            data["told"] = data["told"] or has_reported(author.identity, ledger)
        times = timepoints(course.release, encounter, GUESS)
        try:
            entry = compose(
                course,
                reader,
                ledger,
                author,
                now,
                GUESS,
                {"guesser": guesser, **data},
                written,
                encounter=encounter,
                source="typed" if written is None else "transcribed",
                timepoint=times[-1] if times else None,
            )
        except Held as error:
            return str(error)
        store_entry(entry, author, now)
        return ""


def written_at(text: str, course: Course, encounter: str, zone: tzinfo, now: datetime) -> datetime | str:
    """When a sheet was filled in, of what was typed; or what is wrong with it."""
    try:
        found = datetime.fromisoformat(text).replace(tzinfo=zone)
    except ValueError:
        return gettext("Say when the sheet was filled in: day and time stand on it.")
    held = course.encounters.get(encounter)
    if found > now or (held is not None and held.started is not None and found < held.started):
        return gettext("The sheet was filled in after the visit began, and before now.")
    return found


def has_reported(person: str, ledger: str) -> bool:
    """Whether a person has reported that they were told, of this participant or without saying of whom."""
    texts = models.Line.objects.filter(ledger__name=SYSTEM_LEDGER, kind="told").values_list("text", flat=True)
    reports = (read(text).data for text in texts)
    return any(one.get("person") == person and one.get("about") in ("", ledger) for one in reports)


def own_guesser(asked: Asked, encounter: str) -> Guesser | None:
    """As what whoever looks says at a visit what they believe: a therapist, or a rater who is of the site's;
    None where they are not asked there."""
    if asked.authenticated is None:
        return None
    roles = asked.person.roles_at(asked.course.site) & asked.person.permissions.roles_for("guess")
    return next(
        (
            one
            for one in (THERAPIST, RATER)
            if one in roles and may_be_asked(asked.course, encounter, one) == ""
        ),
        None,
    )


def asked_of(asked: Asked, encounter: str) -> dict[str, bool]:
    """Of a visit: whether whoever looks says what they believe here, hands it over, or copies a sheet."""
    identity = asked.person.identity
    guesser = own_guesser(asked, encounter)
    own_said = guesser is not None and is_said(asked.course, encounter, guesser, identity)
    hands = (
        asked.role_for("ask_guess") is not None and may_be_asked(asked.course, encounter, "participant") == ""
    )
    copies = asked.role_for("transcribe_guess") is not None
    copies = copies and may_be_asked(asked.course, encounter, "participant") == ""
    said = is_said(asked.course, encounter, "participant", "")
    return {
        "copies": copies and not said,
        "copied": copies and said,
        "own": guesser is not None and not own_said,
        "own_said": own_said,
        "hands": hands and not said,
        "handed": hands and said,
    }


def fields_of(release: Release, sent: Mapping[str, str], language: str | None = None) -> dict[str, Any]:
    """What the page asks: every arm in the order of the study file, the same for everybody."""
    language = language or of_study(release.file.languages)
    return {
        "arms": [(name, told_in(arm.title, language)) for name, arm in release.file.arms.items()]
        + [(DO_NOT_KNOW, gettext("I do not know"))],
        "clear": list(codelist(GUESS, "clear").items()),
        "sent": sent,
    }
