"""What the page of consent shows: each that was made, what taking back means, and what is to be renewed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.translation import gettext

from entact.conduct.access.models import Account
from entact.conduct.asking import Asked
from entact.conduct.language.codes import code_words
from entact.conduct.words import day, moment, scopes_in_order, title_of_scope, told
from entact.course import Course
from entact.course.state.reconsent import reconsents_of
from entact.protocol import Release
from entact.protocol.words.label import begun


@dataclass(frozen=True)
class Scope:
    """One scope: what it allows, what stands of it, and what follows where it is taken back."""

    name: str
    text: str
    given: bool | None
    chosen: str
    consequence: str


@dataclass(frozen=True)
class Made:
    """One consent that was entered.

    Attributes:
        is_signed: there is a text, which can be had as a PDF. standing: whether it is in force, refused or
            withdrawn; empty where another has taken its place.
    """

    entry: str
    when: str
    version: str
    given: str
    how: str
    informed: str
    is_signed: bool
    standing: str
    is_in_force: bool
    scan: str


def scopes_of(course: Course, release: Release, sent: Mapping[str, str]) -> list[Scope]:
    """Every scope of the release that is consented to."""
    standing = course.consent.scopes if course.consent is not None else {}
    return [
        Scope(
            name,
            begun(told(text)),
            standing.get(name),
            sent.get(f"scope:{name}", ""),
            _consequence(course, name),
        )
        for name, text in release.file.consent.items()
    ]


def _consequence(course: Course, name: str) -> str:
    """What follows where a scope is taken back."""
    consent = course.consent
    if consent is None:
        return ""
    if name in consent.taking_part:
        scopes = course.release.file.consent
        kept = [
            title_of_scope(one, scopes)
            for one in course.release.file.consent_kept
            if consent.scopes.get(one) is True
        ]
        ends = gettext(
            "ends the study for this person: no visit is due, nobody treats them; what safety needs can "
            "still be entered. Every other scope is taken back with it"
        )
        stays = gettext("but what is not ticked of: {kept}").format(kept="; ".join(kept))
        return f"{ends}, {stays}" if kept else ends
    if name in consent.needed:
        return gettext("closes the gates of {scope}; the other visits go on").format(
            scope=title_of_scope(name, course.release.file.consent)
        )
    if name in course.release.file.consent_kept:
        return gettext("ends that part alone; not ticked, it stays when taking part is taken back")
    return gettext("ends that part alone")


def consents_made(asked: Asked) -> list[Made]:
    """Every consent, the last first."""
    found = []
    course, names = asked.course, dict(Account.objects.values_list("name", "title"))
    for one in reversed(course.effective):
        if one.entry.kind != "consent" or one.id not in asked.seen.entries:
            continue
        data = one.data
        scopes = data.get("scopes")
        asked_for = _asked_for(course, one.entry.release)
        given = [
            begun(title_of_scope(name, asked_for))
            for name, yes in (scopes_in_order(scopes, asked_for) if isinstance(scopes, Mapping) else ())
            if yes
        ]
        informed = str(data.get("informed_by") or "")
        informed = names.get(informed, informed)
        found.append(
            Made(
                entry=one.id,
                when=moment(one.at, asked.zone),
                version=str(data.get("version", "")),
                given="; ".join(given) or gettext("no scope is given"),
                how=code_words(str(data.get("how") or "")),
                informed=informed,
                is_signed=bool(data.get("text")),
                standing=_standing(course) if _is_last(course, one.id) else "",
                is_in_force=_is_last(course, one.id) and not _is_withdrawn(course),
                scan=str(data.get("signature") or "") if data.get("how") == "paper" else "",
            )
        )
    return found


def _asked_for(course: Course, release: str) -> Mapping[str, str]:
    """The scopes that a release asks for; those of the course's own where it is not known."""
    known = {one.id: one for one in course.study.releases}
    return known.get(release, course.release).file.consent


def _is_last(course: Course, entry: str) -> bool:
    return course.consent is not None and course.consent.entry == entry


def _is_withdrawn(course: Course) -> bool:
    return course.consent is not None and course.consent.is_withdrawn


def _standing(course: Course) -> str:
    """What the last consent amounts to: a withdrawal is what follows a consent, else it was refused."""
    if not _is_withdrawn(course):
        return gettext("in force")
    return (
        gettext("consent withdrawn")
        if any(one.given for one in course.consents)
        else gettext("consent refused")
    )


def renewal_of(asked: Asked) -> str:
    """To which release consent is to be given again, since when and by when; empty where to none.

    What is done of the new release without the consent is found as a deviation (`before_reconsent`).
    """
    study = asked.course.study
    due = next((one for one in reconsents_of(asked.course) if one.holds(asked.now)), None)
    if due is None:
        return ""
    known = dict(study.approvals).get(asked.course.site or "", ())
    since = gettext(" since {when}").format(when=moment(due.since, asked.zone)) if known else ""
    by = gettext(", by {day}").format(day=day(due.due)) if due.due is not None else ""
    label = study.release(due.release).file.release
    return gettext("The site works under release {label}{since}: consent is to be given again{by}.").format(
        label=label, since=since, by=by
    )
