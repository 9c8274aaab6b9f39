"""What a console is told of one session, as one role may see it: the study's rules, and what was entered.

Nothing here depends on the arm, and nothing is a model's expectation: limits are the study's, the baseline is
the person's own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from typing import Any

from django.utils.translation import get_language

from entact.conduct.access.called import people_called
from entact.conduct.asking import Asked
from entact.conduct.forms.wording import instruments_in_words, words_here
from entact.conduct.frame import banner
from entact.conduct.language.choice import of_study
from entact.conduct.record.door import written_under
from entact.conduct.record.opened import is_closed
from entact.conduct.refusal import teller
from entact.conduct.session.asking import in_words
from entact.conduct.session.rules import of_file, seconds, seen_gates
from entact.conduct.session.sealed import GRANTED, OF_SESSION, Grant, public_key
from entact.conduct.sight import DOSING
from entact.conduct.words import title_of_visit, told
from entact.course import Course
from entact.course.entry.dates import in_date
from entact.course.entry.effective import Effective
from entact.course.found.attested import version_of
from entact.course.found.recording import agrees_to_recording
from entact.course.gates.place import staff_reasons
from entact.course.gates.question import Reason
from entact.course.gates.standing import standing
from entact.course.kinds.booking import bookings_of
from entact.course.state.form import VITALS, Answers
from entact.course.state.setting import Setting
from entact.protocol import Release, Study

_ROSTER = timedelta(hours=36)


def brief(asked: Asked, study: Study, setting: Setting, encounter: str, role: str) -> dict[str, Any]:
    """All that a console needs for one session.

    Args:
        asked: who asks, about whom. study, setting: as the gates take them. role: as what they write.
    """
    course, release = asked.course, asked.course.site_release(asked.now)
    visit = course.release.visits[encounter.partition("#")[0]]
    author = asked.author(role)
    grant = Grant(
        asked.person.identity,
        role,
        asked.participant.ledger,
        encounter,
        author.authenticated.session or "",
        course.site or "",
        (asked.now + GRANTED).isoformat(timespec="seconds"),
    )
    booked = bookings_of(course).get(encounter)
    sight = asked.reader.sight
    gates, told_reason = seen_gates(sight), teller(sight, course.release, course.population)
    found = {
        "format": 1,
        "language": get_language(),
        "now": asked.now.isoformat(),
        "head": course.size,
        "banner": banner(asked.reader.environment),
        "environment": asked.reader.environment,
        "study": told(study.newest.file.title),
        "release": written_under(course, asked.now),
        "key": public_key(),
        "grant": grant.text(),
        "until": grant.until,
        "person": {
            "identity": asked.person.identity,
            "name": asked.person.name,
            "role": role,
            "gives": gives_doses(asked),
        },
        "participant": {"ledger": asked.participant.ledger, "number": asked.participant.number},
        "site": course.site,
        "zone": str(asked.zone),
        "address": f"/participants/{asked.key}/{encounter.replace('#', '.')}/",
        "encounter": encounter,
        "title": title_of_visit(visit.visit, course.release.visits),
        "booked": booked.at.isoformat() if booked is not None else None,
        "records": agrees_to_recording(course, asked.now),
        "lasts": seconds(visit.lasts),
        "together": list(visit.together) if visit.together is not None else None,
        "activities": [one for one in visit.activities if sight.sees_activity(one)],
        "timed": [{"do": one.do, "at": one.at} for one in visit.timed if sight.sees_activity(one.do)],
        "standing": {
            name: _standing(name, study, setting, course, asked, encounter, told_reason) for name in gates
        },
        "kits": list(course.kits) if sight.sees("dosing") else None,  # all that are this participant's
        "levels": list(visit.levels),
        "doses": sorted({one.session for one in course.doses if one.given and one.part == "initial"}),
        "staff": _staff(asked, setting),
        "people": _people(asked, setting, encounter),
        "roster": _roster(asked, setting),
        "older": dict(_older(asked, course, release, encounter)),
        "said": list(said(asked, encounter)),
        **of_file(release, sight, lambda form: asked.role_entering(form) is not None, course.site),
    }
    found["forms"] = dict(_in_words(found["forms"], study, release, course.site))
    return _told(found)


def _in_words(
    forms: Mapping[str, dict[str, Any]], study: Study, release: Release, site: str | None
) -> Iterator[tuple[str, dict[str, Any]]]:
    """The forms in the words that the site has entered of their instruments, where it has; lost ones told."""
    entered = instruments_in_words(site or "", study)
    language = of_study(release.file.languages) or release.file.languages[0]
    for name, sent in forms.items():
        instrument = release.forms[name].instrument
        if instrument is None or instrument.name not in entered:
            yield name, sent
            continue
        spoken = words_here(site or "", study, instrument, [language])
        asked = sent if spoken.words is None else in_words(sent, spoken.words)
        yield name, asked | ({"problem": spoken.problem} if spoken.problem else {})


def _told(found: Any) -> Any:
    """A briefing in which the study's own words stand in the language of who asks."""
    if isinstance(found, Mapping):
        return {name: _told(one) for name, one in found.items()}
    if isinstance(found, list | tuple):
        return [_told(one) for one in found]
    return told(found) if isinstance(found, str) else found


