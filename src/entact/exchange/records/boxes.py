"""What REDCap adds to records, in its CSV and its XML alike: boxes of checkboxes, columns of its own.

Source: REDCap's export of records: a variable `name___code` for each box, 1 where it is ticked.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from entact.exchange.records.cells import definition_of
from entact.exchange.records.lists import items_of_list_or_form
from entact.exchange.records.mapping import Goes
from entact.protocol import Release

EVENT, INSTRUMENT, INSTANCE = "redcap_event_name", "redcap_repeat_instrument", "redcap_repeat_instance"
OWN: Final = (EVENT, INSTRUMENT, INSTANCE, "redcap_data_access_group", "redcap_survey_identifier")
BOX: Final = re.compile(r"(.+?)___(.+)")
TICKED: Final = {"1": True, "checked": True, "0": False, "unchecked": False, "": False}


def boxes_of(goes: Mapping[str, Goes], release: Release) -> dict[str, tuple[str, str]]:
    """What each box of a variable with several answers is called -> the variable, and the box's code.

    Args:
        goes: where each variable goes.
    """
    return {box_name(name, code): (name, code) for name, one in goes.items() for code in _codes(one, release)}


def box_name(variable: str, code: str) -> str:
    """What a flat export calls the box of a code."""
    return f"{variable}___{re.sub('[^a-z0-9_]', '_', code.lower())}"


def _codes(goes: Goes, release: Release) -> list[str]:
    """What the source calls the boxes of an item."""
    form, _, item = goes.to.partition(".")
    said = definition_of(items_of_list_or_form(release, form) or {}, item)
    if said is None or said.type != "choices":
        return []
    return list(goes.values) or list(said.of or ())
