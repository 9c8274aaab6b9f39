"""The words that `method` may be in a plan: those of `methods.toml`, which `entact analyse` reads too."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Literal


@dataclass(frozen=True, slots=True)
class MethodWord:
    """A way to analyse, as a plan may name it.

    Attributes:
        outcome: what it analyses. takes: key -> the words that it may be, or what its value is. needs: keys
            that have to be there. compares: whether two arms are needed. repeated: whether it takes the rows
            of several visits. missing: whether who has no value enters, to be imputed. tests: whether
            it gives one p. combines: whether it compares means of several arms together. tables: why no
            study file can name it, where that is so.
    """

    title: str
    answers: str
    outcome: Literal["number", "yes_no", "time", "guess", "any"]
    takes: Mapping[str, str | tuple[str, ...]]
    needs: tuple[str, ...] = ()
    compares: bool = True
    repeated: bool = False
    missing: bool = False
    tests: bool = True
    combines: bool = False
    tables: str | None = None


@cache
def method_words() -> Mapping[str, MethodWord]:
    """Every word that `method` may be."""
    said = tomllib.loads(files("entact").joinpath("methods.toml").read_text("utf-8"))
    return {
        name: MethodWord(
            one["title"],
            one["answers"],
            one["outcome"],
            {key: tuple(own) if isinstance(own, list) else own for key, own in one.get("takes", {}).items()},
            tuple(one.get("needs", ())),
            one.get("compares", True),
            one.get("repeated", False),
            one.get("missing", False),
            one.get("tests", True),
            one.get("combines", False),
            one.get("tables"),
        )
        for name, one in said.items()
    }


def key_words(key: str) -> tuple[str, ...]:
    """The words that a key may be in any method; none where its value is no word."""
    found = [word.takes[key] for word in method_words().values() if key in word.takes]
    return tuple(dict.fromkeys(one for own in found if isinstance(own, tuple) for one in own))
