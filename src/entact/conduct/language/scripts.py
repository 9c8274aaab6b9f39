"""What scripts say, in the language of a page: the words that they mark as t`…`, translated.

A script marks what people read; places for values stand as `${…}` in it and as `{0}`, `{1}` in a catalogue.
In such a place stands a plain expression, so that the end of a text is found without reading the language.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Final

from django.utils.translation import get_language, gettext, override

_CONDUCT: Final = Path(__file__).parents[1]
OF_PAGES: Final = _CONDUCT / "static"
OF_CONSOLE: Final = _CONDUCT / "session" / "console"
MARKED: Final = re.compile(r"\bt`((?:[^`\\$]|\\.|\$(?!\{)|\$\{[^{}`]*\})*)`")
_PLACE: Final = re.compile(r"\$\{[^{}`]*\}")


def marked_words(script: str) -> Iterator[str]:
    """What a script marks, as a catalogue has it."""
    for found in MARKED.findall(script):
        parts = _PLACE.split(found)
        yield parts[0] + "".join(f"{{{place}}}{part}" for place, part in enumerate(parts[1:]))


@lru_cache
def _spoken(scripts: Path) -> tuple[str, ...]:
    texts = (one.read_text(encoding="utf-8") for one in sorted(scripts.glob("*.js")))
    return tuple(dict.fromkeys(words for text in texts for words in marked_words(text)))


@lru_cache
def translated(scripts: Path, language: str, also: tuple[str, ...] = ()) -> dict[str, str]:
    """What the scripts of a folder say, by what stands in them; only what reads otherwise than in English.

    Args:
        also: what they say by the codes of the record.
    """
    with override(language):
        found = {words: gettext(words) for words in (*_spoken(scripts), *also)}
    return {words: said for words, said in found.items() if said != words}


def words_of_scripts(request: object) -> dict[str, dict[str, str]]:
    """For templates: what scripts of pages say in the language of this page."""
    return {"script_words": translated(OF_PAGES, get_language() or "en")}
