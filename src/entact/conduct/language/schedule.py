"""The schedule of activities in the language of a page: when visits are, what is done at them, and when.

It is told in English where nothing knows of pages (`entact.protocol.words.schedule`). Titles of visits,
forms, epochs and tracks are the study's own: they are in the reader's language where the study file has it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Final

from django.utils.translation import gettext, gettext_noop

from entact.conduct.language.choice import of_study
from entact.conduct.language.rules import told_length
from entact.protocol import Release
from entact.protocol.study import Translated, Visit, told_in
from entact.protocol.words import Activities, Group, VisitRow, activities
from entact.protocol.words.label import abbreviated, within_sentence
from entact.protocol.words.schedule import visit_words

# When a visit is; `after` is a visit or an event, `time` a length of time.
WHEN: Final = (
    gettext_noop("{when}, best {best}"),
    gettext_noop("the next morning after {after}, 06:00 to 12:00"),
    gettext_noop("the same day as {after}"),
    gettext_noop("within {time} of {after}"),
    gettext_noop("else {time} after {after}"),
    gettext_noop("{time} after {after}"),
    gettext_noop("after {after}"),
    gettext_noop("opens the study"),
    gettext_noop("opens the track"),
)
# What a visit is counted from, where that is no visit; what a group of visits is counted from.
COUNTED_FROM: Final = (
    gettext_noop("consent"),
    gettext_noop("the end of the washout"),
    gettext_noop("enrolment"),
    gettext_noop("randomisation"),
    gettext_noop("the assignment"),
    gettext_noop("the initial dose"),
    gettext_noop("the person's unblinding"),
    gettext_noop("the opening of the track"),
    gettext_noop("the first visit"),
)
# At which times of a session something is done.
TIMES: Final = (
    gettext_noop("{time} after the initial dose"),
    gettext_noop("{time} after the supplement"),
    gettext_noop("at the initial dose"),
    gettext_noop("at the supplement"),
    gettext_noop("before the initial dose"),
    gettext_noop("at the end"),
    gettext_noop("once in its turn"),
)
# What entact itself does at a visit (`ACTIVITIES` of `entact.protocol.timetable`).
DONE: Final = (
    gettext_noop("screening"),
    gettext_noop("eligibility"),
    gettext_noop("medicines taken"),
    gettext_noop("vital signs"),
    gettext_noop("guess of the treatment"),
    gettext_noop("adverse events"),
    gettext_noop("safety call"),
    gettext_noop("dose"),
    gettext_noop("link"),
    gettext_noop("unblinding"),
    gettext_noop("assignment"),
)
# Kinds of visits, in the key of the drawing; how one is met that is not met in person.
KINDS: Final = (
    gettext_noop("assessment"),
    gettext_noop("preparatory"),
    gettext_noop("dosing session"),
    gettext_noop("integration"),
    gettext_noop("call"),
    gettext_noop("end of study"),
    gettext_noop("telephone"),
    gettext_noop("video"),
)


def told_schedule(release: Release) -> Activities:
    """The schedule of activities of a release in the language of the page."""
    plain = activities(release)
    anchors = dict(_anchors(release.visits))
    groups = tuple(_group(group, release.visits, anchors) for group in plain.groups)
    return Activities(
        groups=_titled(groups, release),
        rows={name: _row(name, row, release) for name, row in plain.rows.items()},
        epochs={name: _own(epoch.title) for name, epoch in release.file.epochs.items()},
    )


def _own(title: str) -> str:
    return told_in(title, of_study(list(title.by_language))) if isinstance(title, Translated) else title


def _in_sentence(title: str) -> str:
    reads = of_study(list(title.by_language)) if isinstance(title, Translated) else None
    return within_sentence(title) if reads is None else within_sentence(_own(title), reads)


def _anchors(visits: Mapping[str, Visit]) -> Iterator[tuple[str, str]]:
    """What a visit may be counted from, as it stands in a sentence, and as it is told."""
    for said in COUNTED_FROM:
        yield said, gettext(said)
    for name, visit in visits.items():
        said = visit_words(name, visits)
        yield said, _in_sentence(visit.title) if visit.title and visit.then is None else said


def _group(group: Group, visits: Mapping[str, Visit], anchors: Mapping[str, str]) -> Group:
    after = "|".join(map(re.escape, sorted(anchors, key=len, reverse=True)))
    patterns = [(said, _pattern(said, after)) for said in WHEN]
    told = tuple(_visit(one, visits[one.name], anchors, patterns) for one in group.visits)
    return replace(group, since=anchors.get(group.since, group.since), visits=told)


def _visit(
    row: VisitRow, visit: Visit, anchors: Mapping[str, str], patterns: list[tuple[str, re.Pattern[str]]]
) -> VisitRow:
    return replace(
        row,
        title=_own(visit.title) if visit.title and visit.then is None else row.title,
        when=_told(row.when, anchors, patterns),
        fallback=_told(row.fallback, anchors, patterns),
        lasts=told_length(row.lasts),
        marks={name: tuple(map(told_time, times)) for name, times in row.marks.items()},
    )


def _told(words: str, anchors: Mapping[str, str], patterns: Iterable[tuple[str, re.Pattern[str]]]) -> str:
    for said, pattern in patterns:
        found = pattern.fullmatch(words)
        if found is not None:
            parts = found.groupdict()
            told = {name: _span(text) for name, text in parts.items() if name in ("time", "best")}
            if "when" in parts:
                told["when"] = _told(parts["when"], anchors, patterns)
            if "after" in parts:
                told["after"] = anchors[parts["after"]]
            return gettext(said).format(**told)
    return words


def told_time(words: str) -> str:
    """A time of a session: `90 min after the initial dose`."""
    for said in TIMES:
        found = _pattern(said, "").fullmatch(words)
        if found is not None:
            return gettext(said).format(**{name: _span(text) for name, text in found.groupdict().items()})
    return words


def _span(text: str) -> str:
    """A length of time, or from one to another."""
    first, between, last = told_length(text).partition(" to ")
    return gettext("{first} to {last}").format(first=first, last=last) if between else first


def _pattern(said: str, after: str) -> re.Pattern[str]:
    within = {"after": after, "when": ".+"}
    parts = re.split(r"\{(\w+)\}", said)
    made = [
        re.escape(part) if place % 2 == 0 else f"(?P<{part}>{within.get(part, '.+?')})"
        for place, part in enumerate(parts)
    ]
    return re.compile("".join(made))


def _row(name: str, plain: str, release: Release) -> str:
    """What is done: a form by its title, short where that says how, what entact does by its name."""
    form = release.forms.get("vitals" if name == "vital_signs" else name)
    if form is None:
        return gettext(plain)
    title = form.form.title or (form.instrument.title if form.instrument is not None else "")
    own = _own(title)
    return plain if own == str(title) else abbreviated(own)


def _titled(groups: tuple[Group, ...], release: Release) -> tuple[Group, ...]:
    """Groups by the titles of their population and of their track, as the file has those in the language."""
    file = release.file
    said = [one.title for one in file.populations.values()] + [one.title for one in file.tracks.values()]
    own = {str(title): _own(title) for title in said if title}
    return tuple(
        group
        if group.title is None
        else replace(group, title=": ".join(own.get(one, one) for one in group.title.split(": ")))
        for group in groups
    )
