"""A rule's tree, written out with every bracket, is the same rule: the shared corpus says so."""

from __future__ import annotations

import json
from collections.abc import Mapping
from importlib import resources
from typing import Any

import pytest
from tests.protocol.test_rule import _answer

from entact.protocol.tree import Apply, Call, Literal, Many, Name, Node, parse

CASES: list[dict[str, Any]] = [
    case
    for case in json.loads(resources.files("entact.protocol").joinpath("rule_cases.json").read_text("utf-8"))
    if "error" not in str(case["result"]) and "drawn" not in case
]


def written(node: Node) -> str:
    """CEL with brackets around everything that has parts."""
    match node:
        case Name(text=text):
            return text
        case Literal(value=bool(value)):
            return str(value).lower()
        case Literal(value=str(value)):
            return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"
        case Literal(value=value):
            return repr(value)
        case Many(members=members):
            return f"[{', '.join(map(written, members))}]"
        case Call(function=function, args=args):
            return f"{function}({', '.join(map(written, args))})"
        case Apply(operator="!", parts=(one,)):
            return f"(!{written(one)})"
        case Apply(operator="minus", parts=(one,)):
            return f"(-{written(one)})"
        case Apply(operator="?:", parts=(condition, first, other)):
            return f"({written(condition)} ? {written(first)} : {written(other)})"
        case Apply(operator=operator, parts=parts):
            return f"({f' {operator} '.join(map(written, parts))})"


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["rule"])
def test_the_tree_means_what_the_rule_means(case: Mapping[str, Any]) -> None:
    assert _answer({**case, "rule": written(parse(case["rule"]))}) == _answer(case)


def test_and_binds_before_or_and_not_before_both() -> None:
    assert written(parse("!a || b && c || d")) == "((!a) || (b && c) || d)"
    assert written(parse("a - b - c * -d")) == "((a - b) - (c * (-d)))"
    assert written(parse("a.b < -1 ? x : y ? z : w")) == "((a.b < -1) ? x : (y ? z : w))"
    assert written(parse("a in ['x', 'it\\'s']")) == "(a in ['x', 'it\\'s'])"


@pytest.mark.parametrize("text", ["", "a &&", "(a", "[a, b", "a b", "a ~ b", "f(a"])
def test_what_is_no_rule_has_no_tree(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        parse(text)
