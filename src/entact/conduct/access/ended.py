"""Until when people had access, as the ledgers of the system and of a site say it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from entact.conduct.delegation import state_of
from entact.course import read
from entact.course.setting import fold_access
from entact.course.state.access import AccessState, access_ended
from entact.course.state.setting import SiteState
from entact.store.door import SYSTEM_LEDGER
from entact.store.versions import with_versions

_KINDS: Final = ("account", "permission")


@dataclass(frozen=True)
class Access:
    """Who had which role at a site, from when to when."""

    of_system: AccessState
    of_site: SiteState

    def ended(self, person: str, role: str, at: datetime) -> datetime | None:
        """When the access of a person in a role had ended, by a time; None where it had not."""
        return access_ended(self.of_system, self.of_site, person, role, at)

    def roles_ever(self, person: str) -> frozenset[str]:
        """The roles that a person ever had here, or in the whole study."""
        delegated = {one.role for one in self.of_site.delegated if one.person == person}
        everywhere = {one.role for one in self.of_system.roles if one.person == person and not one.site}
        return frozenset(delegated | everywhere)


def access_at(site: str) -> Access:
    """Who had which role at a site, as it stands now."""
    known = fold_access(read(one.text) for one in with_versions([SYSTEM_LEDGER], _KINDS))
    return Access(known, state_of(site))
