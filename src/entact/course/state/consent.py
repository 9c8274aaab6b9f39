"""The consent in force, and what of it nobody can do without."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Final

import msgspec

# Scopes of consent without which nobody takes part; a file that names none of them needs all of its own.
NEEDED_SCOPES: Final[tuple[str, ...]] = ("participation", "treatment", "procedures")
_PARTS: Final = frozenset({"treatment", "procedures"})  # which can be refused by whoever goes on taking part


def needed_scopes(scopes: Iterable[str]) -> tuple[str, ...]:
    """Those of a study file's scopes of consent without which nobody may be treated."""
    named = tuple(scopes)
    return tuple(name for name in NEEDED_SCOPES if name in named) or named


class ConsentState(msgspec.Struct, frozen=True):
    """The consent in force: since when, to which version and release, and scope by scope.

    Attributes:
        needed: scopes without which nobody may be treated. refused: of these, which are not allowed, and
            since when: the first of the consents in a row that said so.
    """

    entry: str
    version: str
    scopes: dict[str, bool]
    release: str
    since: datetime
    needed: tuple[str, ...] = ()
    refused: dict[str, datetime] = {}

    @property
    def taking_part(self) -> tuple[str, ...]:
        """The scopes that taking part at all needs, without what else may be refused for itself."""
        return tuple(name for name in self.needed if name not in _PARTS) or self.needed

    @property
    def given(self) -> bool:
        """Whether the participant takes part; what was not asked is not given."""
        return self.allows(())

    @property
    def is_withdrawn(self) -> bool:
        """Whether the participant does not want to take part."""
        return any(scope in self.refused for scope in self.taking_part)

    def allows(self, parts: Collection[str]) -> bool:
        """Whether the participant takes part, in treatment or procedures too where these are named."""
        if not self.needed:
            return False
        scopes, others = self.scopes, True  # asked of every entry: in one walk
        for scope in self.needed:
            if scopes.get(scope) is not True and (scope not in _PARTS or scope in parts):
                return False
            others = others and scope in _PARTS
        # Where nothing else is needed than what can be refused for itself, all of it is.
        return not others or all(scopes.get(scope) is True for scope in self.needed)
