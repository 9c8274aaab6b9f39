"""Where an entry is shown, whatever its kind."""

from __future__ import annotations

from urllib.parse import urlencode

from django.urls import reverse

from entact.conduct.entries.kinds import ENTERED
from entact.conduct.forms.place import placed, visit_address
from entact.course.entry.effective import Effective
from entact.course.kinds import KINDS


def address_of(key: str, effective: Effective) -> str:
    """The page of an entry: of its form, of its own, else of the visit, else the participant's.

    Args:
        key: of the participant, as addresses have it.
    """
    entry = effective.entry
    kind = KINDS.get(entry.kind)
    form = kind.form(effective.data) if kind is not None and kind.form is not None else None
    if form is not None and entry.encounter:
        place = placed(form, effective)
        asked = {"time": place.timepoint} if place.timepoint else {}
        asked |= {"repeat": str(place.repeat)} if place.repeat > 1 else {}
        return (
            f"{reverse('form', args=[key, place.visit, form])}?{urlencode(asked | {'entry': effective.id})}"
        )
    if entry.kind in ENTERED:
        return reverse("entry", args=[key, effective.id])
    if entry.encounter:
        return reverse("visit", args=[key, visit_address(entry.encounter)])
    return reverse("participant", args=[key])


def told_at(key: str, effective: Effective) -> str:
    """The same, where all of the entry is told: what has no page of its own, on the participant's, opened.

    Args:
        key: of the participant, as addresses have it.
    """
    address = address_of(key, effective)
    return address if effective.id in address else f"{reverse('participant', args=[key])}?open={effective.id}"
