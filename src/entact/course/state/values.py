"""What rules see of a course: names of forms' items and scores, and the facts of the session."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final, Protocol

from entact.course.schedule import civil_date
from entact.course.state.encounter import visit_of
from entact.course.state.rating import baseline_at, of_first_rater
from entact.course.state.zone import zone_of
from entact.protocol.rule import Unknown, Value
from entact.protocol.study import Over

if TYPE_CHECKING:
    from entact.course.state.dose import DoseState, PresenceState
    from entact.course.state.encounter import EncounterState
    from entact.course.state.enrolment import EnrolmentState, ScreeningState
    from entact.course.state.form import Answers
    from entact.protocol.release import Release
    from entact.protocol.rule import Facts, Rule

PARTICIPANT: Final = "participant"  # the role of whoever a session is of, and of the others in the room


class Answered(Protocol):
    """What rules may be asked of: a participant's forms, visits, doses and who was present."""

    release: Release
    encounters: dict[str, EncounterState]
    answers: dict[str, list[Answers]]
    doses: list[DoseState]
    presence: dict[str, list[PresenceState]]
    enrolment: EnrolmentState | None
    site: str | None
    screenings: list[ScreeningState]

    @property
    def attempt(self) -> int:
        """Which attempt at screening counts."""
        ...

    def attempt_of(self, encounter: str | None) -> int:
        """The attempt at screening that an encounter belongs to."""
        ...


@lru_cache(maxsize=4096)
def _parts(name: str) -> list[str]:
    return name.split(".")


class Values(Mapping[str, Any]):
    """Latest values by name (`vitals.systolic`, `baseline.caps5_past_month.total`), looked up when asked for.

    A name means the latest statement in the current encounter up to `at`; older ones `within`, or ever: those
    of the same attempt at screening, but for facts that last.
    What was said to be missing, or cannot be true, is None; what was never said is absent. Both are unknown
    to a rule. With `beyond`, a number that cannot be true counts as it was entered: an alert hears it.
    """

    __slots__ = ("at", "beyond", "course", "encounter", "ever", "within")

    def __init__(
        self,
        course: Answered,
        encounter: str | None,
        at: datetime,
        within: timedelta | None,
        ever: bool,
        *,
        beyond: bool = False,
    ) -> None:
        self.course = course
        self.encounter = encounter
        self.at = at
        self.within = within
        self.ever = ever
        self.beyond = beyond

    def __getitem__(self, name: str) -> Any:
        if name.startswith("over "):
            return self._over(name)
        answers = self.source(name)
        if answers is None:
            raise KeyError(name)
        return self._value(answers, name)

    def get(self, name: str, default: Any = None) -> Any:
        """The latest value of a name; None where it is unknown."""
        if name.startswith("over "):
            return self._over(name)
        answers = self.source(name)
        return default if answers is None else self._value(answers, name)

    def _over(self, name: str) -> Any:
        """What is made of another form's item over the civil days before this one; None of too few."""
        over = Over.named(name)
        form, _, item = over.of.partition(".")
        compiled = self.course.release.forms.get(form)
        zone = zone_of(self.course, self.at)
        today = civil_date(self.at, zone)
        first, attempt = today - timedelta(days=over.days), self.course.attempt_of(self.encounter)
        by_day: dict[date, Any] = {}
        for answers in self.course.answers.get(form, ()):
            counts = answers.attempt == attempt or (compiled is not None and compiled.lasting)
            known = answers.values.get(item)
            if counts and known is not None and first <= (day := civil_date(answers.at, zone)) < today:
                by_day[day] = known
        return over.of_days(list(by_day.values()))

    def _value(self, answers: Answers, name: str) -> Any:
        item = name.rpartition(".")[2]
        if self.beyond and item in answers.beyond:
            return answers.beyond[item]
        return answers.values[item]

    def source(self, name: str) -> Answers | None:
        """The answers that a name's value comes from; none when it was never said."""
        parts = _parts(name)
        visit = ""
        if len(parts) == 3:
            visit, form, item = parts
        elif len(parts) == 2:
            form, item = parts
        else:
            return None
        compiled = self.course.release.forms.get(form)
        if compiled is None:
            return None
        if visit:
            said = [one for one in self.course.answers.get(form, ()) if one.at <= self.at]
            found = baseline_at(self.course, said, visit, item)
            return found if found is not None and item in found.values else None
        always = self.ever or compiled.lasting
        is_item = item in compiled.items and item not in compiled.rules.calculations
        at, within, encounter = self.at, self.within, self.encounter
        attempt = self.course.attempt_of(encounter)
        for answers in reversed(self.course.answers.get(form, ())):
            if item not in answers.values or (
                is_item and item not in answers.items and answers.status == "done"
            ):
                continue
            if answers.at > at or (answers.attempt != attempt and not compiled.lasting):
                continue
            if answers.encounter == encounter:
                return answers
            if always or (within is not None and at - answers.at <= within):
                return answers if compiled.lasting else of_first_rater(self.course, form, answers, item, at)
        return None

    def __iter__(self) -> Iterator[str]:
        for form, compiled in self.course.release.forms.items():
            for item in (*compiled.items, *compiled.scores):
                name = f"{form}.{item}"
                if self.source(name) is not None:
                    yield name

    def __len__(self) -> int:
        return sum(1 for _ in self)


