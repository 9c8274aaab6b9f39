"""What an address asks of a list and the list cannot be narrowed by: it is said, never passed over.

Who asked for one site and is shown all of them takes what they see for that site.
"""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.translation import gettext


def not_taken(asked: Mapping[str, str], taken: Mapping[str, str], titles: Mapping[str, str]) -> list[str]:
    """A sentence for each thing that was asked for and is not there.

    What was asked for is not said again: of a form that is hidden the page tells no more than of none.

    Args:
        asked: as the address has it. taken: by what of it the list is narrowed. titles: how people call each.
    """
    said = gettext("{what}: what the address asks for is not here, and the list is not narrowed by it.")
    return [
        said.format(what=titles[name])
        for name, found in taken.items()
        if asked.get(name, "") not in ("", found)
    ]
