"""A person says that they came to know what somebody was given: who, how and when; never what."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, get_args, get_type_hints

from django.utils.translation import gettext, gettext_lazy

from entact.conduct.access import trail
from entact.conduct.error import ConductError
from entact.conduct.participants import find_number
from entact.conduct.permissions import Person
from entact.conduct.reader import Reader
from entact.course.entry import Authenticated
from entact.course.kinds.access import Told

WAYS: Final[Mapping[str, str]] = {
    "participant": gettext_lazy("a participant said it"),
    "colleague": gettext_lazy("somebody of the study said it"),
    "document": gettext_lazy("it stood in a document, a mail or on a screen"),
    "kit": gettext_lazy("from a kit, a label or a delivery"),
    "emergency": gettext_lazy("in an emergency unblinding"),
    "own_conclusion": gettext_lazy("nobody said it; I am certain from what I saw"),
    "not_said": gettext_lazy("I would rather not say"),
}
assert set(WAYS) == set(get_args(get_type_hints(Told)["how"]))


def report_told(
    reader: Reader, *, by: Person, authenticated: Authenticated, how: str = "not_said", number: str = ""
) -> None:
    """Keeps that a person came to know what somebody was given.

    Args:
        how: one of WAYS. number: of the participant, where it is said.
    Raises:
        ConductError: when that is no way, or no participant whom the person sees has this number.
    """
    if how not in WAYS:
        raise ConductError(gettext("say how you came to know it as one of the ways that are offered"))
    about = ""
    if number:
        found = find_number(reader, number) if reader.sight.sees_schedule else []
        if len(found) != 1:
            raise ConductError(
                gettext("no participant whom you see has this number alone; it can be left empty")
            )
        about = found[0].ledger
    role = ", ".join(sorted(by.all_roles))
    trail.enter(Told(by.identity, how, about), by=by.identity, role=role, authenticated=authenticated)  # type: ignore[arg-type]  # looked up above