def earlier_answers(course: Answered, name: str, encounter: str | None, at: datetime) -> Answers | None:
    """The answers of an earlier encounter with the value that an item `shows:`; none where there are none.

    Args:
        name: `form.item` for the last one known before, `visit.form.item` for that of a visit.
        encounter, at: where and when it is shown.
    """
    *visit, form, item = _parts(name)
    for answers in reversed(course.answers.get(form, ())):
        is_there = visit == [visit_of(answers.encounter)] if visit else True
        if (
            answers.at < at
            and answers.encounter != encounter
            and is_there
            and item in answers.values
            and (answers.values[item] is not None or answers.items.get(item) is not None)
        ):
            return answers
    return None


class SessionFacts:
    """What the closed set of functions gives for one encounter at one time."""

    __slots__ = ("at", "course", "encounter")

    def __init__(self, course: Answered, encounter: str | None, at: datetime) -> None:
        self.course = course
        self.encounter = encounter
        self.at = at

    def present(self, role: str, /) -> int:
        """How many people in a role are in the room; of participants, whose session it is counts too."""
        inside = self.inside(role)
        if role != PARTICIPANT or self.encounter is None:
            return len(inside)
        own = self.course.enrolment.subject if self.course.enrolment is not None else None
        return 1 + sum(person != own for person in inside)

    def inside(self, role: str) -> list[str]:
        """Who is in the room in a role, as far as somebody entered it."""
        inside: dict[str, str] = {}
        for one in self.course.presence.get(self.encounter or "", ()):
            if one.at > self.at:
                break
            if one.state == "in":
                inside[one.person] = one.role
            else:
                inside.pop(one.person, None)
        return [person for person, said in inside.items() if said == role]

    def given(self, part: str, /) -> bool | None:
        """Whether a part of the dose was taken in this encounter; none where what was entered contradicts."""
        said = {dose.given for dose in self._doses(part) if dose.encounter == self.encounter}
        return True if True in said else None if None in said else False

    def elapsed(self, part: str, /) -> timedelta | None:
        """Time since a part of the dose was taken in this encounter; none when it was not."""
        here = (dose.at for dose in self._doses(part) if dose.encounter == self.encounter and dose.given)
        taken = next(here, None)
        return None if taken is None else self.at - taken

    def doses(self) -> int | None:
        """Number of sessions in which an initial dose was taken; none where that of one is not known."""
        said = [(dose.session, dose.given) for dose in self._doses("initial")]
        taken = {session for session, given in said if given}
        return len(taken) if taken.issuperset(session for session, given in said if given is None) else None

    def _doses(self, part: str) -> Iterator[DoseState]:
        return (dose for dose in self.course.doses if dose.part == part and dose.at <= self.at)


def ask(rule: Rule, values: Mapping[str, Value | None], facts: Facts) -> Value | Unknown:
    """What a rule says of values that may be absurd.

    A fact is kept whatever it holds: a rule that fails on it is as unknown as one that lacks it.
    """
    try:
        return rule.evaluate(values, facts)
    except ValueError:
        return Unknown(frozenset(rule.names) | frozenset(map(str, rule.calls)))
