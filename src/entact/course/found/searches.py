"""All rules by which something is found in a course at any time, and what an entry that follows changes.

What a rule hangs on is said here once for all. `tests/course/found/test_watch.py` shows for courses of every
study that what is kept from entry to entry is what would be found from nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from entact.course.found.attended import (
    IN_ENCOUNTER,
    found_apart,
    found_in_earlier_attempts,
    found_in_missed,
    found_left_out,
    found_of_others,
    found_outside_visits,
    found_without_answer,
    says_missed,
)
from entact.course.found.attested import found_after_freezes, found_after_unblindings, found_in_signatures
from entact.course.found.dating import DATED, found_after_death, found_between_dates, found_in_dates
from entact.course.found.fidelity import found_in_fidelity
from entact.course.found.heard import found_in_checklists, found_unentered
from entact.course.found.night import found_at_night
from entact.course.found.rated import found_in_ratings
from entact.course.found.recording import found_recordings
from entact.course.found.relied import (
    found_belated,
    found_in_decision,
    latest_consent,
)
from entact.course.found.watch import (
    ANYTHING,
    NOWHERE,
    Found,
    Place,
    Places,
    Search,
    Searches,
    Touches,
    Watch,
)
from entact.course.kinds.calls import found_in_answers
from entact.course.kinds.form import FORM, VITAL_SIGNS, form_of
from entact.course.kinds.rating import found_unanswered

if TYPE_CHECKING:
    from entact.course.course import Course
    from entact.course.entry.effective import Effective
    from entact.course.state.state import Thing
    from entact.protocol.form import CompiledForm
    from entact.protocol.release import Release

FORMS: Final = (FORM.name, VITAL_SIGNS.name)


def _whole(find: Callable[[Course], Iterable[Found]]) -> Callable[[Watch, Place], Iterable[Found]]:
    """A rule that looks at all at once."""
    return lambda watch, place: find(watch.course)


def _one(find: Callable[[Course, Effective], Iterable[Found]]) -> Callable[[Watch, int], Iterable[Found]]:
    """A rule that looks at one entry in force."""
    return lambda watch, number: find(watch.course, watch.course.effective[number])


def _while(holds: Callable[[Course], object]) -> Touches:
    """Any entry changes what is found, as long as there is something of a kind."""
    return lambda watch, one, number: None if holds(watch.course) else NOWHERE


def _each(kinds: Iterable[str]) -> Callable[[Watch], Places]:
    """Every entry in force of some kinds."""
    return lambda watch: sorted(number for kind in kinds for number in watch.of_kind.get(kind, ()))


def _itself(kinds: frozenset[str]) -> Touches:
    """An entry of some kinds changes what is found in itself."""
    return lambda watch, one, number: (number,) if one.entry.kind in kinds else NOWHERE


def _its_encounter(watch: Watch, one: Effective, number: int) -> Places:
    return (one.entry.encounter,)


def _nothing(watch: Watch, one: Effective, number: int) -> Places:
    return NOWHERE


def _of_forms(touches: Touches) -> Mapping[str, Touches]:
    return dict.fromkeys(FORMS, touches)


def _stops(course: Course) -> Iterator[Found]:
    """Stopping rules that came to hold, where what they say to stop was not stopped."""
    for stop in course.stops.values():
        if stop.of not in course.discontinued and "procedures" not in course.discontinued:
            message = f"the study says to stop {stop.of}: {stop.title}"
            yield ("stopping_rule", stop.entry, stop.rule, message)


def _orders(course: Course) -> Iterator[Found]:
    """Verbal orders that whoever is said to have given them has not confirmed, and confirmations of none."""
    orders = {one.entry: one for one in course.overrides if one.is_verbal}
    for order in orders.values():
        if not any(one.confirms(order) for one in course.overrides):
            message = f"a verbal order of {order.ordered_by}, written down by {order.by}, is not confirmed"
            yield ("order_not_confirmed", order.entry, order.requirement, message)
    for one in course.overrides:
        if one.about is not None and not (one.about in orders and one.confirms(orders[one.about])):
            message = f"is no confirmation of {one.about}: that is no verbal order of {one.by}"
            yield ("about_unknown", one.entry, "about", message)


def _never_begun(course: Course) -> Iterator[Found]:
    things: list[Thing] = [*course.adverse_events.values(), *course.medication.values()]
    for thing in things:
        if thing.begun is None:
            for update in thing.updates:
                yield (
                    "about_unknown",
                    update,
                    "about",
                    f"continues {thing.entry}, which did not begin anything",
                )


def _consents(course: Course) -> Iterator[Found]:
    """Consents to a release that another had replaced at the site by then."""
    study = course.study
    if len(study.releases) == 1 or course.site is None:
        return
    for one in course.consents:
        in_force = study.in_force_at(course.site, one.since)
        try:
            is_replaced = one.given and study.number(one.release) < study.number(in_force.id)
        except KeyError:  # which is found
            continue
        if is_replaced:
            consented = study.release(one.release).file.release
            message = f"is to release {consented}, and the site worked under {in_force.file.release} by then"
            yield ("consent_superseded", one.entry, "release", message)


def _not_asked(watch: Watch, encounter: Place) -> Iterator[Found]:
    """Answers of an encounter that contradict a condition on another form or on the session.

    Within an encounter forms are filled in any order, so this is judged by what was known at its end.
    """
    course = watch.course
    hanging = [
        (form, answers)
        for name, form in _hanging(course.release).items()
        for answers in course.answers.get(name, ())
        if answers.encounter == encounter and answers.status == "done"
    ]
    if not hanging:
        return
    end = max(one.at for filled in course.answers.values() for one in filled if one.encounter == encounter)
    for form, answers in hanging:
        at = end if encounter is not None else answers.at
        around, facts = course.values(answers.encounter, at), course.facts(answers.encounter, at)
        for problem in form.contradictions(answers.items, around, facts):
            yield "item", answers.entry, problem.item, problem.message


@lru_cache(maxsize=64)
def _hanging(release: Release) -> dict[str, CompiledForm]:
    """The forms of which an item hangs on another form or on the session."""
    return {name: form for name, form in release.forms.items() if form.looks_elsewhere}


def _not_asked_touched(watch: Watch, one: Effective, number: int) -> Places | None:
    """The encounter of what was answered; all of them where it is of the same time as what came before it."""
    before = watch.course.effective[number - 1] if number else None
    return None if before is not None and before.at == one.at else (one.entry.encounter,)


def _if_missed(watch: Watch, one: Effective, number: int) -> Places | None:
    """Whether a visit counts hangs on its being missed; that it begins or ends changes nothing."""
    said = watch.entries(watch.of_encounter.get(one.entry.encounter, ()))
    return None if any(map(says_missed, said)) else NOWHERE


def _if_checklist(watch: Watch, one: Effective, number: int) -> Places | None:
    asked = watch.course.release.file.adverse_events.checklists
    return None if form_of(one) in asked else NOWHERE


def _if_signed(watch: Watch, one: Effective, number: int) -> Places | None:
    return None if any(one.id in said.versions for said in watch.course.signatures) else NOWHERE


def _if_answered(watch: Watch, one: Effective, number: int) -> Places | None:
    return None if any(one.id == about for _, about in watch.course.answered) else NOWHERE


def _if_early(watch: Watch, one: Effective, number: int) -> Places | None:
    """Entries arrive in their order, or else one came before a consent that it may have needed."""
    course = watch.course
    return None if course.arrival_of(one.id) < latest_consent(course) else NOWHERE


def _its_decisions(watch: Watch, one: Effective, number: int) -> Places:
    """Itself, where it is an act; acts that named it before it came, or were decided after it took place."""
    own = (number,) if number in watch.acts else NOWHERE
    later = (
        act
        for act, (decided, relied) in watch.acts.items()
        if act != number and (decided >= one.at or one.id in relied)
    )
    return (*own, *later)


def _acts(watch: Watch) -> Places:
    return list(watch.acts)


def _decision(watch: Watch, number: int) -> Iterator[Found]:
    return found_in_decision(watch, watch.course.effective[number])


def _left_out(watch: Watch, encounter: str) -> Iterator[Found]:
    known = watch.course.encounters.get(encounter)
    if known is not None:
        entries = watch.entries(watch.of_encounter.get(encounter, ()))
        yield from found_left_out(watch.course, known, list(entries))


def _missed(watch: Watch, encounter: str | None) -> Iterator[Found]:
    if encounter is not None:
        yield from found_in_missed(watch.course, list(watch.entries(watch.of_encounter.get(encounter, ()))))


_OUTSIDE = IN_ENCOUNTER | {"dose"}
_DATED = frozenset(DATED)
# What takes place in a visit is of that visit alone, whatever else it says.
_OF_VISITS = (
    *FORMS, "encounter", "dose", "dose_level", "guess", "presence", "safety_call", "kit_assigned",
    "adverse_event", "alert_answered", "medication",
)  # fmt: skip

SEARCHES: Final = Searches(
    Search(_whole(found_in_signatures), frozenset({"signatures"}), touches=_if_signed),
    Search(
        _whole(found_after_freezes), frozenset({"freezes"}), touches=_while(lambda course: course.freezes)
    ),
    Search(
        _whole(found_after_unblindings),
        frozenset({"told", "unblindings"}),
        touches=_while(lambda course: course.told is not None or course.unblindings),
    ),
    Search(
        _whole(found_after_death), frozenset({"died"}), touches=_while(lambda course: course.died is not None)
    ),
    Search(_one(lambda course, one: found_in_dates(one)), frozenset(), _each(_DATED), _itself(_DATED)),
    Search(_whole(found_between_dates), frozenset({"medication", "adverse_events"})),
    Search(_whole(found_of_others), frozenset({"consent", "encounters", "screening", "told"})),
    Search(
        _whole(found_without_answer),
        frozenset({"answers", "attempts", "encounters", "presence", "randomisation"}),
        by_kind=_of_forms(_while(lambda course: course.release.of_each)),
    ),
    Search(_whole(found_apart), frozenset({"consent", "doses", "enrolment", "presence"})),
    Search(
        _whole(_stops),
        frozenset({"discontinued", "stops"}),
        by_kind=_of_forms(_while(lambda course: course.stops)),
    ),
    Search(
        _whole(found_in_checklists),
        frozenset({"adverse_events", "answers", "encounters", "screenings", "site"}),
        by_kind=_of_forms(_if_checklist),
    ),
    Search(
        _whole(found_unentered),
        frozenset({"adverse_events", "calls", "died", "encounters", "screenings", "site"}),
    ),
    Search(
        lambda watch, form: found_in_ratings(watch.course, str(form)),
        frozenset({"answers", "attempts", "doses", "encounters"}),
        lambda watch: list(watch.course.answers),
        by_kind={**_of_forms(lambda watch, one, number: (form_of(one),)), "encounter": _if_missed},
    ),
    Search(
        _whole(lambda course: found_in_answers(course, course.has)),
        frozenset({"answered", "site"}),
        touches=_if_answered,
    ),
    Search(
        _not_asked,
        frozenset({"answers", "attempts", "doses", "encounters", "presence"}),
        lambda watch: list(watch.of_encounter),
        by_kind={**_of_forms(_not_asked_touched), "encounter": _if_missed, "presence": _its_encounter},
    ),
    Search(_whole(found_unanswered), frozenset({"noted"})),
    Search(_whole(_orders), frozenset({"overrides"})),
    Search(_whole(found_at_night), frozenset({"encounters", "noted", "site"})),
    Search(_whole(found_recordings), frozenset({"consents", "noted"})),
    Search(
        _whole(found_in_fidelity),
        frozenset({"answers"}),
        touches=_while(lambda course: course.release.file.fidelity),
    ),
    Search(
        _one(found_outside_visits),
        frozenset({"encounters"}),
        _each(_OUTSIDE),
        _itself(_OUTSIDE),
        {"encounter": lambda watch, one, number: watch.of_encounter[one.entry.encounter]},
    ),
    Search(_whole(_never_begun), frozenset({"adverse_events", "medication"})),
    Search(_missed, frozenset(), lambda watch: list(watch.of_encounter), _its_encounter),
    Search(
        _whole(found_in_earlier_attempts),
        ANYTHING - {"answers", "forms", "alerts", "vitals", "stops"},
        by_kind=dict.fromkeys(_OF_VISITS, _while(lambda course: len(course.attempts) > 1)),
    ),
    Search(_whole(_consents), frozenset({"consents", "site"})),
    Search(
        _decision,
        frozenset({"answers", "medication", "screenings", "site"}),
        _acts,
        _its_decisions,
        _of_forms(_nothing),
    ),
    Search(
        lambda watch, place: found_belated(watch),
        frozenset({"consents", "eligibility", "enrolment"}),
        touches=_if_early,
    ),
    Search(
        _left_out,
        ANYTHING,
        lambda watch: list(watch.course.encounters),
        by_kind=dict.fromkeys(_OF_VISITS, _its_encounter),
    ),
)
