"""Questions about what a rater sent: they reach the rater under the token, and are answered there.

Who asks knows of whom it is, and the rater must not: a question that names the participant, the site or the
visit is not taken (`telling_words`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from django.utils.translation import gettext

from entact.conduct.error import ConductError
from entact.conduct.permissions import Person
from entact.conduct.rating.asked import RatingAsked
from entact.conduct.rating.domain import course_in
from entact.conduct.rating.models import Offer
from entact.conduct.reader import Reader
from entact.conduct.record.door import compose, store_entry, turn_of
from entact.conduct.words import lower_words, title_of_form, title_of_visit, value
from entact.course import Course
from entact.course.kinds.query import QueryState, queries_of
from entact.protocol.study import told_in
from entact.store import lists

LONGEST = 2000
AT_MOST = 200


@dataclass(frozen=True)
class Question:
    """One question: the form and item that it is about, and what is asked."""

    query: str
    form: str
    item: str
    text: str


def is_for_rater(course: Course, entry: str) -> bool:
    """Whether a question about an entry goes to a rater apart from the sites."""
    found = next((one.entry for one in course.effective if one.id == entry), None)
    return found is not None and found.kind == "form" and found.role in course.release.roles_apart


def telling_words(course: Course, text: str) -> list[str]:
    """The words of a text that would tell a rater of whom, where or when in the study it is, or which arm."""
    visits, file = course.release.visits, course.release.file
    known = [*visits, *(title_of_visit(name, visits) for name in visits), *file.sites]
    known += [*file.arms, *(told_in(one.title, None) for one in file.arms.values())]
    known += [one.number for one in course.screenings]
    known += [course.enrolment.subject] if course.enrolment is not None else []
    known += [course.randomisation.number] if course.randomisation is not None else []
    there = text.casefold()
    return [
        one
        for one in dict.fromkeys(known)
        if one and re.search(rf"(?<!\w){re.escape(one.casefold())}(?!\w)", there) is not None
    ]


def with_questions(person: Person, reader: Reader) -> list[Offer]:
    """The assessments of a rater about which something is asked, by token, whenever they were sent."""
    own = {one.ledger: one for one in Offer.objects.filter(over=False, taken_by=person.identity)}
    if not own:
        return []
    found = lists.queries(hidden=reader.sight.hidden_names, ledgers=list(own), limit=AT_MOST)
    return sorted(
        {own[one.ledger].token: own[one.ledger] for one in found}.values(), key=lambda one: one.token
    )


def questions_in(asked: RatingAsked) -> tuple[Question, ...]:
    """What is asked about the forms of an assessment, and not answered yet; who asks is not said."""
    return tuple(_question(asked, one) for one in _open_in(asked, asked.course))


def answer_question(asked: RatingAsked, query: str, text: str) -> None:
    """Keeps what a rater answers.

    Raises:
        ConductError: when it says nothing, or nothing is asked any more.
    """
    if not text.strip():
        raise ConductError(gettext("say your answer in words"))
    with turn_of(asked.offer.ledger):
        course = course_in(asked.reader, asked.offer.ledger)  # as others have left it meanwhile
        if query not in {one.entry for one in _open_in(asked, course)}:
            raise ConductError(gettext("this is not asked any more"))
        data = {"said": "answered", "text": text.strip()[:LONGEST]}
        to = course, asked.reader, asked.offer.ledger, asked.author, asked.now
        store_entry(compose(*to, "query", data, about=query), asked.author, asked.now)


def _open_in(asked: RatingAsked, course: Course) -> Iterator[QueryState]:
    own = {
        one.id
        for one in course.effective
        if one.entry.encounter == asked.offer.encounter and one.entry.by == asked.person.identity
    }
    return (
        one
        for one in queries_of(course)
        if one.status == "open" and not one.rule and one.about in own and is_for_rater(course, one.about)
    )


def _question(asked: RatingAsked, query: QueryState) -> Question:
    about = next(one for one in asked.course.effective if one.id == query.about)
    compiled = asked.course.release.forms.get(str(about.data.get("form")))
    last = next(one for one in reversed(asked.course.effective) if one.id in query.entries)
    title = "" if compiled is None else title_of_form(compiled)
    text = value(asked.opener.items(last, last.data).get("text") or "")
    return Question(query.entry, title, lower_words(query.item), text)
