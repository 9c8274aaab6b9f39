"""Forms put into the text of a study file: what is there stays as it is, to the byte."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

from entact.exchange.redcap.forms import yaml_of
from entact.protocol.study import Form

_NONE: Final[Mapping[str, Mapping[str, Any]]] = MappingProxyType({})


@dataclass(frozen=True)
class Merged:
    """The study file with the forms that it lacked.

    Attributes:
        new: forms that were added. same: that were there already, of the same meaning word for word, or as
            far as a dictionary of that study says it.
        conflicts: that are there and say something else; these are left as they are.
    """

    text: str
    new: tuple[str, ...]
    same: tuple[str, ...]
    conflicts: tuple[str, ...]


def merge_forms(
    text: str,
    existing: Mapping[str, Form],
    forms: Mapping[str, Mapping[str, Any]],
    at: str | None = None,
    told: Mapping[str, Mapping[str, Any]] = _NONE,
) -> Merged:
    """Adds forms at the end of the `forms:` of a study file, and to what a visit does.

    Args:
        text: the study file. existing: its forms. forms: by name, as plain data.
        at: the visit that fills them. told: the forms as they come back from the study's own dictionary,
            which does not say instruments, sources, and what is calculated.
    Raises:
        ValueError: when its `forms:`, or the `do:` of the visit, is written in a way that is not known here.
    """
    new: dict[str, Mapping[str, Any]] = {}
    same, conflicts = [], []
    for name, body in forms.items():
        if name not in existing:
            new[name] = body
        elif body == told.get(name) or existing[name].model_dump() == Form.model_validate(body).model_dump():
            same.append(name)
        else:
            conflicts.append(name)
    if new:
        text = _inserted(text, yaml_of(new))
        text = text if at is None else _done_at(text, at, list(new))
    return Merged(text, tuple(new), tuple(same), tuple(conflicts))


def _inserted(text: str, lines: str) -> str:
    begins = re.search(r"^forms:[ \t]*(#[^\n]*)?\n", text, re.M)
    if begins is None:
        raise ValueError("the study file has no 'forms:' on a line of its own, below which forms could stand")
    rest = text[begins.end() :]
    ends = re.search(r"^[^\s#]", rest, re.M)
    body = rest[: ends.start()] if ends is not None else rest
    kept = re.match(
        r"(?:.*\n)*?(?=(?:[ \t]*(?:#[^\n]*)?\n)*\Z)", body
    )  # blank lines and comments that follow
    place = begins.end() + (kept.end() if kept is not None else len(body))
    before = text[:place]
    if before and not before.endswith("\n"):
        before += "\n"
    return before + lines + text[place:]


def _done_at(text: str, visit: str, forms: list[str]) -> str:
    """Adds forms to the `do: [...]` of a visit."""
    begins = re.search(rf"\bvisit:[ \t]*{re.escape(visit)}\b", text)
    if begins is None:
        raise ValueError(f"there is no visit {visit!r} in its schedule; name one that is there")
    ends = re.search(r"\bvisit:", text[begins.end() :])
    until = begins.end() + ends.start() if ends is not None else len(text)
    found = re.search(r"(?<!\{)\bdo:[ \t]*\[([^\]]*)\]", text[begins.end() : until])
    if found is None:
        raise ValueError(
            f"the 'do:' of the visit {visit!r} is not written as [one, other]; add the forms there"
        )
    place = begins.end() + found.end(1)
    said = "".join(f", {name}" for name in forms)
    return text[:place] + (said if found[1].strip() else said[2:]) + text[place:]
