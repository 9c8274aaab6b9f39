"""Answers about what is measured, and when: before a dose, in each session, after it, and long after."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from entact.protocol.problem import Path
from entact.protocol.requirements.answer import Answer, answer, no, yes
from entact.protocol.requirements.timeline import Done, Timeline, in_days
from entact.protocol.requirements.words import All, Any_, Held, Measured, Rule


@answer.register
def _(rule: Measured, study: Timeline) -> Answer:
    done = study.done(rule)
    title = study.title(rule.measured)
    by = f" by a {rule.by}" if rule.by else ""
    if not done:
        forms = study.forms_that(rule.measured)
        other = f"; {', '.join(forms[:3])} is there, and not filled so" if forms else ""
        return no(f"nothing measures {title}{by}{other}")
    if rule.endpoint and not any(set(study.forms_that(rule.measured)) & forms for forms in _outcomes(study)):
        return no(f"no endpoint is made of {title}")
    if rule.when == "anywhere":
        enough = [one for one in done if max(1, len(one.times)) >= rule.times]
        if enough:
            return yes(one.path for one in enough)
        return no(f"{title} is not measured {rule.times} times in any session")
    return _when(rule, study, done, title + by)


def _outcomes(study: Timeline) -> Iterator[set[str]]:
    """Of each endpoint the forms that it is made of."""
    return (study.forms_of(endpoint) for endpoint in study.release.file.endpoints)


@answer.register
def _(rule: Held, study: Timeline) -> Answer:
    done = study.held(rule.held)
    title = f"a visit of kind {rule.held}"
    if not done:
        return no(f"there is no {title.removeprefix('a ')} that everybody has who is dosed")
    return _when(Measured(measured=rule.held, when=rule.when, within=rule.within), study, done, title)


def _when(rule: Measured, study: Timeline, done: list[Done], title: str) -> Answer:
    if rule.when in ("before_randomisation", "before_first_dose"):
        return _before(rule, study, done, title)
    if not study.sessions:
        return Answer(None, (), ("the study has no dosing session",))
    if rule.when == "follow_up":
        return _follow_up(rule, study, done, title)
    if rule.when == "between_sessions":
        return _between(study, done, title)
    return _each(rule, study, done, title)


def _before(rule: Measured, study: Timeline, done: list[Done], title: str) -> Answer:
    order = list(study.visits)
    acts = {"before_randomisation": ("randomisation", "enrolment")}.get(rule.when, ("dose",))
    ends = [name for name in order if any(act in study.visits[name].activities for act in acts)]
    if not ends:
        return Answer(None, (), ("no visit does what it has to come before",))
    last = order.index(ends[0])
    found = [one for one in done if order.index(one.visit) <= last and _precedes(one, order, last)]
    # At the session itself, what is done after the dose comes too late.
    return yes(one.path for one in found) if found else no(f"{title} is not asked before {ends[0]} ends")


def _precedes(one: Done, order: list[str], last: int) -> bool:
    if order.index(one.visit) < last or not one.times:
        return True
    return any(time.startswith("before") for time in one.times)


def _follow_up(rule: Measured, study: Timeline, done: list[Done], title: str) -> Answer:
    last = study.days.get(study.sessions[-1])
    if last is None:
        return Answer(None, (), (f"the day of {study.sessions[-1]} is not known",))
    since = in_days(rule.since) if rule.since is not None else 0.0
    if rule.after_first is not None:  # days are counted from the first session
        since = max(since, in_days(rule.after_first) - last)
    until = in_days(rule.within) if rule.within is not None else float("inf")
    after = {one: study.days[one.visit] - last for one in done if one.visit in study.days}
    found = [one for one, days in after.items() if days > 0 and since <= days <= until]
    if found:
        return yes(one.path for one in found)
    latest = max((days for days in after.values() if days > 0), default=None)
    if latest is not None and latest > until:
        return no(f"{title}: not within {until:.0f} days after {study.sessions[-1]}")
    seen = f"last {latest:.0f} days after it" if latest is not None else "never after it"
    return no(f"{title}: {seen}, and {since:.0f} days after {study.sessions[-1]} are asked for")


def _between(study: Timeline, done: list[Done], title: str) -> Answer:
    if len(study.sessions) < 2:
        return Answer(None, (), ("the study has one session, and so nothing between",))
    order = list(study.visits)
    first, last = order.index(study.sessions[0]), order.index(study.sessions[-1])
    found = [
        one
        for one in done
        if first < order.index(one.visit) < last
        or (order.index(one.visit) == last and _precedes(one, order, last))
    ]
    if found:
        return yes(one.path for one in found)
    return no(f"{title} is not measured between {study.sessions[0]} and {study.sessions[-1]}")


def _each(rule: Measured, study: Timeline, done: list[Done], title: str) -> Answer:
    places: list[Path] = []
    lacks: list[str] = []
    for number, session in enumerate(study.sessions):
        found = _around(rule, study, done, number)
        count = len(
            {time for one in found for time in _acting(one)} | {one for one in found if not one.times}
        )
        if rule.when == "each_session" and count < rule.times:
            often = f"{count} of {rule.times} times" if rule.times > 1 else "not"
            lacks.append(f"{title}: {often} in {session}")
        elif rule.when == "before_each_dose" and not found:
            lacks.append(f"{title}: not before the dose of {session}")
        elif not found:
            soon = f" within {in_days(rule.within):g} days" if rule.within else ""
            lacks.append(f"{title}: not{soon} after {session}")
        places += [one.path for one in found]
    return no(*lacks) if lacks else yes(places)


def _around(rule: Measured, study: Timeline, done: list[Done], number: int) -> list[Done]:
    """Of what measures it, that which is meant for one session."""
    order, session = list(study.visits), study.sessions[number]
    if rule.when == "each_session":
        return [one for one in done if one.visit == session and (not one.times or _acting(one))]
    if rule.when == "before_each_dose":
        start = order.index(study.sessions[number - 1]) if number else -1
        here = order.index(session)
        return [one for one in done if start < order.index(one.visit) <= here and _precedes(one, order, here)]
    return [one for one in done if _after(rule, study, one, session)]


def _acting(one: Done) -> list[str]:
    """The times of a session at which it is done once the dose is taken."""
    return [time for time in one.times if not time.startswith("before") and time != "initial"]


AROUND: Final = frozenset({"each_session", "before_each_dose", "after_each_session"})


def planned_around(rule: Rule | None, study: Timeline) -> tuple[dict[str, tuple[Done, ...]], int]:
    """What a rule asks around each session and the study plans, and how often; nothing where it asks none."""
    around: dict[str, tuple[Done, ...]] = {}
    times = 1
    for one in _measured(rule):
        if one.when in AROUND:
            done = study.done(one)
            times = max(times, one.times)
            for number, session in enumerate(study.sessions):
                around[session] = (*around.get(session, ()), *_around(one, study, done, number))
    return around, times


def planned_apart(rule: Rule | None, study: Timeline) -> dict[str, tuple[Done, ...]]:
    """What a rule asks beside sessions, and the study plans: before an act, or at later visits.

    Returns:
        `before_randomisation` and `before_first_dose` -> what is enough once; `visits` -> what is planned at
        each visit between sessions, in follow-up, or anywhere.
    """
    found: dict[str, tuple[Done, ...]] = {}
    for one in _measured(rule):
        if one.when in AROUND:
            continue
        places = set(answer(one, study).places)
        done = tuple(each for each in study.done(one) if each.path in places)
        name = one.when if one.when.startswith("before") else "visits"
        found[name] = tuple(dict.fromkeys((*found.get(name, ()), *done)))
    return {name: done for name, done in found.items() if done}


def _measured(rule: Rule | None) -> Iterator[Measured]:
    """Every measurement that a rule asks for."""
    if isinstance(rule, Measured):
        yield rule
    elif isinstance(rule, All | Any_):
        for one in rule.all if isinstance(rule, All) else rule.any:
            yield from _measured(one)


def _after(rule: Measured, study: Timeline, one: Done, session: str) -> bool:
    """Whether it is done after a session and before the next, in time, or at the end of the session."""
    if one.visit == session:
        return not rule.apart and bool(_acting(one))
    order = list(study.visits)
    later = [name for name in study.sessions if order.index(name) > order.index(session)]
    if order.index(one.visit) < order.index(session):
        return False
    if later and order.index(one.visit) >= order.index(later[0]):
        return False
    if rule.within is None:
        return True
    start, day = study.days.get(session), study.days.get(one.visit)
    return start is not None and day is not None and 0 <= day - start <= in_days(rule.within)
