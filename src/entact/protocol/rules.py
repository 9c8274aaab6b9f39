"""All rules and forms of a study file, compiled once, with every fault found on the way."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import ValidationError

from entact.protocol.asking import compile_items, offset_of, rule_fault
from entact.protocol.compiled import (
    CompiledAlert,
    CompiledCriterion,
    CompiledEndpoint,
    CompiledGate,
    CompiledRequirement,
    CompiledRules,
    Ruled,
)
from entact.protocol.explain import faults_of, no_instrument
from entact.protocol.form import CompiledForm
from entact.protocol.instrument import (
    Instrument,
    InstrumentError,
    InstrumentFile,
    read_instrument,
    shipped_instruments,
)
from entact.protocol.names import EVENT, PERSON, STUDY
from entact.protocol.problem import Fault, Path, nearest, unknown
from entact.protocol.rule import Kind, Rule, RuleError, Vocabulary
from entact.protocol.study import (
    Alert,
    Report,
    StudyFile,
    Visit,
)

PARTS = frozenset({"initial", "supplement"})


def compile_forms(file: StudyFile) -> tuple[dict[str, CompiledForm], list[Fault]]:
    """Every form that can be made ready, and what is wrong with the others."""
    instruments, faults = _instruments(file)
    forms: dict[str, CompiledForm] = {}
    for name, form in file.all_forms.items():
        instrument = None
        if form.instrument is not None:
            instrument = instruments.get(form.instrument)
            if instrument is None:
                if form.instrument not in file.instruments:
                    message = _why_absent(form.instrument, file.instruments)
                    faults.append(Fault(("forms", name, "instrument"), message))
                continue
        if instrument is not None and instrument.file.entry is not None:
            message = (
                f"entact keeps {form.instrument!r} itself; take this form out, and write "
                f"{instrument.file.entry!r} in `do:`"
            )
            faults.append(Fault(("forms", name, "instrument"), message))
            continue
        taken = {*instrument.items, *instrument.scores} if instrument else set()
        for item in form.items:
            if item in taken:
                message = f"{form.instrument!r} has an item or score {item!r} already; choose another name"
                faults.append(Fault(("forms", name, "items", item), message))
        forms[name] = CompiledForm(name, form, instrument)
    for name in [name for name, form in forms.items() if _has_rules(form)]:
        rules, more = compile_items(name, forms, _arguments(file))
        faults += more
        forms[name] = CompiledForm(name, forms[name].form, forms[name].instrument, rules)
    return forms, faults


def _has_rules(form: CompiledForm) -> bool:
    items = [*form.items.values(), *(inner for item in form.items.values() for inner in item.items.values())]
    sections = form.form.sections.values()
    return any(item.when or not item.is_entered for item in items) or any(said.when for said in sections)


def _arguments(file: StudyFile) -> dict[str, frozenset[str]]:
    """What the functions of rules may be asked about."""
    return {"present": frozenset({*file.roles, "participant"}), "given": PARTS, "elapsed": PARTS}


def _why_absent(name: str, own: Iterable[str]) -> str:
    """Why an instrument is not in the resolved file: nobody has it, or the shipped one is broken."""
    try:
        read_instrument(name)
    except InstrumentError as error:
        return str(error) if name in shipped_instruments() else no_instrument(name, own)
    return "the release lacks this instrument; a release is kept exactly as it was entered"


def _instruments(file: StudyFile) -> tuple[dict[str, Instrument], list[Fault]]:
    instruments: dict[str, Instrument] = {}
    faults: list[Fault] = []
    context = {"language": file.languages[0]}
    for name, data in file.instruments.items():
        path: Path = ("instruments", name)
        try:
            instruments[name] = Instrument(InstrumentFile.model_validate(data, context=context))
        except ValidationError as error:
            faults += faults_of(error, data, InstrumentFile, path)
        except (InstrumentError, RuleError) as error:
            faults.append(_instrument_fault(path, data, str(error)))
        else:
            if data.get("instrument") != name:
                message = f"calls itself otherwise than the study does; write {name!r}"
                faults.append(Fault((*path, "instrument"), message))
    return instruments, faults


def _instrument_fault(path: Path, data: Mapping[str, Any], message: str) -> Fault:
    """The fault of an instrument within a study file, at the score that its message names."""
    message = re.sub(r"^\w+\.yaml: ", "", message)
    block, _, said = message.partition(": ")
    kind, _, name = block.partition(".")
    if kind == "scores" and name in data.get("scores", {}):
        return Fault((*path, "scores", name), said, at_key=True)
    return Fault((*path, "items"), said) if kind == "items" else Fault(path, message)


def compile_rules(
    file: StudyFile, forms: Mapping[str, CompiledForm], visits: Mapping[str, Visit]
) -> tuple[CompiledRules, list[Fault]]:
    """Every rule that can be compiled, and what is wrong with the others, by its place in the text."""
    return _Compilation(file, forms, visits).compile()


class _Compilation:
    def __init__(
        self, file: StudyFile, forms: Mapping[str, CompiledForm], visits: Mapping[str, Visit]
    ) -> None:
        self.file = file
        self.forms = forms
        self.visits = visits
        self.faults: list[Fault] = []
        self.rules = CompiledRules()
        self.arguments = _arguments(file)
        self.names = self._names()
        self.plain = Vocabulary(self.names, self.arguments)

    def compile(self) -> tuple[CompiledRules, list[Fault]]:
        for name in self.file.gates:
            self._gate(name)
        for name, alert in self.file.alerts.items():
            self._alert(name, alert)
        for name, criterion in self.file.eligibility.items():
            computed = self._rule(("eligibility", name, "rule"), criterion.rule) if criterion.rule else None
            if computed or not criterion.rule:
                self.rules.criteria[name] = CompiledCriterion(computed, criterion)
        for name, endpoint in self.file.endpoints.items():
            if (endpoint.value is None) is (endpoint.event is None):
                message = "says neither 'value' nor 'event'; write 'value: form.item'"
                if endpoint.value is not None:
                    message = "says a 'value' and an 'event'; take one of them out"
                self.faults.append(Fault(("endpoints", name), message))
                continue
            path: Path = ("endpoints", name, endpoint.field)
            vocabulary = self._with_visits(endpoint.rule)
            returns: Kind | None = "bool" if endpoint.is_time else None
            rule = self._rule(path, endpoint.rule, vocabulary, returns)
            if rule:
                self.rules.endpoints[name] = CompiledEndpoint(rule, endpoint)
        self._oversight()
        for name, chosen in self.file.analysis.sets.items():
            if chosen.rule is not None:
                vocabulary = self._with_visits(chosen.rule, PERSON)
                rule = self._rule(("analysis", "sets", name, "rule"), chosen.rule, vocabulary)
                if rule:
                    self.rules.sets[name] = Ruled(rule, chosen)
        return self.rules, self.faults

    def _oversight(self) -> None:
        """Rules about the person, the event or the study that sponsors, boards and committees act upon."""
        of_person = Vocabulary({**self.names, **PERSON}, self.arguments)
        for name, stopping in self.file.stopping.items():
            if rule := self._rule(("stopping", name, "when"), stopping.when, of_person):
                self.rules.stopping[name] = Ruled(rule, stopping)
        for name, quota in self.file.quotas.items():
            if quota.when is not None and (rule := self._rule(("quotas", name, "when"), quota.when)):
                self.rules.quotas[name] = Ruled(rule, quota)
        for name, rated in self.file.second_ratings.items():
            path: Path = ("second_ratings", name)
            if name in self.file.forms:
                self._rule((*path, "value"), rated.value, returns=None)
                if rated.category is not None:
                    self._rule((*path, "category"), rated.category)
        of_study, of_event = Vocabulary(STUDY), Vocabulary(EVENT)
        for name, hold in self.file.holds.items():
            if rule := self._rule(("holds", name, "when"), hold.when, of_study):
                self.rules.holds[name] = Ruled(rule, hold)
        for name, report in self.file.reports.items():
            if rule := self._rule(("reports", name, "when"), report.when, of_event):
                self.rules.reports[name] = Ruled(rule, report)
        for kind, interest in self.file.adverse_events.special_interest.items():
            if interest.within is None:
                continue
            when = f"event.special_interest == {json.dumps(kind)}"
            path = ("adverse_events", "special_interest", kind)
            report = Report(
                title=interest.title, when=when, within=interest.within, to=", ".join(interest.tell)
            )
            if rule := self._rule(path, when, of_event):
                self.rules.reports[f"special_interest.{kind}"] = Ruled(rule, report)

    def _alert(self, name: str, alert: Alert) -> None:
        known = len(self.faults)
        rule = self._rule(("alerts", name, "when"), alert.when)
        rearm = self._rule(("alerts", name, "rearm"), alert.rearm) if alert.rearm is not None else None
        worse = tuple(
            self._rule(("alerts", name, "escalate", place, "when"), step.when)
            if step.when is not None
            else None
            for place, step in enumerate(alert.escalate)
        )
        if rule and len(self.faults) == known:
            self.rules.alerts[name] = CompiledAlert(rule, alert, rearm, worse)

    def _gate(self, name: str) -> None:
        gate = self.file.gates[name]
        known = len(self.faults)
        applies = (
            self._rule(("gates", name, "applies_when"), gate.applies_when) if gate.applies_when else None
        )
        requirements = []
        for place, said in enumerate(gate.require):
            rule = self._rule(("gates", name, "require", place, "require"), said.require)
            if rule:
                requirements.append(
                    CompiledRequirement(
                        rule, said.otherwise, said.within, said.ever, said.override, said.override_allowed_in
                    )
                )
        # A gate of which one requirement is lost would open too easily: it does not exist then.
        if len(self.faults) == known:
            self.rules.gates[name] = CompiledGate(applies, tuple(requirements))

    def _names(self) -> dict[str, Kind]:
        names: dict[str, Kind] = {}
        for form in self.forms.values():
            for item, kind in form.types.items():
                name = f"{form.name}.{item}"
                try:
                    Vocabulary({name: kind})
                except ValueError as error:
                    path: Path = ("forms", form.name)
                    path = (*path, "items", item) if item in form.form.items else path
                    self.faults.append(Fault(path, str(error)))
                    continue
                names[name] = kind
        return names

    def _with_visits(self, text: str, more: Mapping[str, Kind] | None = None) -> Vocabulary:
        """The names that an endpoint may use: also those of a form at a visit that it mentions."""
        names = {**self.names, **(more or {})}
        for name in set(re.findall(r"[a-z][a-z0-9_]*(?=\s*\.)", text)) & self.visits.keys():
            for form in forms_at(self.visits[name], self.forms):
                names |= {
                    f"{name}.{known}": kind
                    for known, kind in self.names.items()
                    if known.startswith(f"{form}.")
                }
        return Vocabulary(names, self.arguments)

    def _rule(
        self, path: Path, text: str, vocabulary: Vocabulary | None = None, returns: Kind | None = "bool"
    ) -> Rule | None:
        try:
            return (vocabulary or self.plain).compile(text, returns=returns)
        except RuleError as error:
            better = self._better(text, offset_of(text, error) or 0, path)
            self.faults.append(rule_fault(path, text, error, better))
            return None

    def _better(self, rule: str, offset: int, path: Path) -> str | None:
        """What to say of the name at a place in a rule, where the study knows more than the rules."""
        may_name_visits = path[0] == "endpoints" or path[:2] == ("analysis", "sets")
        text = rule[offset:]
        alone = re.match(r"([A-Za-z]\w*)(?!\w|\s*[.(])", text)
        if alone and alone[1] in self.forms:
            return f"{alone[1]!r} is a form; {self._holds(alone[1])}"
        if alone and (code := self._code(rule, alone[1])):
            return code
        said = re.match(r"(?:([a-z][a-z0-9_]*)\.)?([a-z][a-z0-9_]*)\.([A-Za-z]\w*)", text)
        visit, form, item = said.groups(default="") if said else ("", "", "")
        if visit in self.visits and path[0] == "eligibility":
            return "a criterion reads the newest value before it is decided: leave the visit out"
        if visit in self.visits and not may_name_visits:
            return "only an endpoint may name a visit; leave it out, and say `ever: true` or `within:`"
        if visit in self.visits and form in {*self.forms} - {*forms_at(self.visits[visit], self.forms)}:
            return f"{form!r} is not filled at {visit}; add it to its `do:`, or choose another visit"
        if visit and visit not in self.visits and form in self.forms and may_name_visits:
            return unknown("visit", visit, self.visits)
        if form in self.forms and item in self.forms[form].items and item not in self.forms[form].types:
            kind = self.forms[form].items[item].type
            return f"'{form}.{item}' is a {kind}, and rules know no text, dates, times or files"
        if form in self.forms and item not in self.forms[form].types:
            return self._misspelt(form, item)
        return None

    def _misspelt(self, form: str, item: str) -> str | None:
        """What to say of a score or item that a form lacks: the nearest, and the scores that it has."""
        scores, near = self.forms[form].scores, nearest(item, self.forms[form].types)
        if near is None:
            return f"there is no '{form}.{item}'; {self._holds(form)}"
        if not scores:
            return None
        meant = f"did you mean '{form}.{near}'?"
        return f"there is no '{form}.{item}'; {meant} The scores of {form!r} are {', '.join(scores)}"

    def _of(self, form: str) -> list[str]:
        """The scores of a form, then its items, that rules may name."""
        scores = self.forms[form].scores
        return sorted(self.forms[form].types, key=lambda name: name not in scores)

    def _holds(self, form: str) -> str:
        """What of a form may be named: all of its scores, and its first items."""
        names = self._of(form)
        most = max(len(self.forms[form].scores), 6)
        shown = ", ".join(f"{form}.{name}" for name in names[:most]) + (", …" if len(names) > most else "")
        return f"name one of its scores or items: {shown}"

    def _code(self, rule: str, word: str) -> str | None:
        """What to say of a code that lacks its quotes."""
        for name in re.findall(r"[a-z][a-z0-9_]*\.[a-z][a-z0-9_]*", rule):
            form, _, item = name.partition(".")
            said = self.forms[form].items.get(item) if form in self.forms else None
            if said is not None and word in (said.of or ()):
                return f"{word!r} is a code of {name}; put it in quotes: '{word}'"
        return None


def forms_at(visit: Visit, forms: Mapping[str, object]) -> list[str]:
    """The forms filled at a visit; the engine's activity `vital_signs` fills the form `vitals`."""
    filled = ("vitals" if activity == "vital_signs" else activity for activity in visit.activities)
    return list(dict.fromkeys(form for form in filled if form in forms))
