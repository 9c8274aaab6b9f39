"""The checklist: each criterion, what the record says of it and the values that it rests on; who decided.

A criterion that rests on what the role does not see is left to the record: the role is asked nothing about
it and told nothing, and the gate of enrolment answers in the same words whether it is not met or not known
yet. So the decision of whoever is blinded never holds a hidden score, and nobody can tell one from it.

Of a participant who was found not eligible such a role is shown no single criterion, either: where every one
that it sees is met, the hidden one would be told. (The decision may be of somebody who sees more.)
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo
from hashlib import sha256
from typing import Final, Literal

from django.utils.translation import gettext, gettext_lazy

from entact.conduct.language.codes import code_words
from entact.conduct.sight import SeenCourse
from entact.conduct.words import moment, score, title_of_item, told
from entact.course import Course
from entact.course.kinds.enrolment import computed_criterion
from entact.course.state.values import Values

Status = Literal["met", "not_met", "unknown", "to_judge", "hidden", "withheld"]

SIGNS: Final = {"met": "●", "not_met": "✗", "unknown": "?", "to_judge": "○", "hidden": "–", "withheld": "–"}
WORDS: Final = {
    "met": gettext_lazy("met"),
    "not_met": gettext_lazy("not met"),
    "unknown": gettext_lazy("not known"),
    "to_judge": gettext_lazy("to be judged"),
    "hidden": gettext_lazy("left to the record: it rests on what is hidden from this role"),
    "withheld": gettext_lazy("not shown: with one hidden, the others would give it away"),
}
EXCLUDING: Final = {"met": gettext_lazy("does not apply"), "not_met": gettext_lazy("applies")}
COUNTED: Final = {"met": gettext_lazy("for taking part"), "not_met": gettext_lazy("against it")}


@dataclass(frozen=True)
class Line:
    """One criterion.

    Attributes:
        status: of taking part: an exclusion that applies is not met. rests: the values that it rests on.
        judged: what somebody judged, `true` or `false` as the entry has it; empty while nobody did, or where
            the role is not shown it. suggested: what the record says, to begin with.
    """

    name: str
    text: str
    kind: str
    status: Status
    rests: tuple[tuple[str, str], ...] = ()
    judged: str = ""
    suggested: str = ""

    @property
    def sign(self) -> str:
        """The sign of its status, so that nobody needs the colour."""
        return SIGNS[self.status]

    @property
    def words(self) -> str:
        """The status as people say it: an exclusion applies or does not, it is never met."""
        return str((EXCLUDING if self.kind == "exclusion" else WORDS).get(self.status, WORDS[self.status]))

    @property
    def is_asked(self) -> bool:
        """Whether whoever decides judges it."""
        return self.status != "hidden"


@dataclass(frozen=True)
class Checklist:
    """All criteria of a participant, and the decision in force.

    Attributes:
        decision: in words; empty while there is none. signed: whether it is. digest: tells one checklist from
            another, so that what is signed is what was shown.
    """

    lines: tuple[Line, ...]
    decision: str
    said: str
    is_signed: bool
    digest: str

    @property
    def counts(self) -> tuple[tuple[str, int], ...]:
        """How many there are of each status."""
        kinds = [one.status for one in self.lines]
        return tuple(
            (str(COUNTED.get(one, said)).partition(":")[0], kinds.count(one))
            for one, said in WORDS.items()
            if one in kinds
        )


def checklist_of(
    course: Course, seen: SeenCourse, at: datetime, zone: tzinfo, names: Mapping[str, str] | None = None
) -> Checklist:
    """The checklist as a role may see it.

    Args:
        names: name in entries -> what people are called.
    """
    decided = course.eligibility
    hides = not seen.sight.sees_criteria
    withheld = decided is not None and decided.decision == "not_eligible" and hides
    lines = tuple(_lines(course, seen, at, withheld))
    shown = [(one.name, one.status, one.rests) for one in lines]
    said = (
        gettext("{when} by {by}").format(
            when=moment(decided.at, zone), by=(names or {}).get(decided.by, decided.by)
        )
        if decided is not None
        else ""
    )
    return Checklist(
        lines,
        code_words(decided.decision) if decided is not None else "",
        said,
        decided is not None and bool(decided.signed),
        sha256(repr((shown, decided.entry if decided else "")).encode()).hexdigest(),
    )


def _title(course: Course, name: str) -> str:
    """What a name in a rule is called: the title of its item, where it is one."""
    form, _, item = name.rpartition(".")
    return title_of_item(course.release.forms.get(form.rpartition(".")[2]), item)


def _lines(course: Course, seen: SeenCourse, at: datetime, withheld: bool) -> Iterator[Line]:
    values = Values(course, None, at, None, True, beyond=True)
    judged = course.eligibility.criteria if course.eligibility is not None else {}
    for name, compiled in course.release.criteria_of(course.population).items():
        text, kind = told(compiled.criterion.text), compiled.criterion.kind
        rule = compiled.rule
        if rule is not None and not seen.sight.sees_rule(rule):
            yield Line(name, text, kind, "hidden")
            continue
        if withheld:
            yield Line(name, text, kind, "withheld")
            continue
        before = judged.get(name)
        known = "" if before is None else str(before).lower()
        if rule is None:
            status = _of_judgement(before, kind) if isinstance(before, bool) else "to_judge"
            yield Line(name, text, kind, status, judged=known)
            continue
        found = computed_criterion(course, rule, None, at)
        rests = tuple((_title(course, one), score(values.get(one))) for one in sorted(rule.names))
        if not isinstance(found, bool):
            yield Line(name, text, kind, "unknown", rests, known)
        else:
            yield Line(name, text, kind, _of_judgement(found, kind), rests, known, str(found).lower())


def _of_judgement(found: bool, kind: str) -> Status:
    """How a criterion stands that holds, or does not: for taking part, or against it."""
    return "met" if found is (kind == "inclusion") else "not_met"
