"""What whoever asks may do to review a visit, or all of a participant: sign, verify, freeze."""

from __future__ import annotations

from dataclasses import dataclass

from entact.conduct.asking import Asked
from entact.conduct.monitoring.domain import verifiable


@dataclass(frozen=True)
class Reviewing:
    """What may be done.

    Attributes:
        head: number of the last line that the page was made of. to_verify: entries that are not verified yet.
    """

    key: str
    head: int
    to_verify: tuple[str, ...]
    may_sign: bool
    may_freeze: bool

    @property
    def is_any(self) -> bool:
        """Whether there is anything."""
        return bool(self.to_verify) or self.may_sign or self.may_freeze


def reviewing(asked: Asked, encounter: str | None = None) -> Reviewing:
    """What may be done about a visit, or about everything where none is said."""
    verifies = asked.role_for("verify") is not None and encounter is not None
    versions = asked.folded.versions.values()
    return Reviewing(
        key=asked.participant.key,
        head=max((seq for known in versions for seq, _ in known), default=0),
        to_verify=tuple(one.id for one in verifiable(asked, encounter)) if verifies else (),
        may_sign=asked.role_for("sign") is not None,
        may_freeze=asked.role_for("freeze") is not None,
    )
