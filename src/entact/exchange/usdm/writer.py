"""Objects of the model, each with an id of its own, and what many of them say alike."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import timedelta
from itertools import pairwise
from typing import Any, Final

from entact.exchange.usdm.model import Json, make

RULE: Final = "urn:entact:rule"  # of a criterion: the rule that computes it (CEL)
_SYSTEM: Final = "http://www.cdisc.org"
_VERSIONS: Final = {"ddf": "2026-03-27", "sdtm": "2025-03-28"}


class Writer:
    """Makes objects, each with an id of its own."""

    def __init__(self) -> None:
        self.counts: dict[str, int] = {}

    def make(self, kind: str, **fields: Any) -> Json:
        self.counts[kind] = self.counts.get(kind, 0) + 1
        return make(kind, f"{kind}_{self.counts[kind]}", **fields)

    def code(self, said: tuple[str, str], of: str = "ddf") -> Json:
        return self.make(
            "Code", code=said[0], codeSystem=_SYSTEM, codeSystemVersion=_VERSIONS[of], decode=said[1]
        )

    def alias(self, said: tuple[str, str], of: str = "ddf") -> Json:
        return self.make("AliasCode", standardCode=self.code(said, of))

    def kept(self, url: str, value: Any) -> Json:
        text = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        return self.make("ExtensionAttribute", url=url, valueString=text)


def chain(objects: Iterable[Json]) -> None:
    """Each after the one before."""
    listed = list(objects)
    for one, following in pairwise(listed):
        one["nextId"], following["previousId"] = following["id"], one["id"]


def iso(length: timedelta) -> str:
    """A duration as ISO 8601 has it, in weeks or days where it is whole."""
    seconds = int(length.total_seconds())
    sign, seconds = ("-" if seconds < 0 else ""), abs(seconds)
    days, rest = divmod(seconds, 86_400)
    if not rest:
        return f"{sign}P{days // 7}W" if days and days % 7 == 0 else f"{sign}P{days}D"
    hours, rest = divmod(rest, 3600)
    minutes, rest = divmod(rest, 60)
    time = "".join(f"{count}{unit}" for count, unit in ((hours, "H"), (minutes, "M"), (rest, "S")) if count)
    return f"{sign}P{f'{days}D' if days else ''}T{time}"
