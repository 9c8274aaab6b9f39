"""Fields of a dictionary as items; what is not carried over is named with its line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.exchange.redcap.test_dictionary import file, row

from entact.exchange.redcap import (
    Imported,
    RedcapError,
    dictionary_of,
    forms_of,
    merge_forms,
    read_dictionary,
    write_dictionary,
    yaml_of,
)
from entact.protocol.load import load_study
from entact.protocol.source import read_source

STUDIES = Path(__file__).parents[2] / "studies"


def taken(*rows: dict[str, str]) -> Imported:
    return forms_of(read_dictionary(file(row("record_id"), *rows).encode()))


def item(**said: str) -> dict[str, Any]:
    found = taken(row("x", **said)).forms["one"]["items"]["x"]
    assert isinstance(found, dict)
    return {key: value for key, value in found.items() if key not in ("title", "required")}


@pytest.mark.parametrize(
    ("said", "wanted"),
    [
        ({"validation": "integer", "least": "1", "most": "9"}, {"type": "integer", "expected": "1 .. 9"}),
        (
            {"validation": "number", "least": "1,5", "most": "2.50"},
            {"type": "decimal", "expected": "1.5 .. 2.50"},
        ),
        (
            {"validation": "number_2dp_comma_decimal", "least": "1,255", "most": "2"},
            {"type": "decimal", "expected": "1.255 .. 2"},
        ),
        (
            {"validation": "date_dmy", "least": "31/12/2020", "most": "2021-02-01"},
            {"type": "date", "expected": "2020-12-31 .. 2021-02-01"},
        ),
        ({"validation": "time"}, {"type": "time"}),
        ({"validation": "datetime_seconds_mdy"}, {"type": "datetime"}),
        ({"validation": "email"}, {"type": "text", "personal": True}),
        ({"identifier": "y"}, {"type": "text", "personal": True}),
        ({"identifier": "Yes", "validation": "integer"}, {"type": "integer", "personal": True}),
        ({"identifier": "n", "validation": "integer"}, {"type": "integer"}),
        ({"validation": "Email"}, {"type": "text", "personal": True}),
        ({"type": "notes"}, {"type": "text"}),
        ({"type": "yesno"}, {"type": "boolean"}),
        (
            {"type": "dropdown", "choices": "1, <b>Yes</b> | 2, 2"},
            {"type": "choice", "of": ["1", "2"], "labels": {"1": "Yes", "2": "2"}},
        ),
        ({"type": "radio", "choices": "1, 1 | 2, 2"}, {"type": "choice", "of": ["1", "2"]}),
        (
            {"type": "radio", "choices": "1, Yes || 2, | "},
            {"type": "choice", "of": ["1", "2"], "labels": {"1": "Yes", "2": "2"}},
        ),
        (
            {"validation": "date_ymd", "least": "31.12.2020", "most": "01.02.2021"},
            {"type": "date", "expected": "2020-12-31 .. 2021-02-01"},
        ),
        ({"type": "checkbox", "choices": "a, A"}, {"type": "choices", "of": ["a"], "labels": {"a": "A"}}),
        (
            {"type": "slider", "choices": "none | | worst"},
            {"type": "integer", "range": "0 .. 100", "labels": {"0": "none", "100": "worst"}},
        ),
        ({"type": "file"}, {"type": "file"}),
        ({"note": "of last <i>month</i>"}, {"type": "text", "help": "of last month"}),
    ],
)
def test_a_field_is_an_item(said: dict[str, str], wanted: dict[str, Any]) -> None:
    assert item(**said) == wanted


def test_conditions_name_items_of_their_form_alone_and_others_with_it() -> None:
    found = taken(
        row("smokes", type="yesno"),
        row("packs", validation="integer", branching="[smokes] = '1'"),
        row("cough", form="two", type="yesno", branching="[packs] > 2"),
    ).forms
    assert found["one"]["items"]["packs"]["when"] == "smokes"
    assert found["two"]["items"]["cough"]["when"] == "one.packs > 2"


def test_everything_that_is_not_carried_over_is_named_with_its_line() -> None:
    found = taken(
        row("text", type="descriptive"),
        row("bmi", type="calc", choices="round([w]/2, 1)"),
        row("late", branching="[never] = '1'"),
        row("kept", annotation="@HIDDEN"),
        row("one_end", validation="integer", least="0"),
        row("moving", validation="date_ymd", least="2020-01-01", most="today"),
        row("in", validation="alpha_only", label="<p>In</p>"),
        row("made", annotation="@CALCTEXT(if([late] = '1', 'a', 'b'))"),
    )
    said = {(note.line, note.variable): note.text for note in found.notes}
    assert said[2, "record_id"] == "left out: it names records"
    assert said[3, "text"] == "left out: a text that asks nothing"
    assert said[4, "bmi"].startswith("left out: its calculation 'round([w]/2, 1)'")
    assert said[5, "late"].endswith(
        "[never] does not stand above, or is in no form; it is asked of everybody"
    )
    assert said[6, "kept"] == "not carried over: annotation '@HIDDEN'"
    assert said[7, "one_end"].startswith("not carried over: the one limit '0'")
    assert said[8, "moving"].endswith("an end that moves")
    assert said[10, "made"].startswith("left out: it is calculated by its annotation")
    assert "is called in_: in is a word of the rules" in [note.text for note in found.notes if note.line == 9]
    assert list(found.forms["one"]["items"]) == ["late", "kept", "one_end", "moving", "in_"]
    assert set(found.items) | {note.variable for note in found.notes} == {
        *("record_id", "text", "bmi", "late", "kept", "one_end", "moving", "in", "made"),
    }


def test_what_has_no_place_in_an_item_is_named() -> None:
    """What changes which answers there may be stands at its field; how a page looks once for a column."""
    found = taken(
        row("drug", choices="BIOPORTAL:RXNORM"),
        row("signed", type="file", validation="signature"),
        row("country", type="dropdown", choices="1, A | 2, B", validation="autocomplete", alignment="RH"),
        row("first", type="radio", choices="1, A | 2, B", matrix="m", ranking="y"),
        row("after", label="How was [drug]?", question="3a"),
        row("beside", note="{country} {country:icons}"),
        row("other", type="radio", choices="1, <i>A</i> | 2, Other {beside}"),
        row("plain", label="Scale [0-10], {x y}, [ ] or [A]", alignment="LV"),
    )
    said = [(note.line, note.variable, note.text) for note in found.notes]
    assert said == [
        (5, "Custom Alignment", "left out of 2 fields: how a page looks"),
        (7, "Question Number (surveys only)", "left out of 1 fields: how a page looks"),
        (6, "Matrix Group Name", "left out of 1 fields: how a page looks"),
        (2, "record_id", "left out: it names records"),
        (3, "drug", "not carried over: choices 'BIOPORTAL:RXNORM' of a field that has none"),
        (4, "signed", "not carried over: validation 'signature'"),
        (6, "first", "not carried over: each answer may be given once in its matrix 'm'"),
        (7, "after", "not carried over: '[drug]' in its texts, where REDCap shows another field"),
        (8, "beside", "not carried over: '{country}' in its texts, where REDCap shows another field"),
        (9, "other", "markup of its texts was taken out"),
        (9, "other", "not carried over: '{beside}' in its texts, where REDCap shows another field"),
    ]


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ({"type": "radio", "choices": "Yes | No"}, "line 3: x: the choice 'Yes' has no code"),
        ({"type": "slider", "most": "ten"}, "line 3: x: the end 'ten' of the slider is no whole number"),
        ({"type": "radio"}, "line 3: x: the choice '' has no code"),
        ({"identifier": "1"}, "line 3: x: whether it is an identifier is '1'; write y, or nothing"),
        ({"required": "maybe"}, "line 3: x: whether it is required is 'maybe'"),
        (
            {"validation": "number", "least": "1,000", "most": "2"},
            "line 3: x: '1,000' may have a decimal comma",
        ),
        (
            {"validation": "integer", "least": "9", "most": "1"},
            "line 3: x: the range '9 .. 1' ends before it begins",
        ),
        (
            {"validation": "date_ymd", "least": "soon", "most": "late"},
            "line 3: x: the limit 'soon' is no date",
        ),
    ],
)
def test_a_malformed_field_is_named_and_nothing_is_read(said: dict[str, str], message: str) -> None:
    with pytest.raises(RedcapError, match=message):
        taken(row("x", **said))


def test_what_a_study_file_would_not_take_is_called_otherwise_or_left_out_and_named() -> None:
    found = taken(
        row("n", form="medication", type="radio", choices="1, One | 2, Two | "),
        row("always", form="medication", branching="[n] = '1' or [n] = '2'"),
        row("never", form="medication", branching="[n] = '1' and [n] = '2'"),
        row("blood", form="blood"),
        row("blood_", form="blood", type="yesno"),
        row("more", form="blood", branching="[blood_] = '1' and [n] = '1'"),
    )
    said = [str(note) for note in found.notes]
    assert any(
        one.startswith("line 3: n: its form is called medication_: medication is a word") for one in said
    )
    assert "line 3: n: left out: a choice in which nothing stands" in said
    assert any("always: not carried over: when" in one and "always holds" in one for one in said)
    assert any("never: not carried over: when" in one and one.endswith("asked of everybody") for one in said)
    assert "line 6: blood: is called blood__: blood is a form too" in said
    assert set(found.forms["medication_"]["items"]) == {"n", "always", "never"}
    assert set(found.forms["blood"]["items"]) == {"blood__", "blood_", "more"}
    assert found.forms["blood"]["items"]["more"]["when"] == "blood_ && medication_.n == '1'"
    assert not any("when" in one for one in found.forms["medication_"]["items"].values())


def test_a_list_of_codes_may_be_long() -> None:
    choices = " | ".join(f"{code}, label of code {code}" for code in range(9_000))
    assert len(choices) > 131_072
    found = taken(row("drug", type="radio", choices=choices)).forms["one"]["items"]["drug"]
    assert len(found["of"]) == 9_000


def test_headers_begin_sections_and_near_equal_ones_stay_apart() -> None:
    found = taken(
        row("a", section="<b>Well being</b>"), row("b"), row("c", section="Well-being"), row("d", form="two")
    ).forms
    assert [one.get("section") for one in found["one"]["items"].values()] == [
        "well_being",
        "well_being",
        "well_being_2",
    ]
    assert found["one"]["sections"]["well_being"] == {"title": "Well being"}
    assert "section" not in found["two"]["items"]["d"]


def test_a_section_in_which_nothing_is_left_is_none() -> None:
    found = taken(row("a"), row("b", type="calc", choices="if([a]='','1','2')", section="Sums"))
    assert "sections" not in found.forms["one"]
    assert "sections:" not in yaml_of(found.forms)


def test_what_redcap_is_given_it_can_give_back() -> None:
    release = load_study(str(STUDIES / "forms")).newest
    dictated = dictionary_of(release)
    found = forms_of(read_dictionary(write_dictionary(dictated.fields)))
    for variable, (form, name) in found.items.items():
        own = name if name in release.forms[form].items else name.removeprefix(f"{form}_")
        wanted = release.forms[form].items[own]
        again = type(wanted).model_validate(found.forms[form]["items"][name])
        for key in ("type", "unit", "range", "expected", "of", "required", "is_personal"):
            assert getattr(again, key) == getattr(wanted, key), (variable, key)
    headers = {one.name: one.section for one in dictated.fields}
    assert (headers["cigarettes"], headers["since"], headers["pain"]) == ("Smoking", "", "Body and lifestyle")
    assert "history.treatments" in dictated.left_out
    assert "body.bmi" in dictated.left_out
    conditions = {
        variable: one["when"]
        for variable, (form, item) in found.items.items()
        if "when" in (one := found.forms[form]["items"][item])
    }
    assert conditions["can_be_pregnant"] == "sex == 'female'"
    assert conditions["cigarettes"] == "smokes"
    assert conditions["done"] == "participant.can_be_pregnant"


def test_codes_that_redcap_cannot_have_come_back_from_the_annotation(tmp_path: Path) -> None:
    """A comma in a code would end it there, and what follows would be its label."""
    text = (STUDIES / "mini" / "study.yaml").read_text()
    items = (
        "\n  origin:\n    items:\n"
        '      from: {type: choice, of: ["NOT HERE", "a, b", "a_b", ä],'
        'labels: {"NOT HERE": Elsewhere, "a, b": Both, a_b: One, ä: Ä}}\n'
        "      more: {type: text, when: \"from == 'NOT HERE'\"}\n"
    )
    path = tmp_path / "study.yaml"
    path.write_text(
        text.replace("\nforms:\n", f"\nforms:{items}", 1).replace("do: [consent", "do: [origin, consent", 1)
    )
    release = load_study(str(path)).newest
    dictated = dictionary_of(release)
    field = next(one for one in dictated.fields if one.name == "from")
    assert [code for code, _ in field.coded] == ["NOT_HERE", "a_b_2", "a_b", "_"]
    assert "'NOT HERE' is NOT_HERE, 'a, b' is a_b_2" in dictated.left_out["origin.from (codes)"]
    assert "origin.more (condition)" in dictated.left_out
    found = forms_of(read_dictionary(write_dictionary(dictated.fields))).forms["origin"]["items"]["from"]
    assert found["of"] == ["NOT HERE", "a, b", "a_b", "ä"]
    assert found["labels"]["a, b"] == "Both"
    raw = write_dictionary(dictated.fields).replace(b'""a_b_2"": ""a, b""', b'""a_b_2"": ""a_b""')
    with pytest.raises(RedcapError, match="from: its annotation gives two choices one code"):
        forms_of(read_dictionary(raw))


def test_names_that_redcap_would_change_are_told_as_it_keeps_them(tmp_path: Path) -> None:
    text = (STUDIES / "mini" / "study.yaml").read_text()
    asked = "{in_: {type: boolean}, a__b: {type: boolean}, a_b: {type: boolean}}"
    forms = f"\n  screening_: {{items: {asked}}}\n"
    path = tmp_path / "study.yaml"
    path.write_text(
        text.replace("\nforms:\n", f"\nforms:{forms}", 1).replace(
            "do: [consent", "do: [screening_, consent", 1
        )
    )
    dictated = dictionary_of(load_study(str(path)).newest)
    own = [(one.form, one.name) for one in dictated.fields if one.form == "screening"]
    assert own == [("screening", "in"), ("screening", "a_b"), ("screening", "a_b_2")]
    assert not any("__" in one.name or one.name.endswith("_") for one in dictated.fields)
    found = forms_of(read_dictionary(write_dictionary(dictated.fields))).forms
    assert list(found["screening_"]["items"]) == ["in_", "a_b", "a_b_2"]


def test_who_fills_a_form_and_who_may_see_it_come_back() -> None:
    """A class of data that got lost would show raters' scores to the site."""
    release = load_study("mapp3").newest
    found = forms_of(read_dictionary(write_dictionary(dictionary_of(release).fields)))
    for name, body in found.forms.items():
        for key in ("by", "each", "data_class", "lasting", "measures", "sampled"):
            wanted = getattr(release.forms[name].form, key)
            assert body.get(key, wanted) == wanted, (name, key)
            assert (key in body) is (wanted not in (None, False, "clinical", [])), (name, key)
    labs, ours = found.forms["labs"]["items"]["alkaline_phosphatase"], release.forms["labs"].items
    assert type(ours["sodium"]).model_validate(labs).sdtm == ours["alkaline_phosphatase"].sdtm


