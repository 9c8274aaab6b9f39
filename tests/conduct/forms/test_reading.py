"""What is sent and what is kept: nothing that was written is lost, and what can be read is read."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from entact.conduct.forms.reading import receive_items, said_of, texts_of
from entact.conduct.forms.units import converted
from entact.protocol import CompiledForm
from entact.protocol.study import Form

FORM = CompiledForm(
    "all",
    Form.model_validate(
        {
            "items": {
                "yes": {"type": "boolean"},
                "count": {"type": "integer", "range": "0 .. 10"},
                "weight": {"type": "decimal", "unit": "kg"},
                "sex": {"type": "choice", "of": ["female", "male"]},
                "where": {"type": "choices", "of": ["head", "jaw"]},
                "words": {"type": "text"},
                "day": {"type": "date"},
                "about": {"type": "partial_date"},
                "clock": {"type": "time"},
                "rows": {
                    "type": "rows",
                    "items": {
                        "name": {"type": "text"},
                        "weeks": {"type": "integer"},
                        "on": {"type": "boolean"},
                    },
                },
                "scan": {"type": "file"},
            }
        }
    ),
    None,
)
SHOWN = {"shown": list(FORM.items)}


def read(**fields: str | list[str]) -> dict[str, Any]:
    sent = {
        name.replace("__", ":"): [text] if isinstance(text, str) else text for name, text in fields.items()
    }
    return receive_items(FORM, {**SHOWN, **sent}).items


@pytest.mark.parametrize(
    ("field", "text", "kept"),
    [
        ("item__yes", "true", True),
        ("item__yes", "perhaps", "perhaps"),
        ("item__count", " 7 ", 7),
        ("item__count", "99999999999999999999", "99999999999999999999"),
        ("item__count", "seven", "seven"),
        ("item__weight", "81", "81 kg"),
        ("item__weight", "81.50", "81.50 kg"),
        ("item__weight", "81,5", "81.5 kg"),
        ("item__weight", "1,200", "1,200"),  # a thousand, or one and a fifth: nobody knows
        ("item__weight", "−3", "-3 kg"),
        ("item__weight", "165 lbs", "165 [lb_av]"),
        ("item__weight", "120/80", "120/80"),
        ("item__weight", "1e5", "1e5"),
        ("item__weight", "8o kg", "8o kg"),
        ("item__sex", "male", "male"),
        ("item__sex", "both", "both"),
        ("item__where", ["jaw", "head"], ["jaw", "head"]),
        ("none__where", "1", []),
        ("item__words", "a\r\nb ", "a\nb "),
        ("item__day", "30.4.2019", "2019-04-30"),
        ("item__day", "4/5/2019", "4/5/2019"),  # April or May
        ("item__about", "Apr 2019", "2019-04"),
        ("item__about", "4/2019", "2019-04"),
        ("item__about", "04 / 2019", "2019-04"),
        ("item__about", "13/2019", "13/2019"),
        ("item__about", "4. Mai 2019", "2019-05-04"),
        ("item__about", "2019", "2019"),
        ("item__about", "31.2.2019", "31.2.2019"),
        ("item__clock", "9:05", "09:05"),
        ("item__clock", "25:00", "25:00"),
        ("missing__count", "refused", {"missing": "refused"}),
        ("missing__count", "dunno", "dunno"),
        ("none__rows", "1", []),
    ],
)
def test_what_is_written_becomes_an_answer(field: str, text: str | list[str], kept: Any) -> None:
    assert list(read(**{field: text}).values()) == [kept]


def test_another_unit_is_kept_as_it_was_entered() -> None:
    assert read(item__weight="165", unit__weight="[lb_av]") == {"weight": "165 [lb_av]"}
    assert read(item__weight="165 kg", unit__weight="[lb_av]") == {"weight": "165 kg"}


def test_what_was_not_on_the_page_is_not_touched() -> None:
    assert receive_items(FORM, {"item:count": ["7"]}).items == {}


def test_a_row_that_says_nothing_is_no_row() -> None:
    rows = read(item__rows__1__name="a", item__rows__2__name=" ", item__rows__7__weeks="3")
    assert rows == {"rows": [{"name": "a"}, {"weeks": 3}]}


_TEXT = st.text(st.characters(blacklist_categories=("Cs",), blacklist_characters="\0\r"), min_size=1).filter(
    str.strip
)
_ANSWERS = st.fixed_dictionaries(
    {},
    optional={
        "yes": st.booleans() | st.just({"missing": "refused"}),
        "count": st.integers(-(2**53) + 1, 2**53 - 1),
        "weight": st.decimals(-1000, 1000, places=2).map(lambda one: f"{one} kg")
        | st.integers(0, 400).map(lambda one: f"{one} [lb_av]"),
        "sex": st.sampled_from(["female", "male", {"missing": "unknown"}]),
        "where": st.lists(st.sampled_from(["head", "jaw"]), unique=True),
        "words": _TEXT,
        "day": st.dates(date(1900, 1, 1), date(2199, 12, 31)).map(str),
        "about": st.sampled_from(["2019", "2019-04", "2019-04-30", {"missing": "unknown"}]),
        "clock": st.times().map(lambda one: f"{one:%H:%M}"),
        "rows": st.lists(
            st.fixed_dictionaries(
                {"name": _TEXT}, optional={"weeks": st.integers(0, 99), "on": st.booleans()}
            )
        ),
        "scan": st.just({"file": "a" * 64, "media": "application/pdf", "size": 12}),
    },
)


@given(_ANSWERS)
def test_a_form_that_is_shown_and_sent_back_is_the_same(items: dict[str, Any]) -> None:
    """So that whoever saves a form that they have only looked at changes nothing."""
    assert receive_items(FORM, {**SHOWN, **texts_of(FORM, items)}).items == items


@given(st.dictionaries(st.sampled_from([f"item:{name}" for name in FORM.items]), st.lists(st.text())))
def test_whatever_is_sent_is_shown_again(sent: dict[str, list[str]]) -> None:
    """What cannot be read says the same when it is shown, so that it is not taken for changed."""
    items = receive_items(FORM, {**SHOWN, **sent}).items
    again = receive_items(FORM, {**SHOWN, **texts_of(FORM, items)}).items
    assert texts_of(FORM, again) == texts_of(FORM, items)
    for name in items:
        assert said_of(name, texts_of(FORM, items)) == said_of(name, texts_of(FORM, again))


@pytest.mark.parametrize(
    ("text", "unit", "into", "shown"),
    [
        ("165", "[lb_av]", "kg", "= 74.84 kg"),
        ("172", "cm", "m", "= 1.72 m"),
        ("98.6", "[degF]", "Cel", "= 37 °C"),
        ("5", "[ft_i]", "cm", "= 152.4 cm"),
        ("123456", "g", "mg", "= 123456000 mg"),
        ("0", "g", "kg", "= 0 kg"),
        ("a lot", "g", "kg", ""),
        ("1e20", "g", "kg", ""),
    ],
)
def test_a_conversion_is_shown_to_four_digits(text: str, unit: str, into: str, shown: str) -> None:
    assert converted(text, unit, into) == shown
