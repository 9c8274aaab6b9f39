"""A form as the console asks it: its items, when each is asked, and what the answers score.

What a device cannot ask in full is filled in on the form's own page; a score that it cannot reckon as the
server does stays unknown there until the server has said it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from entact.conduct.words import title_of_form, told, words
from entact.protocol import CompiledForm
from entact.protocol.instrument import Instrument
from entact.protocol.pad import SIMPLE, beyond_pad, reckoned
from entact.protocol.portable import portable
from entact.protocol.rule import Rule
from entact.protocol.study import Item
from entact.protocol.wording import Wording


def form_of(form: CompiledForm, is_asked: bool) -> dict[str, Any]:
    """A form for the pad: `simple` where a pad can ask all that has to be asked.

    Args:
        is_asked: whether whoever asks fills it in.
    """
    items = {name: item for name, item in form.items.items() if item.is_entered}
    return {
        "title": title_of_form(form),
        "lasting": form.lasting,
        "simple": beyond_pad(form) is None,
        "mine": is_asked,
        "items": {name: _item(form, name, item) for name, item in items.items() if item.type in SIMPLE},
        "scores": list(_scores(form.instrument)),
    }


def in_words(sent: dict[str, Any], words: Wording) -> dict[str, Any]:
    """A form for the pad in the words that its site has entered."""
    items = {}
    for name, item in sent["items"].items():
        labels = words.labels.get(name, {})
        items[name] = item | {
            "title": words.file.items.get(name, item["title"]),
            "of": [[code, labels.get(code, label)] for code, label in item["of"]],
            "labels": item["labels"] | labels,
        }
    return sent | {"items": items}


def rule_of(rule: Rule | None) -> dict[str, Any] | None:
    """A rule to be sent."""
    return None if rule is None else portable(rule)


def _item(form: CompiledForm, name: str, item: Item) -> dict[str, Any]:
    instrument = form.instrument
    return {
        "title": told(item.title) if item.title else words(name),
        "help": told(item.help) if item.help else item.help,
        "type": item.type,
        "unit": item.unit,
        "range": [float(end) for end in item.bounds] if item.bounds else None,
        "step": item.step,
        "expected": [float(end) for end in item.usual] if item.usual else None,
        "required": item.required,
        "of": [[code, _label(item, code)] for code in item.of or ()],
        "labels": {code: told(label) for code, label in item.labels.items()},
        "when": [rule_of(rule) for rule in form.rules.conditions.get(name, ())],
        "otherwise": None if instrument is None else instrument.otherwise.get(name),
    }


def _label(item: Item, code: str) -> str:
    return told(item.labels[code]) if item.labels.get(code) else words(code)


def _scores(instrument: Instrument | None) -> Iterator[dict[str, Any]]:
    """What the device reckons itself, in order."""
    for name, score, rule in reckoned(instrument):
        assert instrument is not None
        said: dict[str, Any] = {"name": name, "does": score.operation, "of": instrument.parts.get(name, [])}
        said |= {} if rule is None else {"rule": rule}
        yield said | {"reaching": score.reaching, "at_least": score.at_least, "may_miss": score.may_miss}
