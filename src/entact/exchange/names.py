"""Words of other systems as names and plain texts of a study file."""

from __future__ import annotations

import html
import re
import unicodedata

from entact.protocol.keyword import KEYWORDS, RESERVED
from entact.protocol.timetable import ACTIVITIES, EVENTS

_LONGEST = 60
_TAKEN = {*KEYWORDS, *RESERVED}
_OF_FORMS = {*_TAKEN, *ACTIVITIES}
_OF_VISITS = {*_TAKEN, *EVENTS}


class Names:
    """Names of a study file, each once in its place."""

    def __init__(self) -> None:
        self._taken: dict[str, set[str]] = {}

    def of(self, text: str, place: str) -> str:
        """A name that says what a text does, and that nothing else of its place has."""
        plainly = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
        name = re.sub(r"[^a-z0-9]+", "_", plainly).strip("_")[:_LONGEST].strip("_") or "unnamed"
        if not name[0].isalpha():
            name = f"no_{name}"
        if name in {"forms": _OF_FORMS, "visits": _OF_VISITS}.get(place, _TAKEN):
            name = f"{name}_asked"
        taken = self._taken.setdefault(place, set())
        found, count = name, 2
        while found in taken:
            found, count = f"{name}_{count}", count + 1
        taken.add(found)
        return found

    def study(self, text: str) -> str:
        """A name that a study can have."""
        return self.of(text, "study").replace("_", "-")


def plain(text: str) -> str:
    """A text without the marks of HTML that documents of the model carry, on one line."""
    return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", text)).split()) or "(no text)"


def shortened(text: str, most: int) -> str:
    """A text of so many characters at most."""
    return text if len(text) <= most else f"{text[: most - 3]}..."
