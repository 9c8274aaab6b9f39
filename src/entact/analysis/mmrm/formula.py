"""A formula taken apart into terms, and the terms into atoms: columns, categories, functions of columns.

The language is formulaic's (and R's). Nearly every formula of a trial uses only names, `C(name)`, + - * : /
and
powers; those are read here, because formulaic brings pandas along, which takes longer to load than a fit.
All else
is read by formulaic; both give the same terms in the same order (a test holds them together).
"""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Literal

Atoms = tuple[str, ...]
"""a term: its atoms as written; none for the intercept"""

FUNCTIONS = tuple(
    "C I bs cc center cr cs exp exp10 exp2 log log10 log2 poly scale standardize".split()  # noqa: SIM905
)
"""what a formula can call, and numpy's functions as np.…"""

STRUCTURES = {
    "us": "Unstructured()",
    "cs": "CompoundSymmetry()",
    "csh": "CompoundSymmetry(heterogeneous=True)",
    "ar1": "AutoRegressive()",
    "ar1h": "AutoRegressive(heterogeneous=True)",
    "ad": "AnteDependence(heterogeneous=False)",
    "adh": "AnteDependence()",
    "toep": "Toeplitz()",
    "toeph": "Toeplitz(heterogeneous=True)",
    "sp_exp": 'SpatialExponential("time")',
    "sp_gau": 'SpatialGaussian("time")',
}
"""R mmrm's words within a formula, and what says the same here"""


@dataclass(frozen=True)
class Atom:
    """A factor of a term, in the language's sense."""

    text: str
    kind: Literal["column", "category", "coded", "number"]
    """a column; `C(column)`; `C(column, ...)` with contrasts of its own; a function that gives numbers"""
    variables: Atoms
    """columns of the frame that it needs"""


@dataclass(frozen=True)
class Formula:
    """A formula taken apart."""

    text: str
    response: Atom
    terms: tuple[Atoms, ...]
    """sorted by how many atoms they have, as R does"""
    atoms: Mapping[str, Atom]

    @property
    def variables(self) -> list[str]:
        """Columns of the frame that the right side needs."""
        return sorted({name for atom in self.atoms.values() for name in atom.variables})

    @cached_property
    def categories(self) -> frozenset[str]:
        """Columns that the formula declares to be categories, whatever they hold."""
        declared = (atom for atom in self.atoms.values() if atom.kind in ("category", "coded"))
        return frozenset(name for atom in declared for name in atom.variables)


@lru_cache(maxsize=64)
def parse(text: str) -> Formula:
    """A formula `y ~ ...` taken apart; a ValueError says what is wrong with it."""
    if not isinstance(text, str):
        raise ValueError(f"a formula is text such as 'change ~ arm * visit + baseline', not {text!r}")
    _refuse_bars(text)
    sides = text.split("~")
    plain = _plain(sides[1]) if len(sides) == 2 and re.fullmatch(NAME, sides[0].strip()) else None
    response, terms = (sides[0].strip(), plain) if plain is not None else _by_formulaic(text)
    atoms = {atom: _atom(text, atom) for term in terms for atom in term}
    outcome = _atom(text, response)
    if outcome.kind not in ("column", "number"):
        raise ValueError(f"the outcome {response!r} of the formula {text!r} must be numbers, not categories")
    for one in atoms.values():
        for other in atoms.values():
            if (
                one.kind in ("category", "coded")
                and other is not one
                and set(one.variables) & set(other.variables)
            ):
                raise ValueError(
                    f"the formula {text!r} uses {one.variables[0]!r} as {one.text} and as {other.text}: "
                    "make a second column for one of them"
                )
    return Formula(text, outcome, terms, atoms)


def _refuse_bars(text: str) -> None:
    """R writes covariances and random effects into the formula; here they are arguments."""
    found = re.search(r"([A-Za-z_][\w.]*)?\s*\(([^()|]*)\|([^()|]*)\)", text)
    if found is None:
        return
    function, inside, subject = found.group(1), found.group(2).strip(), found.group(3).strip()
    if function in STRUCTURES:
        raise ValueError(
            f"{found.group(0).strip()} in the formula: the covariance is an argument here; leave it out "
            f"and write "
            f'covariance={STRUCTURES[function]}, visit="{inside}", subject="{subject.split("/")[-1].strip()}"'
        )
    if function is None:
        raise ValueError(
            f"{found.group(0).strip()} in the formula is a random effect: here it is an argument "
            f'of mixed(..., random=RandomEffect("{subject}")); mmrm has none'
        )


