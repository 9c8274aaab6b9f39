"""Rules and values drawn at random, with the answers of the evaluator in Python: the corpus that grows.

`python -m tests.protocol.rule_drawing` writes the drawn cases of `rule_cases.json` anew, behind those that
people wrote.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Any

import entact.protocol
from entact.protocol.rule import LARGEST_INT, RuleError, Unknown, Vocabulary

CASES = Path(entact.protocol.__file__).with_name("rule_cases.json")
NAMES: Mapping[str, str] = {
    "a": "bool", "b": "bool", "n": "int", "m": "int", "x": "double", "y.z": "double",
    "s": "string", "l": "list[string]", "d": "duration", "e": "duration",
}  # fmt: skip
ARGUMENTS = {"present": ["therapist"], "given": ["initial"], "elapsed": ["initial"]}
CALLS = {
    "present('therapist')": "int",
    "given('initial')": "bool",
    "elapsed('initial')": "duration",
    "doses()": "int",
}
KINDS = tuple(dict.fromkeys(NAMES.values()))
DRAWN = 560


class Drawing:
    """Draws rules of a kind, and values of all names."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)

    def rule(self, kind: str, depth: int) -> str:
        """A rule that gives a kind."""
        pick = self.random.choice
        if depth == 0 or self.random.random() < 0.1:
            return self.leaf(kind)
        one = lambda of: self.rule(of, depth - 1)  # noqa: E731
        ways = {
            "bool": (
                lambda: f"({one('bool')} && {one('bool')})",
                lambda: f"({one('bool')} || {one('bool')})",
                lambda: f"({one('bool')} || {one('bool')} || {one('bool')})",
                lambda: f"!{one('bool')}",
                lambda: f"({one('bool')} ? {one('bool')} : {one('bool')})",
                lambda: self.compared(depth),
                lambda: self.compared(depth),
                lambda: f"({one('string')} in {one('list[string]')})",
                lambda: f"({one(k := pick(list(KINDS)))} {pick(['==', '!='])} {one(k)})",
            ),
            "int": (
                lambda: f"({one('int')} {pick('+-*')} {one('int')})",
                lambda: f"({one('int')} {pick('/%')} {pick(['2', '-3', '7'])})",
                lambda: f"-({one('int')})",
                lambda: f"int({one('double')})",
                lambda: f"size({one('list[string]')})",
                lambda: f"({one('bool')} ? {one('int')} : {one('int')})",
            ),
            "double": (
                lambda: f"({one('double')} {pick('+-*')} {one('double')})",
                lambda: f"({one('double')} / {pick(['2.0', '-0.3', '1e3'])})",
                lambda: f"-({one('double')})",
                lambda: f"double({one('int')})",
            ),
            "duration": (lambda: f"({one('duration')} {pick('+-')} {one('duration')})",),
            "string": (lambda: f"({one('bool')} ? {one('string')} : {one('string')})",),
            "list[string]": (lambda: f"[{one('string')}, {one('string')}]",),
        }  # fmt: skip
        return str(pick(ways[kind])())

    def compared(self, depth: int) -> str:
        kind = self.random.choice(["int", "double", "duration"])
        sign = self.random.choice(["<", "<=", ">", ">="])
        return f"({self.rule(kind, depth - 1)} {sign} {self.rule(kind, depth - 1)})"

    def leaf(self, kind: str) -> str:
        known = [name for name, of in {**NAMES, **CALLS}.items() if of == kind]
        written = {
            "bool": ["true", "false"],
            "int": ["0", "1", "-4", "9007199254740991"],
            "double": ["0.0", "140.0", "-2.5", "1e300"],
            "string": ["'a'", "''", "'\\''", "'ä'"],
            "duration": ["duration('90m')", "duration('8h')", "duration('-1.5s')", "duration('250ms')"],
            "list[string]": ["['a']", "['a', 'b']"],
        }[kind]
        return self.random.choice(known * 2 + written)

    def value(self, kind: str) -> Any:
        pick = self.random.choice
        return {
            "bool": lambda: pick([True, False]),
            "int": lambda: pick([0, 1, 2, 3, -4, 7, LARGEST_INT, -LARGEST_INT]),
            "double": lambda: pick([0.5, 140.0, -2.5, 1e300, 0.1, 89.99, 2.9]),
            "string": lambda: pick(["a", "b", "", "ä", "'"]),
            "list[string]": lambda: pick([[], ["a"], ["a", "b"], ["'"]]),
            "duration": lambda: pick([0, 5400, 28799.999, 28800, -1.5, 0.25]),
        }[kind]()

    def case(self) -> dict[str, Any]:
        kind = self.random.choice(["bool"] * 4 + ["int", "double", "duration", "string"])
        rule = self.rule(kind, self.random.choice([1, 2, 3]))
        likely = self.random.choice([0.5, 0.8, 1.0])
        told = {
            name: self.value(of) for name, of in {**NAMES, **CALLS}.items() if self.random.random() < likely
        }
        return {"rule": rule, "told": told}


def drawn(seed: int, count: int) -> Iterator[dict[str, Any]]:
    """Cases as the corpus has them: a rule, its names, values and facts, and what Python answers."""
    drawing, met = Drawing(seed), set()
    vocabulary = Vocabulary(dict(NAMES), ARGUMENTS)  # type: ignore[arg-type]
    while len(met) < count:
        case = drawing.case()
        try:
            rule = vocabulary.compile(case["rule"], returns=None)
        except RuleError:
            continue
        calls = [str(call) for call in rule.calls]
        values = {name: case["told"][name] for name in sorted(rule.names) if name in case["told"]}
        facts = {call: case["told"][call] for call in calls if call in case["told"]}
        said = str((case["rule"], values, facts))
        if said in met:
            continue
        met.add(said)
        # One vocabulary for all, which is compiled once.
        found = {"rule": case["rule"], "names": NAMES, "values": values, "arguments": ARGUMENTS}
        if calls:
            found |= {"facts": facts}
        yield {**found, "result": _answer(rule, values, facts), "drawn": True}


class _Told:
    """Facts by the text of a call."""

    def __init__(self, facts: Mapping[str, Any]) -> None:
        self.facts = facts

    def present(self, role: str, /) -> int | None:
        return self.facts.get(f"present('{role}')")

    def given(self, part: str, /) -> bool | None:
        return self.facts.get(f"given('{part}')")

    def elapsed(self, part: str, /) -> timedelta | None:
        seconds = self.facts.get(f"elapsed('{part}')")
        return None if seconds is None else timedelta(seconds=seconds)

    def doses(self) -> int | None:
        return self.facts.get("doses()")


def _answer(rule: Any, values: Mapping[str, Any], facts: Mapping[str, Any]) -> Any:
    asked = {
        name: timedelta(seconds=value) if NAMES[name] == "duration" else value
        for name, value in values.items()
    }
    try:
        answer = rule.evaluate(asked, _Told(facts))
    except RuleError:
        return {"error": "cannot be evaluated"}
    if isinstance(answer, Unknown):
        return {"unknown": sorted(answer.missing)}
    return answer.total_seconds() if isinstance(answer, timedelta) else answer


def main() -> None:
    """Writes the drawn cases anew."""
    written = [case for case in json.loads(CASES.read_text("utf-8")) if "drawn" not in case]
    lines = [json.dumps(case, ensure_ascii=False) for case in [*written, *drawn(14, DRAWN)]]
    CASES.write_text("[\n" + ",\n".join(lines) + "\n]\n", "utf-8")


if __name__ == "__main__":
    main()
