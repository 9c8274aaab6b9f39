"""When an item of a form is asked, and what it is where a rule gives its value: compiled, with every fault.

Within its form an item is named alone (`weight`), an item of another form as in any rule (`participant.age`).
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from typing import Final

from entact.protocol.extent import Extent, Numbers, extent_of, extents_of_form
from entact.protocol.form import CompiledForm
from entact.protocol.item_rules import KINDS, ItemRules
from entact.protocol.problem import Fault, Path, unknown
from entact.protocol.rule import Kind, Rule, RuleError, Vocabulary
from entact.protocol.study import Item, Over, Section
from entact.protocol.tree import Apply, Call, Literal, Many, Node, parse

# A rule error says where in the rule it is; in a file the line and column say so.
_WHERE: Final = re.compile(r" at (?:line \d+, )?column \d+")


def rule_fault(path: Path, text: str, error: RuleError, message: str | None = None) -> Fault:
    """The fault of a rule that does not compile, at its place in the text."""
    return Fault(path, message or _WHERE.sub("", str(error), count=1), offset_of(text, error))


def offset_of(text: str, error: RuleError) -> int | None:
    """Where in the text of a rule its error is."""
    if error.column is None:
        return None
    lines = text.split("\n")[: error.line - 1]
    return sum(len(line) + 1 for line in lines) + error.column - 1


def place_of(text: str, name: str) -> int | None:
    """Where in the text of a rule a name stands."""
    found = re.search(rf"(?<![\w.]){re.escape(name)}(?!\w)", text)
    return found.start() if found else None


def is_word_of_rules(name: str) -> bool:
    """Whether rules could not name an item that is called so alone."""
    try:
        Vocabulary({name: "bool"})
    except ValueError:
        return True
    return False


Known = Mapping[str, tuple[Kind, Extent]]


def known_of(form: CompiledForm, prefix: str = "") -> dict[str, tuple[Kind, Extent]]:
    """What rules know of a form's items and scores: the kind of each, and what it can be."""
    extents = extents_of_form(form)
    return {f"{prefix}{name}": (kind, extents[name]) for name, kind in form.types.items()}


def known_elsewhere(name: str, forms: Mapping[str, CompiledForm]) -> dict[str, tuple[Kind, Extent]]:
    """What the rules of a form know of all others."""
    known: dict[str, tuple[Kind, Extent]] = {}
    for other in forms.values():
        if other.name != name:
            known |= known_of(other, f"{other.name}.")
    return known


def compile_items(
    name: str, forms: Mapping[str, CompiledForm], arguments: Mapping[str, Collection[str]]
) -> tuple[ItemRules, list[Fault]]:
    """The rules of one form's items, and what is wrong with them.

    Args:
        name: of the form. forms: all of the study, for what rules may name. arguments: of functions.
    """
    return _Compilation(forms[name], known_elsewhere(name, forms), {*forms}, arguments).compile()


