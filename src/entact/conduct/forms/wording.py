"""The words in which a site asks an instrument: those that it entered, where it has; entact has none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Final

from django.utils.translation import get_language, gettext

from entact.protocol import CompiledForm, Study
from entact.protocol.instrument import Instrument
from entact.protocol.study import Item
from entact.protocol.wording import Wording, WordingFile
from entact.protocol.words.form import FormAccount, ItemAccount
from entact.store.error import StoreError
from entact.store.wording import wordings_at, words_of

SCALE: Final = 11  # numbers of a scale that are shown beside each other


@dataclass(frozen=True)
class Spoken:
    """The words of an instrument at a site; none where it has entered none, or they are lost (`problem`)."""

    words: Wording | None = None
    problem: str = ""

    def of(self, account: FormAccount, form: CompiledForm) -> FormAccount:
        """A form in these words; what they do not name, such as an item of the form's own, stays as it is."""
        if self.words is None:
            return account
        asked, labels = self.words.file.items, self.words.labels
        items = tuple(
            _said(one, form.items[one.name], asked[one.name], labels.get(one.name, {}))
            if one.name in asked
            else one
            for one in account.items
        )
        said = " ".join(filter(None, (account.help, self.words.file.instruction)))
        return replace(account, items=items, help=said)


def instruments_in_words(site: str, study: Study) -> frozenset[str]:
    """The instruments of which a site has entered words."""
    return frozenset(name for name, _ in wordings_at(site, study))


def words_here(site: str, study: Study, instrument: Instrument, languages: Sequence[str]) -> Spoken:
    """The words in which a site asks an instrument, in the first of these languages in which it has any.

    Else in the language of the page, else in the only one that it has.
    """
    entered = {
        tag: state for (name, tag), state in wordings_at(site, study).items() if name == instrument.name
    }
    wanted = (*languages, get_language() or "", *(entered if len(entered) == 1 else ()))
    state = next((entered[tag] for one in wanted for tag in entered if _root(tag) == _root(one)), None)
    if state is None:
        return Spoken()
    try:
        return Spoken(_wording(words_of(state, site)))
    except StoreError:
        lost = gettext(
            "The words of this form ({version}, {holder}) are not on this server, or were changed: until the "
            "site enters them again it is asked without them."
        )
        return Spoken(problem=lost.format(version=state.version, holder=state.holder))


def _root(tag: str) -> str:
    return tag.partition("-")[0].lower()


@lru_cache(maxsize=64)
def _wording(text: bytes) -> Wording:
    """What was checked when it was entered, and is the same by its digest."""
    return Wording(WordingFile.model_validate_json(text), text)


def _said(one: ItemAccount, item: Item, title: str, labels: Mapping[str, str]) -> ItemAccount:
    ends = ""
    if item.type == "integer" and (item.answers is None or len(item.answers) > SCALE):
        ends = ", ".join(f"{code}: {label}" for code, label in labels.items())
    said = " ".join(filter(None, (one.help, ends)))
    return replace(one, title=title, choices={**one.choices, **labels}, help=said)
