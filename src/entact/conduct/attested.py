"""What people have said of one entry, as it reads: signatures, verification and queries."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import tzinfo
from typing import Final

from django.utils.translation import gettext, gettext_lazy

from entact.conduct.asking import Asked
from entact.conduct.language.codes import code_words
from entact.conduct.words import lower_words, moment, title_of_item
from entact.course import Course
from entact.course.entry.effective import Effective
from entact.course.found.attested import version_of
from entact.course.found.verified import items_of, verified_in
from entact.course.kinds.query import queries_of
from entact.protocol import CompiledForm

# What a signature means, by its code. Source: 21 CFR 11.50(a)(3).
MEANINGS: Final[Mapping[str, str]] = {
    "approval": gettext_lazy("I have reviewed these data: they are complete and agree with the source"),
    "review": gettext_lazy("I have reviewed these data"),
    "responsibility": gettext_lazy("I answer for these data"),
}


@dataclass(frozen=True)
class Attested:
    """One thing that somebody attested of an entry, in words, and whether it holds of what stands now."""

    words: str
    holds: bool


@dataclass(frozen=True)
class QueryLine:
    """A query about the entry: its id, status, and item in words."""

    query: str
    status: str
    item: str

    @property
    def status_words(self) -> str:
        """The status as people say it."""
        return code_words(self.status)


@dataclass(frozen=True)
class Review:
    """What has been said of an entry, and what whoever asks may do about it.

    Attributes:
        verified: in words; empty where nobody verified anything. to_verify: items that are not yet.
    """

    key: str
    entry: str
    head: int
    signed: tuple[Attested, ...]
    queries: tuple[QueryLine, ...]
    verified: str
    to_verify: tuple[tuple[str, str], ...]
    may_ask: bool
    may_verify: bool
    may_sign: bool


def review_of(asked: Asked, effective: Effective | None) -> Review | None:
    """What has been said of an entry that is seen; None where there is none."""
    if effective is None:
        return None
    course = asked.course
    known = verified_in(course).get(effective.id)
    items, form = items_of(effective), form_of(course, effective)
    done = known.items if known is not None else frozenset()
    return Review(
        key=asked.participant.key,
        entry=effective.id,
        head=max((seq for versions in asked.folded.versions.values() for seq, _ in versions), default=0),
        signed=attested_of(course, effective, asked.zone),
        queries=tuple(
            QueryLine(one.entry, one.status, title_of_item(form, one.item) if one.item else "")
            for one in queries_of(course)
            if one.about == effective.id and one.entry in asked.seen.entries
        ),
        verified=""
        if not done
        else gettext("verified against the source")
        if known is not None and known.whole
        else gettext("{count} of {count_2} items verified against the source").format(
            count=len(done), count_2=len(items)
        ),
        to_verify=tuple((name, title_of_item(form, name)) for name in items if name not in done),
        may_ask=asked.role_for("ask_query") is not None,
        may_verify=asked.role_for("verify") is not None,
        may_sign=asked.role_for("sign") is not None,
    )


def form_of(course: Course, effective: Effective) -> CompiledForm | None:
    """The form that an entry fills in, as its release says it; None of other kinds."""
    return course.release_of(effective.entry).forms.get(str(effective.data.get("form", "")))


def meaning_words(code: str) -> str:
    """What a signature means, as people say it."""
    return str(MEANINGS.get(code, lower_words(code)))


def attested_of(course: Course, effective: Effective, zone: tzinfo) -> tuple[Attested, ...]:
    """Every signature of an entry, in order of time, with whether it covers what stands."""
    found = []
    for one in course.signatures:
        if effective.id not in one.versions:
            continue
        who = f"{one.name} ({one.by})" if one.name not in ("", one.by) else one.by
        said = gettext("Signed by {who}, {when}: {meaning}.").format(
            who=who, when=moment(one.at, zone), meaning=meaning_words(one.meaning)
        )
        holds = one.versions[effective.id] == version_of(effective)
        broken = "" if holds else gettext(" Changed since: the signature does not cover what stands here.")
        found.append(Attested(said + broken, holds))
    return tuple(found)
