"""The clock of the place where a person was: that of one site until a transfer, then that of another."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta, tzinfo

Part = tuple[datetime, tzinfo]  # since when (the first part: always), and which zone


class MovingZone(tzinfo):
    """A zone that is another one from an instant on, so that each civil date is that of where it happened.

    Args:
        parts: in order of time, at least one.
    """

    def __init__(self, parts: Sequence[Part]) -> None:
        self.parts = tuple((since.astimezone(UTC), zone) for since, zone in parts)

    def zone_at(self, at: datetime) -> tzinfo:
        """The zone in which an instant was lived."""
        zones = [zone for since, zone in self.parts if since <= at]
        return zones[-1] if zones else self.parts[0][1]

    def fromutc(self, dt: datetime) -> datetime:
        """The wall clock at an instant."""
        at = dt.replace(tzinfo=UTC)
        local = at.astimezone(self.zone_at(at)).replace(tzinfo=self, fold=0)
        return local if self._instant(local) == at else local.replace(fold=1)

    def utcoffset(self, dt: datetime | None) -> timedelta | None:
        """How far a wall clock was ahead of UTC."""
        if dt is None:
            return None
        return dt.replace(tzinfo=None, fold=0) - self._instant(dt).replace(tzinfo=None)

    def dst(self, dt: datetime | None) -> timedelta | None:
        """Not said: the offset is all that is needed."""
        return None

    def tzname(self, dt: datetime | None) -> str | None:
        """The name of the zone at a wall clock."""
        return None if dt is None else self.zone_at(self._instant(dt)).tzname(dt.replace(tzinfo=None))

    def _instant(self, local: datetime) -> datetime:
        """When a wall clock showed this: of two times the first, with `fold` the second; one that the way
        between two sites left out is that of the transfer."""
        bare = local.replace(tzinfo=None, fold=0)
        found: list[datetime] = []
        for number, (_, zone) in enumerate(self.parts):
            for fold in (0, 1):
                at = bare.replace(tzinfo=zone, fold=fold).astimezone(UTC)
                if self._part_at(at) == number and at.astimezone(zone).replace(tzinfo=None, fold=0) == bare:
                    found.append(at)
        if found:
            return max(found) if local.fold else min(found)
        for since, _ in self.parts[1:]:
            if bare < since.astimezone(self.zone_at(since)).replace(tzinfo=None):
                return since
        return bare.replace(tzinfo=self.parts[-1][1], fold=local.fold).astimezone(UTC)

    def _part_at(self, at: datetime) -> int:
        return max(sum(since <= at for since, _ in self.parts) - 1, 0)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, MovingZone) and self.parts == other.parts

    def __hash__(self) -> int:
        return hash(self.parts)

    def __str__(self) -> str:
        """The name of the zone of where they are now, as every clock and browser knows it."""
        return str(self.parts[-1][1])

    def __repr__(self) -> str:
        return f"MovingZone({self.parts!r})"

    def __reduce__(self) -> tuple[type[MovingZone], tuple[tuple[Part, ...]]]:
        return MovingZone, (self.parts,)
