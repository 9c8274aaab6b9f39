"""Parameters of a neutral cohort, derived from the study alone: no effect on what is rated is assumed.

Answers are drawn from the ranges and codelists of their items, within what the study's own criteria, gates
and alerts allow; ratings keep their level, whichever arm. Vital signs and other measurements are those of
healthy adults, and in a session what the model of the drug makes of them: limits are tried against these. It
shows that a study can be run, and nothing about a treatment.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from typing import Any

from entact.cohort.answers import Answer
from entact.cohort.neutral_signs import MEASURED, neutral_signs
from entact.cohort.scale import NONE, Scale, asked_as, scale_of
from entact.cohort.suitable import Suitable
from entact.cohort.usual import Usual, healthy, usual
from entact.course.state.form import VITALS
from entact.protocol import Release
from entact.protocol.timetable import ACTIVITIES

SAYS = "neutral: no effect assumed, answers drawn from the items' ranges"
WHY = {"assumption": SAYS}
SITE, ZONE = "01", "UTC"  # where the study file plans no site
BODY = ("age", "weight", "height")  # characteristics of which every form that asks tells the same
SEXES = ("female", "male")
# Ordinary rates of a well-run study, per visit, form or item; no study publishes them.
CONDUCT = {
    "missed_visit": 0.01,
    "late_visit": 0.05,
    "missed_safety_call": 0.04,
    "form_not_done": 0.01,
    "item_skipped": 0.001,
    "entry_error": 0.01,
    "entry_error_corrected": 0.9,
    "late_entry": 0.04,
    "vital_signs_missed": 0.02,
    "tapers": 0.3,
}
STOP, LEAVE = 0.06, 0.04  # who stop treatment and who leave, over the whole study
STEADY = 0.7  # correlation of what a person answers at two visits
EVENT = 0.05  # who have each of the study's terms
HELD = 0.9  # who are taken into the study, of those who consent


class Neutral:
    """The parts of a neutral cohort; each is worked out when it is asked for.

    Args:
        release: of the study. given: what its `cohort.yaml` says, so that derived parts fit to it.
    """

    def __init__(self, release: Release, given: Mapping[str, Any]) -> None:
        self.release = release
        self.file = release.file
        self.given = given

    def part(self, name: str) -> Any:
        """A part of the parameters by its name."""
        return self._parts[name]()

    @property
    def _parts(self) -> dict[str, Callable[[], Any]]:
        return {
            "study": lambda: self.file.study,
            "arms": lambda: list(self.file.arms),
            "reference": self._reference,
            "timepoints": lambda: self.timepoints,
            "sessions": lambda: self.sessions,
            "sessions_before": self._sessions_before,
            "screening": lambda: {**WHY, "assessed_per_consented": 1.0, "reasons": []},
            "sites": self._sites,
            "characteristics": self._characteristics,
            "severity": self._severity,
            "efficacy": self._efficacy,
            "questionnaires": self._questionnaires,
            "discontinuation": self._discontinuation,
            "guesses": self._guesses,
            "adverse_events": self._adverse_events,
            "vital_signs": lambda: neutral_signs(self.release, self.arms, self.suitable),
            "dosing": lambda: {**WHY, "chance": {"escalation_accepted": 0.9, "supplement_taken": 0.9}},
            "conduct": lambda: {**WHY, "chance": dict(CONDUCT)},
            "rehearsal": lambda: {
                **WHY,
                "start": "2026-01-05",
                "enrolment_days": 365,
                "randomised_per_consented": HELD,
            },
            "answers": self.answers,
        }

    @property
    def parts(self) -> list[str]:
        """The names of all parts."""
        return list(self._parts)

    @cached_property
    def suitable(self) -> Suitable:
        """Somebody whom nothing in the study speaks against."""
        return Suitable(self.release)

    @cached_property
    def arms(self) -> list[str]:
        return list(self.given.get("arms") or self.file.arms)

    @cached_property
    def sessions(self) -> list[str]:
        given = self.given.get("sessions")
        return list(given or [name for name, visit in self.release.visits.items() if visit.kind == "dosing"])

    @cached_property
    def primary(self) -> tuple[str, str, Scale]:
        """Form, score and scale of what the study measures first; empty where nothing is rated twice."""
        for form, score in self._measured():
            scale = scale_of(self.release.forms[form], score)
            if scale.items and len(self._visits_with(form)) > 1:
                return form, score, scale
        return "", "", NONE

    @cached_property
    def others(self) -> dict[str, tuple[str, str, Scale]]:
        """Other scores that endpoints measure, by a name, where no item is of two of them."""
        form, _, scale = self.primary
        taken = {(form, item) for item in scale.items}
        found: dict[str, tuple[str, str, Scale]] = {}
        for form, score in self._measured():
            scale = scale_of(self.release.forms[form], score)
            items = {(form, item) for item in scale.items}
            if items and not items & taken:
                taken |= items
                found[f"{form}_{score}"] = (form, score, scale)
        return found

    @cached_property
    def timepoints(self) -> list[str]:
        """Visits at which something is rated, from the last one before any dose on; at least two."""
        if given := self.given.get("timepoints"):
            return list(given)
        names = list(self.release.visits)
        forms = {form for form, _, _ in (self.primary, *self.others.values()) if form}
        rated = [name for name in names if forms & {*self.release.visits[name].do}]
        first = min((names.index(name) for name in self.sessions), default=len(names))
        before = [name for name in rated if names.index(name) < first and self._has(name, self.primary[0])]
        after = [name for name in rated if names.index(name) > first]
        found = [*(before[-1:] or names[:1]), *after]
        return found if len(found) > 1 else list(dict.fromkeys([*found, names[-1]]))

    def answers(self) -> dict[str, dict[str, Any]]:
        """What people answer to every form that is asked and that no model fills."""
        asked = {name for visit in self.release.visits.values() for name in visit.activities} - ACTIVITIES
        asked -= self.file.adverse_events.checklists.keys()
        self._severity()  # a rating takes the items that it needs, before the others are given freedom
        modelled = {form: frozenset(scale.items) for form, _, scale in (self.primary, *self.others.values())}
        return {
            name: {
                item: self._answer(name, item, answer).model_dump(exclude_defaults=True) | self._steady(name)
                for item, answer in self.suitable.answers_of(name, modelled.get(name, frozenset())).items()
            }
            for name in self.release.forms
            if name in asked or name == VITALS
        }

    def _steady(self, form: str) -> dict[str, Any]:
        """A fact about a person stays; what they rate or have done stays much the same."""
        return {"steady": 1.0 if self.release.forms[form].lasting else STEADY}

    def _answer(self, form: str, item: str, free: Answer) -> Answer:
        """What a form is told of a person's body is the same whichever form asks."""
        said = self.release.forms[form].items[item]
        known = usual(item, said)
        if known is not None and known.name in BODY and known.name in self.characteristics:
            return Answer(characteristic=known.name, times=known.factor, decimals=free.decimals)
        if item == "sex" and free.shares is not None and {*free.shares} <= {*SEXES}:
            told = self.characteristics.get("sex")
            if told is not None and {*told.get("shares", ())} <= {*free.shares}:
                return Answer(characteristic="sex")
        return free

    @cached_property
    def characteristics(self) -> Mapping[str, Any]:
        """Those that are given, or the bodies of healthy adults whom the criteria choose."""
        given = self.given.get("characteristics")
        return given if given is not None else self._characteristics()

    def _characteristics(self) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for form in self.release.forms.values():
            for item, said in form.items.items():
                known = usual(item, said)
                if known is not None and known.name in BODY and known.name not in found:
                    found[known.name] = self._body(known, self.suitable.freedom(form.name, item))
                if item == "sex" and said.type == "choice":
                    free = self.suitable.freedom(form.name, item).shares or {}
                    if {*free} and {*free} <= {*SEXES}:
                        found["sex"] = {**MEASURED, "shares": free}
        for name in BODY:
            if name not in found:
                known = healthy(name)
                found[name] = self._body(known, Answer(mean=known.mean, sd=known.sd))
        found.setdefault("sex", {**MEASURED, "shares": dict.fromkeys(SEXES, 0.5)})
        return found

    def _body(self, known: Usual, free: Answer) -> dict[str, Any]:
        assert free.mean is not None
        assert free.sd is not None
        mean, sd = free.mean / known.factor, free.sd / known.factor
        ends = {"minimum": known.least / known.factor, "maximum": known.most / known.factor}
        return {**MEASURED, "mean": mean, "sd": sd, **ends, "decimals": 1 if known.name == "weight" else 0}

    def _measured(self) -> Iterator[tuple[str, str]]:
        """Forms and scores in the order in which endpoints name them, the primary one's first."""
        plan = self.file.analysis
        endpoints = self.release.endpoints
        first = [name for name in (plan.primary.endpoint,) if name in endpoints]
        seen: set[tuple[str, str]] = set()
        for name in dict.fromkeys([*first, *endpoints]):
            for said in sorted(endpoints[name].rule.names, key=lambda one: (one.count("."), one)):
                form, score = said.split(".")[-2:]
                compiled = self.release.forms[form]
                if compiled.lasting or form == VITALS:
                    continue
                # An endpoint may name a yes or no of an instrument: what it rates is behind it.
                scores = [
                    score,
                    *(list(compiled.scores) if compiled.types[score] == "bool" else []),
                ]
                for one in scores:
                    if (form, one) not in seen:
                        seen.add((form, one))
                        yield form, one

    def _visits_with(self, form: str) -> list[str]:
        return [name for name in self.release.visits if self._has(name, form)]

    def _has(self, visit: str, form: str) -> bool:
        return form in self.release.visits[visit].do

    def _sessions_before(self) -> list[int]:
        names = list(self.release.visits)
        places = [names.index(name) for name in self.sessions if name in names]
        known = [names.index(name) for name in self.timepoints if name in names]
        return [sum(place < here for place in places) for here in known]

    def _reference(self) -> str:
        """The arm that others are compared with."""
        others = [name for name, arm in self.file.arms.items() if arm.role != "experimental"]
        return (others or self.arms)[0]

    def _sites(self) -> dict[str, Any]:
        planned = {
            name: {"country": site.country, "zone": site.timezone} for name, site in self.file.sites.items()
        }
        return {**WHY, "by_id": planned or {SITE: {"country": "", "zone": ZONE}}}

    def _severity(self) -> dict[str, Any]:
        form, score, scale = self.primary
        if not form:
            profile = {"count": 1, "levels": [0.5], "between_people": 0.0, "between_occasions": 0.0}
            return {**WHY, "instrument": "", "candidates": {"mean": 0.0, "sd": 0.0}, "items": profile}
        low, high = self._suitable_totals(form, scale)
        return {
            **WHY,
            "instrument": asked_as(self.release.forms[form]),
            "score": score,
            "candidates": {"mean": (low + high) / 2, "sd": (high - low) / 6},
            "items": _profile(scale),
        }

    def _suitable_totals(self, form: str, scale: Scale) -> tuple[float, float]:
        """The totals of which least speaks against a candidate, as the longest stretch of them."""
        suitable, lowest = self.suitable, _profile(scale)["lowest"]
        steps = len(scale.items) * scale.steps
        tried = sorted({round(steps * part / 80) for part in range(81)})
        weights = [suitable.weight({form: _spread(scale, total)}) for total in tried]
        best = min(weights)
        runs: list[list[int]] = []
        for total, weight in zip(tried, weights, strict=True):
            if weight == best and runs and runs[-1][-1] == tried[tried.index(total) - 1]:
                runs[-1].append(total)
            elif weight == best:
                runs.append([total])
        longest = max(runs, key=len)
        suitable.accept(form, _spread(scale, longest[len(longest) // 2]))
        return float(lowest + longest[0]), float(lowest + longest[-1])

    def _efficacy(self) -> dict[str, Any]:
        """Everybody keeps their level, whatever the arm."""
        _, _, scale = self.primary
        change = {"responders": 0.0, "others": 0.0, "sd": 0.08 * len(scale.items) * scale.steps}
        arm = {**WHY, "responders": 0.0, "change": dict.fromkeys(self.timepoints[1:], change)}
        return {
            **WHY,
            "follows": "assigned",
            "baseline_slope": 1.0,
            "persistence": 0.5,
            "not_at_random": 0.0,
            "arms": dict.fromkeys(self.arms, arm),
        }

    def _questionnaires(self) -> dict[str, Any]:
        result = {}
        for name, (form, score, scale) in self.others.items():
            low, high = self._suitable_totals(form, scale)
            points = len(scale.items) if scale.is_mean else 1  # of the total to one of the score
            spread = (high - low) / 6
            result[name] = {
                **WHY,
                "instrument": asked_as(self.release.forms[form]),
                "named": score,
                "timepoints": self.timepoints,
                "score": "mean" if scale.is_mean else "sum",
                "baseline": {"mean": (low + high) / 2 / points, "sd": spread / points},
                "correlation": 0.0,
                "change_intercept": 0.0,
                "change_per_point": 0.0,
                "baseline_pull": 0.0,
                "noise": {"constant": spread / 2 / points, "per_point": 0.0},
                "items": _profile(scale),
            }
        return result

    def _discontinuation(self) -> dict[str, Any]:
        intervals = self.timepoints[1:]

        def hazard(chance: float) -> dict[str, Any]:
            each = dict.fromkeys(intervals, chance / len(intervals))
            return {"arms": dict.fromkeys(self.arms, each), "per_point": 0.0}

        return {
            **WHY,
            "follows": "assigned",
            "treatment": hazard(STOP),
            "study": hazard(LEAVE),
            "log_odds_once_stopped": 0.0,
            "before_session": 0.5,
            "reasons": {"participant's choice": 1.0},
        }

    def _guesses(self) -> dict[str, Any]:
        """Everybody guesses at random; with one arm there is nothing to guess."""
        chances = dict.fromkeys(self.arms, 0.8 / len(self.arms)) | {"unknown": 0.2}
        guesser = {**WHY, "by_arm": dict.fromkeys(self.arms, chances)}
        roles = ("participant", "therapist_1", "therapist_2", "rater") if len(self.arms) > 1 else ()
        return {
            **WHY,
            "roles": dict.fromkeys(roles, guesser),
            "occasions": dict.fromkeys([*self.sessions, self.timepoints[-1]], 1.0),
            "steadiness": 0.5,
            "confidence_levels": 5,
            "confidence": {"mean": 3.0, "sd": 1.0},
            "confidence_if_correct": 0.0,
        }

    def _adverse_events(self) -> dict[str, Any]:
        pattern = {
            **WHY,
            "onset_minutes": 1440.0,
            "onset_sigma": 1.5,
            "duration_minutes": 1440.0,
            "duration_sigma": 1.0,
            "severity": {"mild": 0.6, "moderate": 0.35, "severe": 0.05},
            "recurrence": 0.2,
        }
        terms = [
            {
                **WHY,
                "term": term.title,
                "chance": dict.fromkeys(self.arms, EVENT),
                "pattern": "any_time",
                "valence": term.valence,
            }
            for term in self.file.adverse_events.terms.values()
        ]
        return {**WHY, "patterns": {"any_time": pattern}, "terms": terms}


def _profile(scale: Scale) -> dict[str, Any]:
    return {
        "count": len(scale.items),
        "levels": [step + 0.5 for step in range(scale.steps)],
        "between_people": 0.5,
        "between_occasions": 0.4,
        "lowest": round(scale.lowest) * (len(scale.items) if scale.is_mean else 1),
    }


def _spread(scale: Scale, total: int) -> dict[str, int]:
    """Answers that make up so many steps, as evenly as whole numbers let them."""
    each, more = divmod(total, len(scale.items))
    return scale.answer([each + (place < more) for place in range(len(scale.items))])
