"""What the console of a dosing day can ask, reckon and judge by itself, and what it needs the network for.

A tablet has the items of the form in hand, what was entered of this session, and the study's rules as trees.
A form that asks for more is filled in on its page; what a gate makes of it stays unknown on the tablet until
the server has said it, and unknown keeps a gate shut.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from entact.protocol.compiled import CompiledRules
from entact.protocol.form import CompiledForm
from entact.protocol.instrument import Instrument
from entact.protocol.instrument_file import Score
from entact.protocol.item_rules import KINDS
from entact.protocol.portable import portable
from entact.protocol.problem import Fault, Path
from entact.protocol.rule import Kind, Rule, RuleError, Vocabulary
from entact.protocol.rules import forms_at
from entact.protocol.study import StudyFile, Visit

SIMPLE: Final = ("boolean", "integer", "decimal", "choice")
"""Types of items that the console asks."""

GATES_OF_THE_DAY: Final = ("initial_dose", "supplement", "discharge")
"""The gates that the console judges."""

_GIVES: Final[dict[type, Kind]] = {bool: "bool", int: "int", float: "double", str: "string"}
_OPERATIONS: Final = frozenset({"sum", "mean", "max", "highest", "any", "all", "count", "at_least", "rule"})


def beyond_pad(form: CompiledForm) -> tuple[str, str] | None:
    """The first item for which a form is filled in on its page, and why; None if the console asks it all."""
    for name, item in form.items.items():
        if item.is_entered and item.required and item.type not in SIMPLE:
            return name, f"is a {item.type}, and required"
    for name, rules in form.rules.conditions.items():
        for rule in rules:
            if not all(_is_of_pad(form, one) for one in rule.names) or rule.calls:
                return name, f"is asked when {rule.text}, which is not asked on this form itself"
    for name, row in form.rows.items():
        if row.looks_elsewhere:
            return name, "has an item of rows that is asked by what another form says"
    return None


def _is_of_pad(form: CompiledForm, name: str) -> bool:
    return name in form.items and form.items[name].is_entered and form.items[name].type in SIMPLE


def reckoned(instrument: Instrument | None) -> Iterator[tuple[str, Score, dict[str, Any] | None]]:
    """The scores that the console reckons itself, each with its rule to be sent, if it is one.

    In order; none from the first on that it would not reckon as the server does.
    """
    if instrument is None or instrument.points or instrument.qualifiers:
        return
    items = {name: KINDS[item.type] for name, item in instrument.items.items() if item.type in SIMPLE}
    known = Vocabulary(items | {name: _GIVES[kind] for name, kind in instrument.scores.items()})
    for name, score in instrument.file.scores.items():
        if score.operation not in _OPERATIONS or (score.operation == "sum" and score.may_miss):
            return
        rule = None
        if score.operation == "rule":
            try:
                rule = portable(known.compile(score.rule or "", returns=None))
            except RuleError:
                return
        yield name, score, rule


def advise_pad(
    file: StudyFile, rules: CompiledRules, forms: Mapping[str, CompiledForm], visits: Mapping[str, Visit]
) -> Iterator[Fault]:
    """A warning for what keeps a gate of a dosing day shut on the console while there is no network."""
    filled = [(visit.kind == "dosing", form) for visit in visits.values() for form in forms_at(visit, forms)]
    told: set[Path] = set()
    for gate, rule, ever in _asked(rules):
        for name in sorted(rule.names):
            form, _, item = name.rpartition(".")
            known_before = forms[form].lasting or (ever and (False, form) in filled)
            found = None if known_before or (True, form) not in filled else _needs_network(forms[form], item)
            if found is None:
                continue
            of, why = found
            where: Path = ("forms", form)
            where = (*where, "items", of) if of in file.forms[form].items else where
            if where not in told:
                told.add(where)
                message = f"{why}: without the network, gates.{gate}, which asks for {name}, stays shut there"
                yield Fault(where, message, at_key=True)


def _asked(rules: CompiledRules) -> Iterator[tuple[str, Rule, bool]]:
    """Each rule of the gates of a dosing day: its gate, and whether it takes old values."""
    for gate in GATES_OF_THE_DAY:
        compiled = rules.gates.get(gate)
        if compiled is None:
            continue
        if compiled.applies_when is not None:
            yield gate, compiled.applies_when, False
        for one in compiled.requirements:
            yield gate, one.rule, one.ever


def _needs_network(form: CompiledForm, name: str) -> tuple[str, str] | None:
    """The item for which a value of a form is not known on the console alone, and why."""
    beyond = beyond_pad(form)
    if beyond is not None:
        item, why = beyond
        return item, f"{why}; so {form.name} is filled in on its page, and not on the console"
    item_said = form.items.get(name)
    if item_said is None:
        instrument = form.instrument
        assert instrument is not None
        parts = [instrument.items[one] for one in instrument.parts.get(name, ()) if one in instrument.items]
        alone = name in {one for one, _, _ in reckoned(instrument)}
        if not alone or not all(one.type in SIMPLE for one in parts):
            return name, f"{form.name}.{name} is a score that the console does not reckon"
    elif not item_said.is_entered:
        return name, "is calculated, which the console does not do"
    elif item_said.type not in SIMPLE:
        return name, f"is a {item_said.type}, which the console does not ask"
    return None
