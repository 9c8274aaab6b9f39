"""Why a gate refuses, as far as a role may know it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import date
from typing import Final

from django.utils.translation import gettext, gettext_noop

from entact.conduct.access.called import people_called
from entact.conduct.language.sentences import PEOPLE, told_again, with_parts
from entact.conduct.sight import Sight
from entact.conduct.words import day, title_of_form, title_of_visit, told
from entact.course import Reason
from entact.course.gates.core import ACTS
from entact.course.kinds.checks import requirement_of
from entact.protocol import Release

HIDDEN_GATE: Final = gettext_noop("The gate is shut; what it asks is hidden from this role.")
# In the same words whether it is not met or nobody has rated yet: else the one would be told from the other.
HIDDEN_CRITERION: Final = gettext_noop(
    "Eligibility: a criterion that rests on what is hidden from this role is not met, or not known yet."
)
_ENCOUNTER: Final = re.compile(r"\b([a-z][a-z0-9_]*)#([0-9]+)")
_DAY: Final = re.compile(r"(?:(?P<before>\d\d:\d\d) on )?(?P<day>\d{4}-\d\d-\d\d)(?: (?P<behind>\d\d:\d\d))?")
_VISITS: Final = frozenset({"visit", "visit_2"})
_OF_CRITERIA: Final = frozenset({"criterion_of_record", "criterion_not_met", "criterion_open"})


def told_reasons(
    sight: Sight, release: Release, population: str | None, act: str, reasons: Iterable[Reason]
) -> tuple[str, ...]:
    """Every reason against an act in words; of what is hidden from the role that it stands against it.

    Args:
        act: empty of what no gate decides.
    """
    if act in ACTS and not sight.sees_gate(ACTS[act].gate):
        return (gettext(HIDDEN_GATE),)
    return tuple(dict.fromkeys(map(teller(sight, release, population), reasons)))


def teller(sight: Sight, release: Release, population: str | None) -> Callable[[Reason], str]:
    """What puts one reason after another into words, of an act whose gate the role sees.

    Who people are is looked up once, and only where a reason names somebody.
    """
    names: dict[str, str] = {}
    hidden = [
        str(one.criterion.text)
        for one in release.criteria_of(population).values()
        if one.rule is not None and not sight.sees_rule(one.rule)
    ]

    def part(place: str, text: str) -> str:
        if place in PEOPLE:
            names.update({} if names else people_called())
            return names.get(text, text)
        if place == "form" and text in release.forms:
            return f"“{title_of_form(release.forms[text])}”"
        if place in _VISITS and text in release.visits:
            return title_of_visit(text, release.visits)
        return dated(text)

    def tell(one: Reason) -> str:
        if one.code in _OF_CRITERIA and any(f"“{text}”" in one.message for text in hidden):
            return gettext(HIDDEN_CRITERION)
        said = _with_titles(told_again(with_parts(one.message, part)), release)
        asked = requirement_of(release, one.code)
        return said if asked is None else said.replace(str(asked.otherwise), told(asked.otherwise), 1)

    return tell


def dated(text: str) -> str:
    """A day, or a time on the site's clock, as pages say it; all else as it is."""
    found = _DAY.fullmatch(text)
    try:
        said = "" if found is None else day(date.fromisoformat(found["day"]))
    except ValueError:
        return text  # it looks like a day and is none
    clock = "" if found is None else found["before"] or found["behind"]
    return ", ".join(filter(None, (said, clock))) or text


def _with_titles(message: str, release: Release) -> str:
    """A reason with visits as they are called: `session_1#1` is Session 1, and `#2` its second time."""

    def title(found: re.Match[str]) -> str:
        name, again = found[1], found[2]
        if name not in release.visits:
            return found[0]
        called = title_of_visit(name, release.visits)
        return called if again == "1" else f"{called} ({again})"

    return _ENCOUNTER.sub(title, message)