class _Compilation:
    """Compiles the rules of one form; of its rows as a form within it."""

    def __init__(
        self,
        form: CompiledForm,
        others: Known,
        forms: Collection[str],
        arguments: Mapping[str, Collection[str]],
        path: Path | None = None,
        above: Known | None = None,
    ) -> None:
        self.form, self.forms, self.others, self.arguments = form, forms, others, arguments
        self.path: Path = path or ("forms", form.name)
        self.sections = form.form.sections
        self.items = form.items
        self.order = list(form.items)
        self.faults: list[Fault] = []
        own = {name: known for name, known in known_of(form).items() if not is_word_of_rules(name)}
        self.known = {**others, **(above or {}), **own}
        kinds = {name: kind for name, (kind, _) in self.known.items()}
        self.asking = Vocabulary(kinds, self.arguments)
        self.reckoning = Vocabulary(kinds, {}, divides=True)

    def compile(self) -> tuple[ItemRules, list[Fault]]:
        sections = {name: self._condition(("sections", name), said) for name, said in self.sections.items()}
        conditions: dict[str, tuple[Rule, ...]] = {}
        calculations: dict[str, Rule] = {}
        rows: dict[str, ItemRules] = {}
        over: dict[str, Over] = {}
        for place, (name, item) in enumerate(self.items.items()):
            own = self._condition(("items", name), item, place, self._of(name))
            found = [rule for rule in (sections.get(item.section or ""), own) if rule is not None]
            if found:
                conditions[name] = tuple(found)
            if item.calculated is not None and (rule := self._calculation(name, item)):
                calculations[name] = rule
            if item.over is not None and (rule := self._over(name, item, item.over)):
                calculations[name], over[name] = rule, item.over
            if item.type == "rows":
                rows[name] = self._rows(name, place)
        if conditions or calculations:
            self._names_of_forms()
        order = self._order(conditions, calculations)
        return ItemRules(
            conditions,
            {name: calculations[name] for name in order},
            {name: rules for name, rules in rows.items() if rules != ItemRules()},
            over,
        ), self.faults

    def _of(self, name: str) -> Path:
        """Where an item stands: in its form or row, or in the form's instrument."""
        instrument = self.form.instrument
        is_instruments = instrument is not None and name in instrument.items
        return ("instruments", instrument.name) if instrument is not None and is_instruments else self.path

    def _condition(
        self, path: Path, said: Item | Section, place: int | None = None, of: Path | None = None
    ) -> Rule | None:
        if said.when is None:
            return None
        path = (*(of or self.path), *path, "when")
        rule = self._compiled(path, said.when, self.asking, "bool")
        if rule is None:
            return None
        if isinstance(said, Section):
            inside = [name for name, item in self.items.items() if item.section == path[-2]]
            place = self.order.index(inside[0]) if inside else len(self.order)
        assert place is not None
        for name in sorted(rule.names):
            if name in self.order[place:]:
                what = "asks for itself" if name == path[-2] else f"waits for {name!r}, which is asked later"
                message = f"{what}; name an item above it"
                self.faults.append(Fault(path, message, place_of(rule.text, name)))
        return rule

    def _calculation(self, name: str, item: Item) -> Rule | None:
        assert item.calculated is not None
        path = (*self.path, "items", name, "calculated")
        rule = self._compiled(path, item.calculated, self.reckoning, KINDS[item.type])
        extents = {one: extent for one, (_, extent) in self.known.items()}
        for divisor in _divisors(parse(item.calculated)) if rule else ():
            can = extent_of(divisor, extents)
            if not isinstance(can, Numbers) or can.low <= 0.0 <= can.high:
                message = "division by what may be zero; divide by items whose `range:` leaves out 0"
                self.faults.append(Fault(path, message, place_of(item.calculated, "/")))
        for call in rule.calls if rule else ():
            message = f"a calculated value knows no session; take {call} out"
            self.faults.append(Fault(path, message, place_of(item.calculated, call.function)))
        for code in _results(parse(item.calculated)) if rule and item.of else ():
            if code not in (item.of or ()):
                message = (
                    f"gives {code!r}, which is no code of this item; write one of: {', '.join(item.of or ())}"
                )
                self.faults.append(Fault(path, message, place_of(item.calculated, code)))
        return rule

    def _over(self, name: str, item: Item, over: Over) -> Rule | None:
        """The item of another form that a value over days is made of, as a rule that names it."""
        path = (*self.path, "items", name, "over")
        if self.path[-1:] != (self.form.name,):
            self.faults.append(Fault(path, "does not belong into a row; take it out"))
            return None
        known = {one: kind for one, (kind, _) in self.others.items() if kind in ("bool", "int", "double")}
        if over.of not in known:
            message = unknown("number, or yes or no, of another form", over.of, known)
            self.faults.append(Fault((*path, "of"), message))
            return None
        is_yes_no = known[over.of] == "bool"
        if is_yes_no is not (over.gives in ("share", "days")):
            gives = "'share' or 'days'" if is_yes_no else "'mean', 'sum', 'lowest' or 'highest'"
            kind = "a yes or no" if is_yes_no else "a number"
            self.faults.append(Fault((*path, "gives"), f"{over.of} is {kind}; write {gives}"))
            return None
        if item.type == "integer" and known[over.of] == "double":
            message = f"{over.of} is no whole number, and this item is one; write 'type: decimal'"
            self.faults.append(Fault((*self.path, "items", name, "type"), message))
            return None
        return Vocabulary({over.of: known[over.of]}).compile(over.of, returns=None)

    def _rows(self, name: str, place: int) -> ItemRules:
        above = {one: self.known[one] for one in self.order[:place] if one in self.known}
        path = (*self.path, "items", name)
        inner = _Compilation(self.form.rows[name], self.others, self.forms, self.arguments, path, above)
        rules, faults = inner.compile()
        self.faults += faults
        return rules

    def _compiled(self, path: Path, text: str, vocabulary: Vocabulary, returns: Kind) -> Rule | None:
        try:
            return vocabulary.compile(text, returns=returns)
        except RuleError as error:
            message = self._better(text[offset_of(text, error) or 0 :])
            self.faults.append(rule_fault(path, text, error, message))
            return None

    def _better(self, text: str) -> str | None:
        """What to say of the name at the start of the text, where the form knows more than the rules."""
        said = re.match(r"([a-z][a-z0-9_]*)(?:\.([a-z][a-z0-9_]*))?", text)
        if said is None:
            return None
        first, second = said[1], said[2]
        if second and first == self.form.name and second in self.items:
            return f"within its form an item is named alone; write {second!r}"
        if not second and first in self.items and first not in self.known:
            if first in self.form.types:
                return f"{first!r} is a word of the rules; call the item otherwise to name it here"
            return f"{first!r} is a {self.items[first].type}, and rules know no text, dates, times or files"
        return None

    def _names_of_forms(self) -> None:
        for name in self.order:
            if name in self.forms:
                message = (
                    f"{name!r} is a form too, and a rule of this form could mean either; choose another name"
                )
                self.faults.append(Fault((*self.path, "items", name), message))

    def _order(
        self, conditions: Mapping[str, tuple[Rule, ...]], calculations: Mapping[str, Rule]
    ) -> list[str]:
        """The calculations in an order in which each finds what it needs; a fault where there is none."""
        needs = {
            name: {
                one for rule in (rule, *conditions.get(name, ())) for one in rule.names if one in calculations
            }
            for name, rule in calculations.items()
        }
        order: list[str] = []
        while len(order) < len(needs):
            ready = [name for name in needs if name not in order and needs[name] <= {*order}]
            if not ready:
                circle = _circle({name: needs[name] for name in needs if name not in order})
                who = "needs itself" if len(circle) == 1 else f"{', '.join(circle)} need one another"
                message = f"{who}; name items that are entered"
                self.faults.append(Fault((*self.path, "items", circle[0], "calculated"), message))
                return list(needs)
            order += ready
        return order


def _circle(needs: Mapping[str, set[str]]) -> list[str]:
    """Of names that wait for others, those that are waited for."""
    while True:
        awaited = {name for needed in needs.values() for name in needed}
        if needs.keys() <= awaited:
            return list(needs)
        needs = {name: needed for name, needed in needs.items() if name in awaited}


def _divisors(node: Node) -> Iterator[Node]:
    """Everything that a rule divides by."""
    match node:
        case Apply(operator=operator, parts=parts):
            yield from (parts[1],) if operator in ("/", "%") else ()
        case Call(args=parts) | Many(members=parts):
            pass
        case _:
            return
    for part in parts:
        yield from _divisors(part)


def _results(node: Node) -> Iterator[str]:
    """Every text that a rule may give."""
    if isinstance(node, Apply) and node.operator == "?:":
        yield from _results(node.parts[1])
        yield from _results(node.parts[2])
    elif isinstance(node, Literal) and isinstance(node.value, str):
        yield node.value
