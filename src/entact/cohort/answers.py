"""How virtual participants answer what no outcome model fills: the `answers` of a study's `cohort.yaml`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from hashlib import sha256
from math import sqrt
from statistics import NormalDist
from typing import Any, Self

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, model_validator

from entact.protocol import CompiledForm
from entact.protocol.rule import Facts
from entact.protocol.study import Item

NOTE = "Simulated note."
_STANDARD = NormalDist()

Characteristics = Mapping[str, float | str]
Plain = bool | int | str | list[str]


class Answer(BaseModel):
    """One item's answer: a fixed value, a chance of yes, shares of codes, a number, or a characteristic.

    Attributes:
        only: characteristic -> choice for which this holds; others answer `otherwise`, or are not asked.
        times: factor on a characteristic (years to months). items: of rows, of which `mean` and `sd` say how
            many there are, what each holds. steady: how much of the answer stays a person's
            own from one visit to the next, as a correlation; 0 draws it anew each time, 1 never again.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    value: Plain | None = None
    chance: float | None = Field(default=None, ge=0.0, le=1.0)
    shares: dict[str, float] | None = None
    mean: float | None = None
    sd: float | None = Field(default=None, ge=0.0)
    decimals: int = Field(default=0, ge=0, le=6)
    characteristic: str | None = None
    times: float = 1.0
    only: dict[str, str] = {}
    otherwise: Plain | None = None
    items: dict[str, Answer] = {}
    steady: float = Field(default=0.0, ge=0.0, le=1.0)
    source: str | None = None
    assumption: str | None = None

    @model_validator(mode="after")
    def _says_one_thing(self) -> Self:
        said = [self.value, self.chance, self.shares, self.mean, self.characteristic]
        if sum(part is not None for part in said) != 1:
            raise ValueError("say one of `value`, `chance`, `shares`, `mean` with `sd`, or `characteristic`")
        if (self.mean is None) != (self.sd is None):
            raise ValueError("`mean` and `sd` belong together")
        if self.items and self.mean is None:
            raise ValueError("`items` of rows need `mean` and `sd`: how many rows there are")
        if self.otherwise is not None and not self.only:
            raise ValueError("`otherwise` needs `only`: who does not answer it")
        return self

    def draw(
        self, item: Item, person: Characteristics, random: np.random.Generator, own: float | None = None
    ) -> Any:
        """The answer of one person to an item, as an entry holds it: bool, int, code or quantity with unit.

        `own`: the person's standard normal deviation in this item, of which `steady` keeps a part. None where
        the item is not asked of this person.
        """
        normal: Callable[[], float] = random.standard_normal
        if own is None or not self.steady:
            uniform = random.random()
        else:
            deviation = sqrt(self.steady) * own + sqrt(1.0 - self.steady) * random.standard_normal()
            uniform, normal = _STANDARD.cdf(deviation), lambda: deviation
        if any(person.get(name) != choice for name, choice in self.only.items()):
            return self.otherwise
        if self.value is not None:
            return self.value
        if self.chance is not None:
            return uniform < self.chance
        if self.shares is not None:
            code = _choose(self.shares, uniform)
            return [code] if item.type == "choices" else code
        if self.mean is not None and self.sd is not None:
            return _number(item, self.mean + self.sd * normal(), self.decimals)
        assert self.characteristic is not None
        known = person[self.characteristic]
        if isinstance(known, str):
            return known == "yes" if item.type == "boolean" else known
        return _number(item, known * self.times, self.decimals)


def answer_form(
    form: CompiledForm,
    answers: Mapping[str, Answer],
    person: Characteristics,
    random: np.random.Generator,
    own: Mapping[str, float] | None = None,
    around: Mapping[str, Any] | None = None,
    facts: Facts | None = None,
    given: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Every item of a form that is asked and for which there is an answer; text says that it is simulated.

    Args:
        own: how far the person is from others in each item, whenever it is asked.
        around, facts: values of other forms and facts of the session, for conditions.
        given: answers that a model has, in place of those drawn.
    """
    items: dict[str, Any] = {}
    for name, item in form.items.items():
        if not item.is_entered:
            continue
        answer = answers.get(name)
        if item.type == "rows":
            if answer is not None:
                told = {**(around or {}), **form.values(items)}
                count = answer.draw(item, person, random) or 0
                items[name] = [
                    answer_form(form.rows[name], answer.items, person, random, None, told, facts)
                    for _ in range(count)
                ]
        elif answer is not None:
            drawn = answer.draw(item, person, random, None if own is None else own[name])
            if drawn is not None:
                items[name] = drawn
        elif item.type == "text":
            items[name] = NOTE
        elif item.type == "file":
            items[name] = _file(item)
    return form.asked_of({**items, **(given or {})}, around or {}, facts)


def mistype(item: Item, value: Any, random: np.random.Generator) -> Any:
    """What somebody types by mistake for a number: two digits swapped, or the last one off; else the same."""
    if isinstance(value, bool) or item.type not in ("integer", "decimal"):
        return value
    text, space, unit = str(value).partition(" ")
    digits = [place for place, sign in enumerate(text) if sign.isdigit()]
    signs = list(text)
    if len(digits) >= 2 and random.random() < 0.5 and signs[digits[0]] != signs[digits[1]] != "0":
        signs[digits[0]], signs[digits[1]] = signs[digits[1]], signs[digits[0]]
    else:
        signs[digits[-1]] = str((int(signs[digits[-1]]) + 1) % 10)
    wrong = "".join(signs)
    if item.type == "integer" and not space:
        return int(wrong)
    return f"{wrong}{space}{unit}"


def _file(item: Item) -> dict[str, Any]:
    media = (item.accept or ["text/plain"])[0]
    return {"file": sha256(NOTE.encode()).hexdigest(), "media": media, "size": len(NOTE)}


def _choose(shares: Mapping[str, float], uniform: float) -> str:
    reached = 0.0
    for code, share in shares.items():
        reached += share
        if uniform < reached:
            return code
    return code


def _number(item: Item, value: float, decimals: int) -> Any:
    if item.bounds is not None:
        low, high = item.bounds
        value = min(max(value, float(low)), float(high))
    elif item.type == "rows":
        value = max(value, 0.0)
    if item.type in ("integer", "rows"):
        possible = item.answers if item.step else None
        return round(value) if possible is None else min(possible, key=lambda one: abs(one - value))
    return f"{value:.{decimals}f} {item.unit}".rstrip()