NAME = r"[A-Za-z_][A-Za-z0-9_.]*"
_TOKEN = re.compile(rf"\s*(?:(?P<atom>C\(\s*{NAME}\s*\)|{NAME}(?!\s*\()|\d+)|(?P<operator>\*\*|[-+*:/^()]))")


class _NotPlain(Exception):
    """The formula has more in it than names and operators."""


def _plain(right: str) -> tuple[Atoms, ...] | None:
    """The terms of a right side of names and operators; None where there is more in it."""
    tokens: list[str] = []
    place = 0
    right = right.rstrip()
    while place < len(right):
        found = _TOKEN.match(right, place)
        if found is None:
            return None
        tokens.append(re.sub(r"\s", "", found.group(0)))
        place = found.end()
    reader = _Reader(tokens)
    try:
        terms = reader.sum([()])
    except (_NotPlain, IndexError):
        return None
    if reader.rest:
        return None
    return tuple(sorted(terms, key=len))


@dataclass
class _Reader:
    """A descent through +, * and /, :, powers and brackets."""

    rest: list[str]

    def _next_is(self, *tokens: str) -> bool:
        return bool(self.rest) and self.rest[0] in tokens

    def sum(self, terms: list[Atoms]) -> list[Atoms]:
        sign = "+"
        while True:
            if self.rest[0] in ("0", "1"):
                keep = (self.rest.pop(0) == "1") == (sign == "+")
                terms = [term for term in terms if term] if not keep else _union(terms, [()])
            else:
                more = self.product()
                if sign == "+":
                    terms = _union(terms, more)
                else:
                    gone = {frozenset(term) for term in more}
                    terms = [term for term in terms if frozenset(term) not in gone]
            if not self._next_is("+", "-"):
                return terms
            sign = self.rest.pop(0)

    def product(self) -> list[Atoms]:
        terms = self.interaction()
        while self._next_is("*", "/"):
            if self.rest.pop(0) == "*":
                other = self.interaction()
                terms = _union(_union(terms, other), _cross(terms, other))
            else:
                whole = tuple(dict.fromkeys(atom for term in terms for atom in term))
                terms = _union(terms, _cross([whole], self.interaction()))
        return terms

    def interaction(self) -> list[Atoms]:
        terms = self.power()
        while self._next_is(":"):
            self.rest.pop(0)
            terms = _cross(terms, self.power())
        return terms

    def power(self) -> list[Atoms]:
        terms = base = self.bracket()
        if self._next_is("^", "**"):
            self.rest.pop(0)
            times = self.rest.pop(0)
            if not times.isdigit() or not 1 <= int(times) <= 9:
                raise _NotPlain
            for _ in range(int(times) - 1):
                terms = _cross(terms, base)
        return terms

    def bracket(self) -> list[Atoms]:
        token = self.rest.pop(0)
        if token == "(":
            terms = self.sum([])
            if self.rest.pop(0) != ")" or () in terms:
                raise _NotPlain
            return terms
        if not re.fullmatch(rf"C\({NAME}\)|{NAME}", token):
            raise _NotPlain
        return [(token,)]


def _union(terms: list[Atoms], more: list[Atoms]) -> list[Atoms]:
    known = {frozenset(term) for term in terms}
    result = list(terms)
    for term in more:
        if frozenset(term) not in known:
            known.add(frozenset(term))
            result.append(term)
    return result


def _cross(terms: list[Atoms], others: list[Atoms]) -> list[Atoms]:
    crossed = [tuple(dict.fromkeys((*term, *other))) for term in terms for other in others]
    return _union([], crossed)


