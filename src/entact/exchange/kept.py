"""Studies that a document of another form keeps whole: as a study file, and what the document says else."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from io import StringIO
from typing import Any

from ruamel.yaml import YAML

from entact.exchange.names import shortened
from entact.protocol.order import in_order
from entact.protocol.release import Release


@dataclass(frozen=True)
class FromDocument:
    """A study made of a document.

    Attributes:
        data: the study file as plain data, its names in their order. kept: whether the document had it
            whole. digest: of the release that was kept; empty of another.
        prose: what the document says in words or has no place for, each with its place.
        differences: where the document says something else than the study file that it keeps.
    """

    data: Mapping[str, Any]
    kept: bool
    digest: str
    prose: tuple[str, ...]
    differences: tuple[str, ...]


def kept_study(release: Release, differences: Iterable[str]) -> FromDocument:
    """The study of a release that a document keeps."""
    arranged = {name: value for name, value in in_order(release.data).items() if name != "order"}
    return FromDocument(arranged, True, release.digest, (), tuple(differences))


def study_file(made: FromDocument) -> str:
    """The text of a study file."""
    yaml, text = YAML(), StringIO()
    yaml.width = 110
    yaml.allow_unicode = True
    yaml.dump(dict(made.data), text)
    return text.getvalue()


def differences(given: Any, own: Any, place: str = "") -> Iterator[str]:
    """Where a document says something else than the one that is made of its study file, each with its place.

    Args:
        given: the document as it was read. own: as it is made of the study file. place: of the two in theirs.
    """
    if isinstance(given, dict) and isinstance(own, dict):
        for name in dict.fromkeys([*given, *own]):
            at = f"{place}.{name}" if place else name
            if not (given.get(name) in (None, []) and own.get(name) in (None, [])):
                yield from differences(given.get(name), own.get(name), at)
    elif isinstance(given, list) and isinstance(own, list) and len(given) == len(own):
        for number, (one, other) in enumerate(zip(given, own, strict=True), start=1):
            yield from differences(one, other, f"{place}[{number}]")
    elif given != own:
        yield f"{place}: {_said(given)} here, {_said(own)} by the study file"


def _said(value: Any) -> str:
    if isinstance(value, list):
        return f"{len(value)} of them"
    return shortened("an object" if isinstance(value, dict) else repr(value), 70)
