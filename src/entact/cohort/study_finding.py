"""What a rehearsal finds wrong with a study file: each cause of what was seen in one line, no consequence."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator

import msgspec

from entact.cohort.fit import entry_activity
from entact.cohort.intake import QUOTA
from entact.cohort.tally import Tally
from entact.cohort.usual import usual
from entact.course.gates.core import ACTS
from entact.course.schedule import TREATMENT
from entact.protocol import Release
from entact.protocol.compiled import CompiledRequirement
from entact.protocol.study import Visit

ALWAYS = 0.9  # an alert raised for this share of those whom it looks at warns of nothing
MOSTLY = 0.5  # a gate closed, a window not met, candidates kept out: for more than this share
ENOUGH = 10  # below this many a share says nothing
FEW = 5  # with so many, all of them do; of so many visits, one is within its window
SOME = 3  # what never happened at so many occasions does not by chance
BY_CHANCE = 0.001  # what is as unlikely as that, of a sample, does not either
WRONG = 0.1  # of the numbers of an item: more are no slips of the pen

BEFORE: dict[str, tuple[str, ...]] = {
    "enrol": ("enrolment", "randomisation", "assignment", "initial"),
    "randomise": ("randomisation", "assignment", "initial"),
    "initial_dose": ("initial",),
    "unblind": ("unblinding",),
}
"""What never comes about where a gate never opens."""


class StudyFinding(msgspec.Struct, frozen=True):
    """Something a rehearsal found wrong with the study file: what it is about, and what was seen."""

    about: str
    message: str


def find_in_study(
    release: Release, tally: Tally, *, wanted: int, entered: int, expected: float
) -> list[StudyFinding]:
    """What virtual participants and staff ran into, that real ones would too.

    Args:
        wanted: how many were to enter. entered: how many did. expected: share of candidates who were to.
    """
    return _Search(release, tally).find(wanted, entered, expected)


class _Search:
    """Looks for causes in the order in which participants meet them; remembers what they make impossible."""

    def __init__(self, release: Release, tally: Tally) -> None:
        self.release = release
        self.tally = tally
        self.visits = release.visits
        self.blocked: set[str] = set()  # visits and events that can't come about, for a cause that was found
        self.closed_treatment = False
        self.beyond: set[str] = set()  # `form.item`, whose numbers the file takes for impossible

    def find(self, wanted: int, entered: int, expected: float) -> list[StudyFinding]:
        found = [*self._ranges(), *self._entry(wanted, entered, expected)]
        for act in ACTS:
            found += self._gate(act)
        found += self._tracks()
        for name, visit in self.visits.items():
            found += self._visit(name, visit)
        return [*found, *self._forms(), *self._alerts()]

    def _ranges(self) -> Iterator[StudyFinding]:
        for (form, item), count in sorted(self.tally.values.items()):
            beyond = self.tally.beyond[form, item]
            if beyond < SOME or beyond <= WRONG * count:
                continue
            self.beyond.add(f"{form}.{item}")
            said = self.release.forms[form].items[item]
            message = f"{beyond} of {count} numbers were outside its range, {said.range}"
            yield StudyFinding(f"item {form}.{item}", message)

    def _entry(self, wanted: int, entered: int, expected: float) -> Iterator[StudyFinding]:
        tally = self.tally
        ways = {entry_activity(self.release, name) for name in self.release.file.populations}
        act = "randomise" if ways == {"randomisation"} else "enrol"
        asked = [key for key in tally.asked_of if key[0] == act]
        closed = bool(asked) and not any(tally.opened[key] for key in asked)
        short = entered < wanted
        kept_out = tally.able < MOSTLY * expected * tally.ledgers and tally.ledgers >= ENOUGH
        if not (short or kept_out or closed):
            return
        if not entered:
            self.blocked |= {*BEFORE[act], *(visit for _, visit in asked)}
            self.closed_treatment = True
        self.blocked.add(f"gate {act}")
        let_in = f"let in {entered} of {tally.ledgers} candidates" + (
            f"; {wanted} were looked for" if short else ""
        )
        if closed:
            if not self._is_consequence(act, [visit for _, visit in asked]):
                yield StudyFinding(f"gate {act}", f"{let_in}; {self._refusals(act, asked)}")
        else:
            yield StudyFinding("eligibility", let_in + self._most_against())

    def _most_against(self) -> str:
        against = self.tally.against
        full = self.tally.turned_away[QUOTA]
        if full and full >= max(against.values(), default=0):
            return f"; most often a quota was full ({full} times)"
        if not against:
            return ""
        worst = max(sorted(against), key=lambda name: against[name])
        text = self.release.criteria[worst].criterion.text
        return f"; most often against them: {text} ({against[worst]} times)"

    def _gate(self, act: str) -> Iterator[StudyFinding]:
        tally = self.tally
        asked = sorted(key for key in tally.asked_of if key[0] == act)
        if f"gate {act}" in self.blocked or not asked:
            return
        closed = [key for key in asked if not tally.opened[key]]
        if len(closed) == len(asked) and self._is_more_than_chance(act, asked):
            self._block(act, [visit for _, visit in closed], everywhere=True)
            if not self._is_consequence(act, [visit for _, visit in closed]):
                yield StudyFinding(f"gate {act}", self._refusals(act, closed))
            return
        for key in asked:
            of, opened = tally.asked_of[key], tally.opened[key]
            if opened and not (of >= ENOUGH and opened <= MOSTLY * of):
                continue
            if not opened and (of < 2 or not self._is_more_than_chance(act, [key])):
                continue
            if not opened:
                self._block(act, [key[1]], everywhere=False)
            if not self._is_consequence(act, [key[1]]):
                said = self._refusals(act, [key]) if not opened else self._mostly(key)
                yield StudyFinding(f"gate {act} at {key[1]}", said)

    def _is_more_than_chance(self, act: str, keys: Collection[tuple[str, str]]) -> bool:
        """Whether a gate that opened for nobody did so for enough; one person's pressure is one person's."""
        requirement = self._requirement(act, self._worst(act, [visit for _, visit in keys]))
        measured = requirement is not None and any(
            usual(name.split(".")[-1], self.release.forms[name.split(".")[-2]].items[name.split(".")[-1]])
            for name in requirement.rule.names
            if name.split(".")[-1] in self.release.forms[name.split(".")[-2]].items
        )
        return not measured or max(self.tally.asked_of[key] for key in keys) >= SOME

    def _block(self, act: str, visits: Iterable[str], *, everywhere: bool) -> None:
        """Remembers what can't come about because a gate never opens, at some visits or at all."""
        self.blocked |= {*BEFORE.get(act, ())} if everywhere else set()
        if act in ("initial_dose", "next_session"):
            self.blocked |= {*visits}
            self.closed_treatment = True

    def _refusals(self, act: str, keys: Iterable[tuple[str, str]]) -> str:
        keys = list(keys)
        asked = sum(self.tally.asked[key] for key in keys)
        worst = self._worst(act, [visit for _, visit in keys])
        return f"refused all {asked} times it was asked, most often: {self.tally.words[worst]}"

    def _mostly(self, key: tuple[str, str]) -> str:
        of, opened = self.tally.asked_of[key], self.tally.opened[key]
        worst = self._worst(key[0], [key[1]])
        return f"refused {of - opened} of {of} participants, most often: {self.tally.words[worst]}"

    def _worst(self, act: str, visits: Iterable[str]) -> str:
        often: Counter[str] = Counter()
        for (one, visit, code), count in self.tally.reasons.items():
            if one == act and visit in visits:
                often[code] += count
        return max(sorted(often), key=lambda code: often[code])

    def _is_consequence(self, act: str, visits: Iterable[str]) -> bool:
        """Whether what a gate most often misses is a number that the file takes for impossible."""
        code = self._worst(act, [*visits])
        requirement = self._requirement(act, code)
        return requirement is not None and any(
            ".".join(name.split(".")[-2:]) in self.beyond for name in requirement.rule.names
        )

    def _requirement(self, act: str, code: str) -> CompiledRequirement | None:
        gate, _, number = code.partition(".")
        compiled = self.release.gates.get(gate)
        if compiled is None or not number.isdigit():
            return None
        return compiled.requirements[int(number) - 1]

    def _tracks(self) -> Iterator[StudyFinding]:
        opened = {visit.track for name, visit in self.visits.items() if self.tally.held[name]}
        for name, track in self.release.file.tracks.items():
            if name in opened:
                continue
            event = "unblinding" if track.unblinds else "assignment" if track.arms else ""
            caused = event in self.blocked or self._entry_is_closed()
            own = {visit.visit for visit in self.visits.values() if visit.track == name}
            self.blocked |= own
            if not caused and self.tally.ledgers >= ENOUGH:
                yield StudyFinding(f"track {name}", f"opened for nobody ({track.opens_on})")

    def _entry_is_closed(self) -> bool:
        return "initial" in self.blocked and "randomisation" in self.blocked

    def _visit(self, name: str, visit: Visit) -> Iterator[StudyFinding]:
        tally = self.tally
        if self._can_not(visit):
            self.blocked.add(name)
            return
        if visit.kind == "dosing" and tally.held[name] and not tally.dosed[name]:
            self.blocked.add(name)
            self.closed_treatment = True
            message = f"took place {tally.held[name]} times, and no dose was ever given"
            yield StudyFinding(f"visit {name}", message)
        elif not tally.held[name]:
            if not tally.passed_over[name] and self._somebody_stayed(visit):
                self.blocked.add(name)
                passed = tally.missed[name]
                message = (
                    f"never took place; its window passed {passed} times" if passed else "never took place"
                )
                yield StudyFinding(f"visit {name}", message)
        else:
            yield from self._window(name)

    def _can_not(self, visit: Visit) -> bool:
        """Whether a visit never took place because of something that was found before."""
        if self.tally.held[visit.visit]:
            return False
        if visit.visit in self.blocked or (self.closed_treatment and visit.kind in TREATMENT):
            return True
        if visit.after not in self.blocked:
            return False
        return visit.fallback is None or visit.fallback[0] in self.blocked

    def _somebody_stayed(self, visit: Visit) -> bool:
        populations = visit.populations or tuple(self.release.file.populations)
        return any(self.tally.stayed[population, visit.track or ""] for population in populations)

    def _window(self, name: str) -> Iterator[StudyFinding]:
        inside, outside, missed = (
            counts[name] for counts in (self.tally.inside, self.tally.outside, self.tally.missed)
        )
        if not inside and outside + missed >= FEW:
            message = f"its window was never met: {outside} times outside, {missed} times missed"
            yield StudyFinding(f"visit {name}", message)
        elif inside + outside >= ENOUGH and outside > MOSTLY * (inside + outside):
            message = f"its window was met {inside} times, and {outside} times not"
            yield StudyFinding(f"visit {name}", message)

    def _forms(self) -> Iterator[StudyFinding]:
        for name, form in self.release.forms.items():
            visits = [visit for visit in self.visits.values() if name in _filled(visit)]
            occasions = sum(self.tally.held[visit.visit] for visit in visits)
            none_drawn = (1 - (form.form.sampled or 1)) ** occasions  # the chance of it, of a sample
            if not self.tally.forms[name] and occasions >= SOME and none_drawn < BY_CHANCE:
                message = f"was never filled in, though its visits took place {occasions} times"
                yield StudyFinding(f"form {name}", message)

    def _alerts(self) -> Iterator[StudyFinding]:
        tally = self.tally
        for name, alert in self.release.alerts.items():
            if any(".".join(said.split(".")[-2:]) in self.beyond for said in alert.rule.names):
                continue
            arms = [arm for one, arm in tally.looked_at if one == name]
            if self._calls_for_all(name, arms):
                yield StudyFinding(f"alert {name}", self._raised(name, arms))
                continue
            alone = [arm for arm in arms if arm and self._calls_for_all(name, [arm])]
            if alone:
                where = " and ".join(self.release.file.arms[arm].title for arm in alone)
                yield StudyFinding(f"alert {name}", f"{self._raised(name, alone)} of {where}")

    def _calls_for_all(self, name: str, arms: Iterable[str]) -> bool:
        raised, of = self._counts(name, arms)
        return of >= FEW and raised >= (ALWAYS * of if of >= ENOUGH else of)

    def _counts(self, name: str, arms: Iterable[str]) -> tuple[int, int]:
        arms = list(arms)
        return sum(self.tally.raised[name, arm] for arm in arms), sum(
            self.tally.looked_at[name, arm] for arm in arms
        )

    def _raised(self, name: str, arms: Iterable[str]) -> str:
        arms = list(arms)
        raised, of = self._counts(name, arms)
        unknown = sum(self.tally.unknown[name, arm] for arm in arms)
        why = ", mostly because it could not be evaluated" if unknown * 2 > raised else ""
        return f"was raised for {raised} of {of} participants{why}"


def _filled(visit: Visit) -> list[str]:
    return ["vitals" if activity == "vital_signs" else activity for activity in visit.activities]