def test_fields_that_say_different_things_of_one_form_are_named() -> None:
    own = 'entact: {{"form": {{"data_class": "{}"}}}}'
    with pytest.raises(RedcapError, match="line 4: y: its annotation says data_class: clinical of the form"):
        taken(row("x", annotation=own.format("rater_scores")), row("y", annotation=own.format("clinical")))


def test_every_study_has_a_dictionary_that_is_read_again() -> None:
    for study in ("mapp1", "mapp3"):
        dictated = dictionary_of(load_study(study).newest)
        found = forms_of(read_dictionary(write_dictionary(dictated.fields)))
        assert set(found.items) == {one.name for one in dictated.fields[1:]}
        assert len(set(dictated.variables.values())) == len(dictated.variables)


def test_forms_as_text_are_those_forms() -> None:
    found = taken(row("a", label='It\'s "so": {1} # 2\nи', section="x"), row("on", form="off", type="yesno"))
    assert read_source(f"forms:\n{yaml_of(found.forms)}".encode(), "x.yaml").data == {"forms": found.forms}


MINI = (STUDIES / "mini" / "study.yaml").read_text()


def test_forms_are_added_once_and_the_rest_of_the_file_stays() -> None:
    forms = taken(row("a", form="new_one", type="yesno")).forms
    existing = load_study(str(STUDIES / "mini")).newest.file.forms
    merged = merge_forms(MINI, existing, forms, "baseline")
    assert (merged.new, merged.same, merged.conflicts) == (("new_one",), (), ())
    assert (
        merged.text.replace(yaml_of(forms), "").replace("do: [symptoms, new_one]", "do: [symptoms]") == MINI
    )


def test_a_form_that_is_there_with_other_words_is_left_as_it_is() -> None:
    existing = load_study(str(STUDIES / "mini")).newest.file.forms
    merged = merge_forms(MINI, existing, taken(row("a", form="symptoms", type="yesno")).forms)
    assert (merged.text, merged.conflicts) == (MINI, ("symptoms",))


@pytest.mark.parametrize(
    ("text", "at", "message"), [("forms: {}\n", None, "no 'forms:'"), (MINI, "week_9", "no visit 'week_9'")]
)
def test_a_file_that_cannot_be_added_to_says_why(text: str, at: str | None, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        merge_forms(text, {}, taken(row("a", type="yesno")).forms, at)
