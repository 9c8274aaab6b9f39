"""Study files that differ from another in some places, as a slip of the hand makes them."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

Place = tuple[Any, ...]

DURATIONS = ("0 d", "1 d", "90 min", "3 wk", "0 .. 3 d", "1 .. 2 h", "next morning", "20 .. 40 d")


def places(data: Any, place: Place = ()) -> Iterator[Place]:
    """Every place in the data of a file, from the top."""
    if place:
        yield place
    members = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    for name, value in members:
        yield from places(value, (*place, name))


def at(data: Any, place: Place) -> Any:
    for step in place:
        data = data[step]
    return data


def mutate(data: dict[str, Any], random: Random) -> dict[str, Any]:
    """The data with one change at a random place."""
    changed = copy.deepcopy(data)
    place = random.choice([one for one in places(changed) if "sources" not in one[:1]])
    block, name = at(changed, place[:-1]), place[-1]
    value = block[name]
    choice = random.random()
    if choice < 0.25:
        del block[name]
    elif choice < 0.45:  # what stands at a like place
        like = [one for one in places(changed) if one[-1] == name and one != place]
        if like:
            block[name] = copy.deepcopy(at(changed, random.choice(like)))
    elif isinstance(value, bool):
        block[name] = not value
    elif isinstance(value, int | float):
        block[name] = random.choice([0, 1, 2, value + 1, value * 10, -value])
    elif isinstance(value, list) and len(value) > 1:
        one, other = random.sample(range(len(value)), 2)
        value[one], value[other] = value[other], value[one]
    elif isinstance(value, dict) and len(value) > 1:
        items = list(value.items())
        random.shuffle(items)
        block[name] = dict(items)
    elif isinstance(value, str) and any(digit.isdigit() for digit in value):
        digits = [number for number, letter in enumerate(value) if letter.isdigit()]
        number = random.choice(digits)
        block[name] = value[:number] + str(random.randrange(10)) + value[number + 1 :]
    elif isinstance(value, str) and name in ("within", "after", "or", "target", "slack", "lasts"):
        block[name] = random.choice(DURATIONS)
    return changed


def write(data: dict[str, Any], folder: Path) -> Path:
    """The file of such data; JSON is YAML."""
    path = folder / "study.yaml"
    path.write_text(json.dumps(data, ensure_ascii=False), encoding="utf-8")
    return path
