"""What is compared, and how."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from entact.protocol.contrast import read_contrast
from entact.protocol.methods import method_words
from entact.protocol.study import Analysis, Interim, Multiplicity, SpendingRule
from entact.protocol.words.label import begun, spaced, within_sentence
from entact.protocol.words.passage import Passage, Teller, listed
from entact.protocol.words.schedule import anchor_words
from entact.protocol.words.time import window_words

_RULES = {
    "obrien_fleming": "O'Brien-Fleming spending",
    "pocock": "Pocock spending",
    "hwang_shih_decani": "Hwang-Shih-DeCani spending, gamma",
    "kim_demets": "Kim-DeMets spending, rho",
    "obrien_fleming_boundary": "an O'Brien-Fleming boundary",
    "pocock_boundary": "a Pocock boundary",
    "wang_tsiatis": "a Wang-Tsiatis boundary, delta",
    "haybittle_peto": "a Haybittle-Peto boundary",
}


def _looks(interim: Interim) -> Passage:
    """The looks before the end, what they spend, and what they stop for."""
    at = listed([f"{share:.4g}%" for share in (100 * one for one in interim.looks)])
    if interim.spends is not None:
        spent = f"spending {listed([f'{one:g}' for one in interim.spends])} of alpha"
    else:
        spent = f"with {_rule(interim.spending)}" if interim.spending is not None else "spending nothing"
    text = f"at {at} of the information, {spent}; decides {interim.decides}"
    notes = []
    if interim.futility is not None:
        binding = "binding" if interim.binding else "not binding"
        if isinstance(interim.futility, tuple):
            below = listed([f"{bound:g}" for bound in interim.futility])
            notes.append(f"Stops for futility with Z below {below}, {binding}.")
        else:
            notes.append(f"Futility by {_rule(interim.futility)}, of beta {interim.beta:g}, {binding}.")
    term = "Interim look" if len(interim.looks) == 1 else "Interim looks"
    return Passage(term, text, tuple(notes), interim.assumption)


_PROCEDURES = {
    "fixed_sequence": "in this order, until one is not rejected",
    "holm": "by Holm's procedure",
    "hochberg": "by Hochberg's procedure",
    "hommel": "by Hommel's procedure",
    "graphical": "by a graphical procedure",
}


def _together(said: Multiplicity, alpha: float) -> Passage:
    """Which analyses are tested together, and how."""
    way = _PROCEDURES.get(said.procedure, spaced(said.procedure))
    notes = []
    if said.weights:
        first = listed([f"{spaced(name)} {share:g}" for name, share in said.weights.items()])
        notes.append(f"Shares of alpha at first: {first}.")
    for name, own in (said.hand_on or {}).items():
        onward = listed([f"{share:g} to {spaced(other)}" for other, share in own.items()])
        notes.append(f"Once rejected, {spaced(name)} hands on {onward}.")
    text = f"{listed([spaced(name) for name in said.of])}, {way}, at {alpha:g} together"
    return Passage("Tested together", text, tuple(notes), said.assumption)


def _rule(rule: SpendingRule) -> str:
    words = _RULES.get(rule.name, rule.name)
    return words if rule.parameter is None else f"{words} {rule.parameter:g}"


_SIDES = {"two_sided": "two-sided", "greater": "one-sided (greater)", "less": "one-sided (less)"}
# What of an analysis is said in words of its own; all else by its key.
_SAID = frozenset(
    {"endpoint", "estimand", "set", "method", "contrast", "alpha", "side", "fixed", "covariance", "df"}
    | {"pool_sites_below"}
)


def _value(own: Any) -> str:
    """A word, a number, a list or a block of numbers, as the plan says it."""
    if isinstance(own, dict):
        return listed([f"{spaced(str(name))} {_value(one)}" for name, one in own.items()])
    if isinstance(own, list | tuple):
        return listed(list(map(_value, own)))
    if isinstance(own, bool):
        return "yes" if own else "no"
    return f"{own:g}" if isinstance(own, int | float) else spaced(str(own))


_HAPPENS = {
    "treatment_stopped": "treatment was stopped",
    "procedures_stopped": "all procedures were stopped",
    "medicine_begun": "a medicine was begun",
    "unblinded": "the arm was told",
    "died": "the participant died",
}


class Plan(Teller):
    """What is compared, and how."""

    def endpoints(self) -> Iterator[Passage]:
        for name, endpoint in self.file.endpoints.items():
            title = endpoint.title or begun(spaced(name))
            text = f"{self.rule(endpoint.rule)}, at {spaced(endpoint.at)}"
            if endpoint.is_time:
                start = "enrolment" if self.file.randomisation is None else "randomisation"
                since = spaced(endpoint.after) if endpoint.after else start
                text = f"days from {since} until {self.rule(endpoint.rule)}, up to {spaced(endpoint.at)}"
            yield Passage(title, text, assumption=endpoint.assumption)

    def plan(self) -> Iterator[Passage]:
        plan = self.file.analysis
        yield from self._analysis("Primary analysis", plan.primary)
        for name, analysis in plan.secondary.items():
            yield from self._analysis(f"Secondary: {spaced(name)}", analysis)
        if plan.interim is not None:
            yield _looks(plan.interim)
        if plan.multiplicity is not None:
            yield _together(plan.multiplicity, plan.multiplicity.alpha or plan.primary.alpha)
        for name, said in plan.sets.items():
            ruled = () if said.rule is None else (f"By rule: {self.rule(said.rule)}.",)
            yield Passage(f"Set: {spaced(name)}", said.text, ruled, said.assumption)
        for name, estimand in plan.estimands.items():
            ways = [f"{self._event(event)}: {spaced(way)}" for event, way in estimand.strategies.items()]
            more = {
                "Treatment": estimand.treatment,
                "Population": estimand.population,
                "Variable": estimand.variable,
                "Summary": estimand.summary,
            }
            yield Passage(
                f"Estimand: {estimand.title or spaced(name)}",
                "; ".join(ways),
                tuple(f"{what}: {text.rstrip('.')}." for what, text in more.items() if text),
                estimand.assumption,
            )
        for event in plan.intercurrent.values():
            of = f", one of {listed(list(map(spaced, event.classes)), 'or')}" if event.classes else ""
            text = f"when {_HAPPENS[event.on]}{of}"
            yield Passage(f"Intercurrent event: {event.title}", text, assumption=event.assumption)
        for window in plan.windows.values():
            text = f"{window_words(window.within)} after {anchor_words(window.after, self.release.visits)}"
            yield Passage(f"Counts for {spaced(window.visit)}", text, assumption=window.assumption)
        standards = self.file.standards
        if standards is not None:
            said_of = {
                "CDISC controlled terminology": standards.controlled_terminology,
                "SDTM": standards.sdtm,
                "ADaM": standards.adam,
                "MedDRA": standards.meddra,
                "WHODrug": standards.whodrug,
            }
            versions = [f"{name} {version}" for name, version in said_of.items() if version]
            yield Passage("Data standards", listed(versions), assumption=standards.assumption)

    def _event(self, name: str) -> str:
        event = self.file.analysis.intercurrent.get(name)
        return within_sentence(event.title) if event is not None else spaced(name)

    def _analysis(self, term: str, said: Analysis) -> Iterator[Passage]:
        endpoint = self.file.endpoints.get(said.endpoint)
        title = (endpoint.title if endpoint is not None else None) or spaced(said.endpoint)
        text = f"{title}, {method_words()[said.method].title}, in the set {spaced(said.set)}"
        notes = []
        if said.contrast:
            contrast = read_contrast(said.contrast, self.file.arms)
            first, second = (self.arm(one) if one in self.file.arms else spaced(one) for one in contrast.pair)
            against = f"{first} against {second} at {spaced(contrast.at)}"
            notes.append(f"{against}, {_SIDES[said.side or 'two_sided']} at {said.alpha:g}.")
        estimand = self.file.analysis.estimands.get(said.estimand)
        titled = None if estimand is None or estimand.title is None else f"'{estimand.title}'"
        details = [f"estimand {titled or spaced(said.estimand)}"]
        details += [f"fixed effects {said.fixed}"] if said.fixed else []
        tried = [said.covariance] if isinstance(said.covariance, str) else said.covariance or []
        details += [f"{listed(list(map(spaced, tried)), 'else')} covariance"] if tried else []
        details += [f"degrees of freedom by {said.df.replace('_', '-').title()}"] if said.df else []
        if said.pool_sites_below:
            details.append(f"sites with fewer than {said.pool_sites_below} participants taken together")
        details += [f"{spaced(key)} {_value(own)}" for key, own in said.said.items() if key not in _SAID]
        notes.append(f"{begun('; '.join(details))}.")
        yield Passage(term, text, tuple(notes), said.assumption)
