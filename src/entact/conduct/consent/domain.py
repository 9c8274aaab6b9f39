"""Consent is signed, transcribed from paper, or taken back by scope."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

import msgspec
from django.utils.translation import gettext, gettext_noop

from entact.conduct.admission.known import Person, keep_person
from entact.conduct.asking import Asked
from entact.conduct.consent.text import Signing, text_of
from entact.conduct.record.door import Author, Held, compose, store_entry, turn_of
from entact.conduct.uploads.content import PNG, media_of, problem_with
from entact.course import Course
from entact.course.entry.entry import SecondProof
from entact.course.state.progress import died_by
from entact.protocol import Release
from entact.store.attachments import keep_attachment
from entact.store.identity import identity

DIED = gettext_noop(
    "The participant has died: nobody signs here. What they had signed on paper is entered with its scan."
)
_DRAWN = "data:image/png;base64,"
_LARGEST_DRAWING = 400_000  # characters of a drawn signature as it is sent


class Refusal(Exception):
    """Why nothing was signed; in words."""


@dataclass(frozen=True)
class Sent:
    """A consent as it was sent.

    Attributes:
        head: which consent was in force when the page was opened, by its entry; empty for none.
        scopes: every scope that was answered. drawn: a picture as the browser sends it. scan: of the paper.
        signed_at: when it was signed on paper; now, otherwise.
    """

    head: str
    version: str
    language: str
    scopes: Mapping[str, bool]
    how: str
    informed_by: tuple[str, str]
    informed_at: datetime
    signed_at: datetime
    drawn: str = ""
    person: Person = field(default_factory=Person)
    scan: bytes = b""


def release_of_consent(course: Course, now: datetime) -> Release:
    """The release that is consented to: the one in force at the site."""
    return course.site_release(now)


def sign_consent(
    asked: Asked, sent: Sent, author: Author, second: SecondProof, said_when: tuple[str, str]
) -> str:
    """Keeps a consent with its text and signature; the entry's id.

    Args:
        said_when: when the talk and the signature were, in words. second: what who enters it showed again.
    Raises:
        Refusal: with what has to be put right; then nothing was kept.
    """
    ledger = asked.participant.ledger
    with turn_of(ledger):
        now = asked.again()
        course = now.course
        if sent.head != (course.consent.entry if course.consent is not None else ""):
            raise Refusal(
                gettext("Another consent was entered since you opened this page: look at it first.")
            )
        if course.died is not None:
            _require_before_death(sent, died_by(course, course.died, now.zone))
        if _is_between(course):
            raise Refusal(
                gettext("Nobody signs a consent between a dose and discharge; what is taken back can be.")
            )
        release = release_of_consent(course, now.now)
        picture, media = _signature(sent, ledger, course.site or "")
        signing = Signing(
            version=sent.version,
            language=sent.language,
            scopes=sent.scopes,
            how=sent.how,
            number=course.screening.number if course.screening is not None else asked.participant.number,
            site=course.site or "",
            informed_by=sent.informed_by,
            informed_when=said_when[0],
            when=said_when[1],
            name=sent.person.name.strip(),
            born=str(sent.person.birth_date or ""),
        )
        data: dict[str, Any] = {
            "version": sent.version,
            "scopes": dict(sent.scopes),
            "language": sent.language,
            "how": sent.how,
            "informed_by": sent.informed_by[1],
            "informed_at": sent.informed_at.astimezone(now.zone).isoformat(timespec="seconds"),
        }
        shown = replace(author, authenticated=msgspec.structs.replace(author.authenticated, second=second))
        try:
            data["text"] = keep_attachment(ledger, text_of(signing, release).encode(), "text/plain")
            if picture:
                data["signature"] = keep_attachment(ledger, picture, media)
            entry = compose(
                course,
                now.reader,
                ledger,
                shown,
                now.now,
                "consent",
                data,
                sent.signed_at,
                release=release.id,
                encounter=_under_way(course),
            )
        except Held as error:
            raise Refusal(str(error)) from error
        if sent.how == "typed" and identity(ledger, course.site or "") is None:
            keep_person(sent.person, now.reader, ledger, course.site or "", author)
        store_entry(entry, shown, now.now)
        return entry.id


def take_back(asked: Asked, scopes: frozenset[str], author: Author) -> None:
    """Takes scopes of the consent in force back; always open.

    With taking part itself every scope goes, but what the study file keeps and nobody takes back as well.

    Raises:
        Refusal: when none of them is given.
    """
    ledger = asked.participant.ledger
    with turn_of(ledger):
        now = asked.again()
        consent = now.course.consent
        if consent is None:
            raise Refusal(gettext("There is no consent that could be taken back."))
        back = {name for name in scopes if consent.scopes.get(name) is True}
        if not back:
            raise Refusal(gettext("Choose what is taken back."))
        if back & set(consent.taking_part):
            # Nobody who takes no part is consented for in parts, but those that stand for themselves.
            back |= consent.scopes.keys() - set(now.course.release.file.consent_kept)
        data = {
            "version": consent.version,
            "scopes": {name: given and name not in back for name, given in consent.scopes.items()},
        }
        to = now.course, now.reader, ledger, author, now.now
        entry = compose(*to, "consent", data, release=consent.release, encounter=_under_way(now.course))
        store_entry(entry, author, now.now)


def _under_way(course: Course) -> str | None:
    under_way = [one.id for one in course.encounters.values() if one.status == "started"]
    return under_way[-1] if under_way else None


def _signature(sent: Sent, ledger: str, site: str) -> tuple[bytes, str]:
    """The bytes of a signature or of a scan, and what they are; none of what was typed."""
    if sent.how == "paper":
        problem = problem_with(sent.scan)
        if problem:
            raise Refusal(gettext("Scan of the paper: {problem}").format(problem=problem))
        return sent.scan, str(media_of(sent.scan))
    if sent.how == "typed":
        _require_person(sent, ledger, site)
        return b"", ""
    if not sent.drawn.startswith(_DRAWN) or len(sent.drawn) > _LARGEST_DRAWING:
        raise Refusal(gettext("Nothing was drawn: let the participant sign in the field."))
    try:
        picture = base64.b64decode(sent.drawn.removeprefix(_DRAWN), validate=True)
    except (binascii.Error, ValueError) as error:
        raise Refusal(gettext("The signature cannot be read: sign again.")) from error
    problem = problem_with(picture, (PNG,))
    if problem:
        raise Refusal(gettext("Signature: {problem}").format(problem=problem))
    return picture, PNG


def _require_person(sent: Sent, ledger: str, site: str) -> None:
    """That whoever types is who is kept at the site, where somebody is."""
    person = sent.person
    problem = person.problem(sent.signed_at.date())
    if problem:
        raise Refusal(problem)
    if not person.is_said:
        raise Refusal(
            gettext("To sign by typing, the participant types name and date of birth, as in 1980-04-30.")
        )
    kept = identity(ledger, site)
    if kept is not None and Person(kept["name"], kept["birth_date"]).mark("") != person.mark(""):
        raise Refusal(gettext("Name and date of birth are not those that are kept at this site."))


def _require_before_death(sent: Sent, died: datetime) -> None:
    """That nothing is signed by who has died: what they had signed on paper is still transcribed."""
    if sent.how != "paper":
        raise Refusal(gettext(DIED))
    if sent.signed_at > died:
        raise Refusal(
            gettext("The participant had died when this would have been signed: one of the times is wrong.")
        )


def _is_between(course: Course) -> bool:
    """Whether a dose is in the body's hours: then nothing is signed, the same scopes of another version or
    release neither, as they allow what is new in it. Taking back is always open.

    Source: ICH E6(R3) 2.8: whoever consents has to be able to.
    """
    under_way = (one.id for one in course.encounters.values() if one.status == "started")
    dosed = {dose.encounter for dose in course.doses if dose.given is not False}
    return any(encounter in dosed for encounter in under_way)