def said(asked: Asked, encounter: str) -> Iterator[dict[str, Any]]:
    """What was entered of a session and may be seen, in order of time, without what is sealed."""
    course = asked.course
    answers = {
        (one.entry, one.form): one
        for several in course.answers.values()
        for one in several
        if one.encounter == encounter
    }
    for effective in course.effective:
        entry = effective.entry
        if (
            entry.encounter != encounter
            or effective.id not in asked.seen.entries
            or entry.kind not in OF_SESSION
        ):
            continue
        found = {
            "id": effective.id,
            "kind": entry.kind,
            "at": effective.at.isoformat(),
            "by": entry.by,
            "role": entry.role,
            "timepoint": entry.timepoint,
            "about": entry.about,
            "data": dict(_plain(effective)),
            "version": version_of(effective),
        }
        form = VITALS if entry.kind == "vital_signs" else entry.data.get("form")
        answered = answers.get((effective.id, str(form)))
        yield found | ({} if answered is None else _values(answered))


def _plain(effective: Effective) -> Iterator[tuple[str, Any]]:
    """The data of an entry without ciphertext; a form's items come as values."""
    for name, value in effective.data.items():
        if name != "items" and not is_closed(value):
            yield name, value


def _values(answers: Answers) -> dict[str, Any]:
    return {
        "form": answers.form,
        "status": answers.status,
        "values": {name: _value(value) for name, value in answers.values.items()},
        "beyond": {name: _value(value) for name, value in answers.beyond.items()},
    }


def _value(value: Any) -> Any:
    return value.total_seconds() if isinstance(value, timedelta) else value


def _standing(
    act: str,
    study: Study,
    setting: Setting,
    course: Course,
    asked: Asked,
    encounter: str,
    told_reason: Callable[[Reason], str],
) -> dict[str, Any]:
    found = standing(act, study, setting, course, asked.person.identity, asked.now, encounter)
    return {
        "reasons": [{"code": one.code, "message": told_reason(one)} for one in found.reasons],
        "until": found.until.isoformat(),
        "kits": [
            {
                "number": kit.number,
                "level": kit.level,
                "reasons": [told_reason(one) for one in kit.reasons],
            }
            for kit in found.kits
        ],
    }


def _staff(asked: Asked, setting: Setting) -> list[dict[str, Any]]:
    """Who works at the site, as what, whether a gate counts them today, and whether they follow sessions."""
    follows = asked.person.permissions.roles_for("follow_session")
    today = asked.now.astimezone(asked.zone).date()
    site = setting.site
    return [
        {
            "person": one.person,
            "roles": list(one.roles),
            "counts": not any(staff_reasons(one, one.person, site.id, today)),
            "follows": bool(follows & {*one.roles}),
            "works": bool(one.roles) and (one.until is None or in_date(one.until, today)),
        }
        for one in site.staff.values()
    ]


def _people(asked: Asked, setting: Setting, encounter: str) -> dict[str, str]:
    """What people are called whom the console tells of: who works at the site, and who entered something."""
    named = {one.person for one in setting.site.staff.values()} | {
        one["by"] for one in said(asked, encounter)
    }
    return {name: title for name, title in people_called().items() if name in named}


def _roster(asked: Asked, setting: Setting) -> list[dict[str, Any]]:
    """Who is on call at the site until the night after this one."""
    until = asked.now + _ROSTER
    return [
        {
            "role": one.role,
            "person": one.person,
            "number": one.number,
            "since": one.since.isoformat(),
            "until": one.until.isoformat(),
        }
        for one in setting.site.roster
        if one.number and one.until > asked.now and one.since < until
    ]


def _older(
    asked: Asked, course: Course, release: Release, encounter: str
) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """The last value before this session of each name that a rule of it uses, and when it was said."""
    rules = [one.rule for gate in release.gates.values() for one in gate.requirements]
    rules += [one.rule for one in release.alerts.values()]
    names = sorted({name for rule in rules for name in rule.names})
    values = course.values(encounter, asked.now)
    values.ever = True
    by_id = {one.id: one for one in course.effective}
    for name in names:
        form = name.split(".")[-2]
        if not asked.reader.sight.sees_form(form):
            continue
        answers = values.source(name)
        if answers is not None and answers.encounter != encounter:
            lasting = release.forms[form].lasting or name.count(".") == 2
            value = _value(answers.values[name.rpartition(".")[2]])
            yield (
                name,
                {
                    "value": value,
                    "at": answers.at.isoformat(),
                    "lasting": lasting,
                    "entry": answers.entry,
                    "version": version_of(by_id[answers.entry]) if answers.entry in by_id else None,
                },
            )


def gives_doses(asked: Asked) -> bool:
    """Whether whoever asks may give a dose here: a device of somebody else holds no dosing lease."""
    return any(asked.role_for(act) is not None for act in ("initial_dose", "supplement"))


def sees_sessions(asked: Asked) -> bool:
    """Whether a role may see what a session is made of: the doses, and the vital signs."""
    return asked.reader.sight.sees(DOSING) and asked.reader.sight.sees_form(VITALS)