def _by_formulaic(text: str) -> tuple[str, tuple[Atoms, ...]]:
    from formulaic import Formula as Formulaic
    from formulaic.errors import FormulaicError

    try:
        formula = Formulaic(text)
    except (FormulaicError, SyntaxError, ValueError) as error:
        raise ValueError(f"the formula {text!r} can't be read: {first_line(error)}") from error
    left, right = getattr(formula, "lhs", None), getattr(formula, "rhs", None)
    if left is None or right is None or len(left) != 1 or hasattr(right, "rhs"):
        raise ValueError(f"the formula {text!r} needs one outcome, '~', and the terms of one model")
    terms = []
    for term in right:
        scales = [factor.expr for factor in term.factors if factor.eval_method.value == "literal"]
        if any(scale != "1" for scale in scales):
            raise ValueError(f"the formula {text!r} scales a term by {scales[0]}: make a column of it")
        terms.append(
            tuple(_shown(factor) for factor in term.factors if factor.eval_method.value != "literal")
        )
    [outcome] = left
    return " * ".join(_shown(factor) for factor in outcome.factors), tuple(terms)


def _shown(factor: object) -> str:
    """An atom's text; a column whose name is no word keeps its backticks."""
    text, method = str(factor.expr), factor.eval_method.value  # type: ignore[attr-defined]
    return f"`{text}`" if method == "lookup" and not re.fullmatch(NAME, text) else text


def _atom(formula: str, text: str) -> Atom:
    if re.fullmatch(NAME, text):
        return Atom(text, "column", (text,))
    if re.fullmatch(r"`[^`]+`", text):
        return Atom(text[1:-1], "column", (text[1:-1],))
    quoted = re.findall(r"`([^`]+)`", text)
    stand_ins = {f"quoted_{place}_": name for place, name in enumerate(quoted)}
    code = text
    for stand_in, name in stand_ins.items():
        code = code.replace(f"`{name}`", stand_in)
    try:
        tree = ast.parse(code, mode="eval").body
    except SyntaxError as error:
        raise ValueError(f"{text!r} in the formula {formula!r} can't be read: {error.msg}") from error
    called = {id(node.func): _name(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
    for function in called.values():
        _refuse_function(formula, text, function)
    names = [
        node.id
        for node in ast.walk(tree)
        if isinstance(node, ast.Name) and id(node) not in called and node.id not in ("np", "contr")
    ]
    variables = tuple(dict.fromkeys(stand_ins.get(name, name) for name in names))
    if isinstance(tree, ast.Call) and _name(tree.func) == "C":
        if not tree.args or not isinstance(tree.args[0], ast.Name) or len(variables) != 1:
            raise ValueError(
                f"{text!r} in the formula {formula!r}: C() takes a column; make one of what it holds"
            )
        alone = len(tree.args) == 1 and not tree.keywords
        return Atom(text, "category" if alone else "coded", variables)
    if "C" in called.values():
        raise ValueError(f"{text!r} in the formula {formula!r}: categories can't be calculated with")
    if any(isinstance(node, ast.Compare | ast.BoolOp) for node in ast.walk(tree)):
        raise ValueError(
            f"{text!r} in the formula {formula!r} is true or false: make a column of it, so that "
            f"LS-means can be "
            "given for both"
        )
    if not variables:
        raise ValueError(f"{text!r} in the formula {formula!r} uses no column")
    return Atom(text, "number", variables)


def _name(node: ast.expr) -> str:
    return ast.unparse(node)


def _refuse_function(formula: str, text: str, function: str) -> None:
    if function in FUNCTIONS or function.startswith(("np.", "contr.")):
        return
    hints = {
        "offset": "an offset has a known coefficient of 1: subtract it from the outcome beforehand",
        "factor": "write C(...) for categories",
        "as.factor": "write C(...) for categories",
        "lag": "the row before may be another participant's: make the column beforehand",
        "hashed": "name the categories themselves",
        **{name: f"the covariance is an argument: covariance={own}" for name, own in STRUCTURES.items()},
    }
    hint = hints.get(function, f"known are {', '.join(FUNCTIONS)} and numpy's as np.…")
    raise ValueError(f"{text!r} in the formula {formula!r}: {function}() can't be used; {hint}")


def first_line(error: Exception) -> str:
    """What an error says, without its drawing of the place."""
    return str(error).strip().split("\n")[0]
