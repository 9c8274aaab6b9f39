"""When somebody's access had ended, as the ledgers of the system and of the site say it."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from entact.conduct.delegation import state_of
from entact.course import read
from entact.course.setting import fold_access
from entact.course.state.access import AccessState, access_ended
from entact.store.door import SYSTEM_LEDGER
from entact.store.versions import with_versions

_KINDS: Final = ("account", "permission")


def roles_ever_held(site: str, person: str) -> frozenset[str]:
    """The roles that a person ever had at a site, or in the whole study."""
    delegated = {one.role for one in state_of(site).delegated if one.person == person}
    return frozenset(
        delegated | {one.role for one in _access().roles if one.person == person and not one.site}
    )


def access_ended_at(site: str, person: str, role: str, at: datetime) -> datetime | None:
    """When the access of a person in a role at a site had ended, by a time; None where it had not."""
    return access_ended(_access(), state_of(site), person, role, at)


def _access() -> AccessState:
    return fold_access(read(one.text) for one in with_versions([SYSTEM_LEDGER], _KINDS))
