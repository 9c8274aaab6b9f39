"""The consent in force."""

from __future__ import annotations

from datetime import datetime

import msgspec


class ConsentState(msgspec.Struct, frozen=True):
    """The consent in force: since when, to which version and release, and scope by scope."""

    entry: str
    version: str
    scopes: dict[str, bool]
    release: str
    since: datetime

    @property
    def given(self) -> bool:
        """Whether anything is allowed at all."""
        return True in self.scopes.values()
