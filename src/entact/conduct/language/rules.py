"""Rules of a study file in the language of a page.

A rule is told in English where nothing knows of pages (`entact.protocol.words.rule`). Here its clauses are
said again, each by its pattern, with the same items, numbers and units in it; a rule of which one clause fits
no pattern stays in English as a whole, so that nobody reads half of one. Names of items are the study's own.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Final

from django.utils.translation import get_language, gettext, gettext_noop

from entact.conduct.language.choice import RECORDED
from entact.conduct.language.codes import code_words

# Clauses of a rule. `value` and `bound` are items, numbers with units, or what a count is called; `how` is
# one of COMPARED; `people` are a role in the plural; `part` a part of the dose; `time` a length of time.
CLAUSES: Final = (
    gettext_noop("{how} {number} {people} are in the room"),
    gettext_noop("{how} {number} {people} is in the room"),
    gettext_noop("{how} {time} have passed since the {part} dose"),
    gettext_noop("{how} {number} sessions had a dose"),
    gettext_noop("{how} {number} session had a dose"),
    gettext_noop("the {part} dose was not given at this visit"),
    gettext_noop("the {part} dose was given at this visit"),
    gettext_noop("whether the {part} dose was given at this visit"),
    gettext_noop("the time since the {part} dose"),
    gettext_noop("the number of sessions with a dose"),
    gettext_noop("the number of {people} in the room"),
    gettext_noop("{value} is one of {bound}"),
    gettext_noop("{value} is none of {bound}"),
    gettext_noop("{value} does not include {bound}"),
    gettext_noop("{value} includes {bound}"),
    gettext_noop("{value} is at most {bound}"),
    gettext_noop("{value} is at least {bound}"),
    gettext_noop("{value} is below {bound}"),
    gettext_noop("{value} is above {bound}"),
    gettext_noop("{value} is not {bound}"),
    gettext_noop("{value} is yes"),
    gettext_noop("{value} is no"),
    gettext_noop("{value} is {bound}"),
)
COMPARED: Final = (
    gettext_noop("at least"),
    gettext_noop("at most"),
    gettext_noop("more than"),
    gettext_noop("fewer than"),
    gettext_noop("less than"),
    gettext_noop("exactly"),
)
# Words of a length of time, and of units.
LENGTHS: Final = (
    gettext_noop("day"),
    gettext_noop("days"),
    gettext_noop("week"),
    gettext_noop("weeks"),
    gettext_noop("years"),
    gettext_noop("months"),
    gettext_noop("per minute"),
    gettext_noop("per cent"),
    gettext_noop("minus"),
)
JOINED: Final = (
    gettext_noop(", and "),
    gettext_noop(", or "),
    gettext_noop(" and "),
    gettext_noop(" or "),
)
# What is said of facts and counts (`FACTS`, `COUNTS` of `entact.protocol.words.label`).
KNOWN: Final = (
    gettext_noop("the person is enrolled"),
    gettext_noop("the person is not enrolled"),
    gettext_noop("the person is randomised"),
    gettext_noop("the person is not randomised"),
    gettext_noop("the person's treatment was stopped"),
    gettext_noop("the person's treatment was not stopped"),
    gettext_noop("the person was told the arm"),
    gettext_noop("the person was not told the arm"),
    gettext_noop("the person's arm has no drug"),
    gettext_noop("the person's arm has a drug"),
    gettext_noop("the primary endpoint was assessed after a dose"),
    gettext_noop("the primary endpoint was not assessed after a dose"),
    gettext_noop("the primary endpoint was assessed at its own visit"),
    gettext_noop("the primary endpoint was not assessed at its own visit"),
    gettext_noop("the event is serious"),
    gettext_noop("the event is not serious"),
    gettext_noop("it is possibly, probably or definitely related"),
    gettext_noop("it is not related"),
    gettext_noop("it is expected"),
    gettext_noop("it is unexpected"),
    gettext_noop("it is fatal"),
    gettext_noop("it is not fatal"),
    gettext_noop("it is life-threatening"),
    gettext_noop("it is not life-threatening"),
    gettext_noop("it is severe"),
    gettext_noop("it is not severe"),
    gettext_noop("the person's population"),
    gettext_noop("the person's number of sessions with a dose"),
    gettext_noop("the planned number"),
    gettext_noop("the person's number of serious events"),
    gettext_noop("the person's number of related serious events"),
    gettext_noop("the event's term"),
    gettext_noop("the event's kind of special interest"),
    gettext_noop("the number enrolled in the study"),
    gettext_noop("the number of deaths in the study"),
    gettext_noop("the number of serious events in the study"),
    gettext_noop("the number of related serious events in the study"),
    gettext_noop("the number of events of special interest in the study"),
    gettext_noop("the number of serious, related and unexpected events in the study"),
)
_SEPARATOR: Final = re.compile(r", and |, or | and | or |, ")
_SEVERAL: Final = tuple(one for one in KNOWN if _SEPARATOR.search(one))
_PLACE: Final = re.compile(r"\{(\w+)\}")
_LENGTH: Final = re.compile(rf"\b(?:{'|'.join(sorted(LENGTHS, key=len, reverse=True))})\b")
_QUOTED: Final = re.compile(r"(“[^“”]*”)")  # the title of an item, which is the study's own
_ANY: Final = r"(?:[^“”]|“[^“”]*”)+"  # no title is cut
_IN_PLACE: Final = {"how": "|".join(COMPARED), "number": r"\d+", "people": r"[a-z ]+", "part": r"[a-z]+"}


def told_rule(rule: str) -> str:
    """A rule in the language of the page; as it is, where that is English or a clause is not known."""
    language = get_language() or RECORDED
    return rule if language == RECORDED else _told_rule(rule, language)


@lru_cache(maxsize=4096)
def _told_rule(rule: str, language: str) -> str:
    told: list[str] = []
    clause = ""
    for piece, joint in _pieces(rule):
        clause += piece
        found = _told_clause(clause)
        if found is None:
            clause += joint  # a name with "and" in it
            continue
        told += [found, gettext(joint) if joint.strip(", ") else joint]
        clause = ""
    if clause:
        return rule
    text = "".join(told)
    return text[:1].upper() + text[1:] if rule[:1].isupper() else text


def _pieces(rule: str) -> Iterator[tuple[str, str]]:
    """Parts of a rule with what joins each to the next; brackets and quotes are of one part."""
    begin = 0
    whole = [found.span() for one in _SEVERAL for found in re.finditer(re.escape(one), rule)]
    for found in _SEPARATOR.finditer(rule):
        before = rule[: found.start()]
        is_within = any(start < found.start() < end for start, end in whole)
        is_whole = before.count("(") == before.count(")") and before.count("“") == before.count("”")
        if is_whole and not is_within:
            yield rule[begin : found.start()], found[0]
            begin = found.end()
    yield rule[begin:], ""


def _told_clause(clause: str) -> str | None:
    """One clause; None where it is none that is known."""
    plain = clause[:1].lower() + clause[1:]
    if plain.startswith("either "):
        rest = _told_clause(plain.removeprefix("either "))
        return None if rest is None else gettext("either {rest}").format(rest=rest)
    if plain in KNOWN:
        return gettext(plain)
    for said, pattern in _patterns():
        found = pattern.fullmatch(plain)
        if found is not None:
            return gettext(said).format(
                **{name: _part(name, text) for name, text in found.groupdict().items()}
            )
    return None


def _part(name: str, text: str) -> str:
    if name in ("how", "part"):
        return gettext(text)
    if name == "people":
        return code_words(f"{text[:-3]}y" if text.endswith("ies") else text.removesuffix("s"))
    if name in ("value", "bound") and (known := _told_clause(text)) is not None:
        return known
    if name == "value":
        return text
    return "".join(one if one.startswith("“") else told_length(one) for one in re.split(_QUOTED, text))


def told_roles(roles: str) -> str:
    """Roles in a row: `therapist, nurse and medical monitor`."""
    *first, last = re.split(r", | and ", roles)
    told = [code_words(one) for one in (*first, last)]
    return gettext(" and ").join(filter(None, (", ".join(told[:-1]), told[-1])))


def told_list(names: str) -> str:
    """Names in a row: `Palpitations and Nausea`; one that has an *and* within itself keeps it."""
    first, between, last = names.rpartition(" and ")
    is_list = bool(between) and (", " in first or last[:1].isupper())
    return gettext(" and ").join((first, last)) if is_list else names


def told_length(text: str) -> str:
    """A length of time, or a number with its unit."""
    return _LENGTH.sub(lambda found: gettext(found[0]), text)


@lru_cache(maxsize=1)
def _patterns() -> tuple[tuple[str, re.Pattern[str]], ...]:
    return tuple((said, _pattern(said)) for said in CLAUSES)


def _pattern(said: str) -> re.Pattern[str]:
    parts = _PLACE.split(said)
    made = [
        re.escape(part) if number % 2 == 0 else f"(?P<{part}>{_IN_PLACE.get(part, _ANY)})"
        for number, part in enumerate(parts)
    ]
    return re.compile("".join(made))
