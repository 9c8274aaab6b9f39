"""Every code of a fixed list is called in words, and the words are translated."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal, get_args, get_origin, get_type_hints

import pytest
from django.utils.translation import override
from tests.conduct.language.catalogue import read_words

from entact.conduct.language.codelists import _CODELISTS, called_code, codelist
from entact.conduct.permissions import DUTIES, SYSTEM_ROLES, Permissions
from entact.course.gates.core import ACTS
from entact.course.kinds import KINDS
from entact.course.kinds.blinding import CLEAR
from entact.protocol import Study

TRANSLATED = frozenset(str(one.id) for one in read_words("de") if one.id)


def _codes(hint: Any) -> Iterator[str]:
    if get_origin(hint) is Literal:
        yield from (one for one in get_args(hint) if isinstance(one, str))
    for inner in get_args(hint):
        yield from _codes(inner)


def _declared() -> Iterator[tuple[str, str, str]]:
    for kind in KINDS.values():
        hints, fields = get_type_hints(kind.payload), kind.payload.__struct_fields__
        for field, item in zip(fields, kind.payload.__struct_encode_fields__, strict=True):
            yield from ((kind.name, item, code) for code in _codes(hints[field]))


@pytest.mark.parametrize(("kind", "item", "code"), sorted(_declared()))
def test_each_code_that_a_kind_declares_has_german_words(kind: str, item: str, code: str) -> None:
    with override("en"):
        assert called_code(kind, item, code) in TRANSLATED


def test_what_roles_may_do_is_said_in_german(study: Study) -> None:
    acts = {*DUTIES, *ACTS, *Permissions(study).table}
    assert {one.replace("_", " ") for one in acts} <= TRANSLATED
    assert set(SYSTEM_ROLES.values()) <= TRANSLATED


def test_lists_are_of_items_and_leave_out_no_code_that_is_declared() -> None:
    declared: dict[tuple[str, str], set[str]] = {}
    for kind, item, code in _declared():
        declared.setdefault((kind, item), set()).add(code)
    for (kind, item), titles in _CODELISTS.items():
        assert item in KINDS[kind].payload.__struct_encode_fields__
        assert set(titles) == declared.get((kind, item), set(titles))
    assert tuple(codelist("guess", "clear")) == CLEAR


@pytest.mark.parametrize(
    ("kind", "item", "answer", "english", "german"),
    [
        ("dose", "outcome", "taken", "taken, all of it", "ganz eingenommen"),
        ("rating_taken", "status", "taken", "taken on", "übernommen"),
        (
            "deviation",
            "category",
            "late_visit",
            "visit outside its window",
            "Visite außerhalb ihres Fensters",
        ),
        ("deviation", "category", "no_kit", "no kit", "kein Kit"),
        (
            "adverse_event",
            "seriousness",
            ["death", "disability"],
            "death, lasting disability",
            "Tod, bleibende Behinderung",
        ),
        ("adverse_event", "severity", "mild", "mild", "leicht"),
        ("adverse_event", "action", "rest", "", ""),
        ("discontinuation", "cause", "Moved to another town", "", ""),
        ("no_such_kind", "cause", "other", "", ""),
        ("dose", "outcome", None, "", ""),
        ("dose", "outcome", {"missing": "refused"}, "", ""),
    ],
)
def test_a_code_is_called_in_the_language_of_the_page_and_free_text_is_none(
    kind: str, item: str, answer: object, english: str, german: str
) -> None:
    with override("en"):
        assert called_code(kind, item, answer) == english
    with override("de"):
        assert called_code(kind, item, answer) == german
