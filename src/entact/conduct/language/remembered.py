"""What was translated is remembered: a page says the same few hundred words again and again.

A catalogue of gettext passes what it does not have to the next one, five in all, and English has none of it.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from django.conf import settings
from django.utils.translation import trans_real

WORDS: Final = 16_384  # in each language


def remember_translations() -> None:
    """Lets each language of the pages remember what it has translated last; once in each process."""
    for language, _ in settings.LANGUAGES:
        catalogue = trans_real.translation(language)
        if "gettext" not in vars(catalogue):
            vars(catalogue)["gettext"] = lru_cache(WORDS)(catalogue.gettext)
