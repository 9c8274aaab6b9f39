"""What is printed, in the language of who prints it: the words that a sheet's template marks, translated."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from django.utils.translation import get_language, gettext, override

from entact.conduct.language.choice import RECORDED
from entact.report.typeset import words_of


def in_language(name: str, values: Mapping[str, Any], language: str = "") -> dict[str, Any]:
    """The values of a sheet with what its template says in a language.

    Args:
        name: of the template. language: that of the page, where it is not said.
    """
    speaks = language or get_language() or RECORDED
    return {**values, "words": _translated(name, speaks), "lang": speaks.partition("-")[0]}


@lru_cache
def _translated(name: str, language: str) -> dict[str, str]:
    with override(language):
        found = {said: gettext(said) for said in words_of(name)}
    return {said: told for said, told in found.items() if told != said}
