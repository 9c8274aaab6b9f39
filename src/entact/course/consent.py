"""Consent, in scopes, to one release of the study."""

from __future__ import annotations

import msgspec


class Consent(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Kind `consent`: what the participant allows, scope by scope, and to which version of the information sheet."""

    version: str
    scopes: dict[str, bool]
