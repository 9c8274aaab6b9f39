"""What is wrong with forms as a whole, with its place: labels, sections, earlier values, languages, leaks."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from pathlib import Path

import pytest

from entact.protocol import Study, load_study
from entact.protocol.study import Translated, told_in

FORMS = Path(__file__).parents[1] / "studies" / "forms" / "study.yaml"
TEXT = FORMS.read_text(encoding="utf-8")

FAULTS = {
    "label of a code that does not exist": (
        "low: {en: low, de: gedrückt}",
        "§lwo: {en: low, de: gedrückt}, low: {en: low, de: gedrückt}",
        "forms.after_session.items.mood.labels.lwo: there is no answer 'lwo'; did you mean 'low'?",
    ),
    "label of a number beyond the range": (
        "labels: {0: {en: none, de: keine}",
        "labels: {§11: {en: none, de: keine}",
        "forms.body.items.pain.labels.11: there is no answer '11'; did you mean '1'?",
    ),
    "code without a label": (
        "labels: {low: {en: low, de: gedrückt}, ",
        "§labels: {",
        "forms.after_session.items.mood.labels: the code 'low' has no label; write 'low: …'",
    ),
    "label within a row": (
        "psychotherapy: {en: psychotherapy, de: Psychotherapie}, medicine:",
        "psychotherapy: {en: psychotherapy, de: Psychotherapie}, §medicines: {en: a, de: b}, medicine:",
        "forms.history.items.treatments.items.kind.labels.medicines: there is no answer 'medicines'; "
        "did you mean 'medicine'?",
    ),
    "section that does not exist": (
        "since:      {type: partial_date, section: smoking,",
        "since:      {type: partial_date, section: §smokin,",
        "forms.body.items.since.section: there is no section 'smokin'; did you mean 'smoking'?",
    ),
    "section without items": (
        "    sections:\n",
        "    sections:\n      §other: {title: {en: Other, de: Anderes}}\n",
        "forms.body.sections.other: no item is in this section; give one `section:` of this name, "
        "or take it out",
    ),
    "section that is torn": (
        "pain_where: {type: choices,",
        "pain_where: {section: §measured, type: choices,",
        "forms.body.items.pain_where.section: the section 'measured' was over; put its items "
        "one after the other",
    ),
    "section in a row": (
        "weeks:   {type: integer,",
        "weeks:   {§section: a, type: integer,",
        "forms.history.items.treatments.items.weeks.section: does not belong into a row; take it out",
    ),
    "earlier value of nothing": (
        "shows: screening.body.weight",
        "shows: §weight",
        "forms.body.items.weight.shows: 'weight' names no earlier value; write 'form.item' for the last one, "
        "or 'visit.form.item'",
    ),
    "earlier value of a visit that does not exist": (
        "shows: screening.body.weight",
        "shows: §screning.body.weight",
        "forms.body.items.weight.shows: there is no visit 'screning'; did you mean 'screening'?",
    ),
    "earlier value of an item that does not exist": (
        "shows: screening.body.weight",
        "shows: screening.body.§wieght",
        "forms.body.items.weight.shows: there is no item of body 'wieght'; did you mean 'weight'?",
    ),
    "earlier value of a visit that does not ask for it": (
        "shows: screening.body.weight",
        "shows: §baseline.body.weight",
        "forms.body.items.weight.shows: 'body' is not filled at baseline; add it to its `do:`, "
        "or choose another visit",
    ),
    "earlier value of a later visit": (
        "shows: screening.body.weight",
        "shows: §outcome.symptoms.total",
        "forms.body.items.weight.shows: no visit fills 'symptoms' before this form; "
        "nothing could ever be shown",
    ),
    "earlier value that is hidden": (
        "slept:      {type: boolean,",
        "slept:      {shows: §symptoms.total, type: boolean,",
        "forms.after_session.items.slept.shows: symptoms.total is of the class 'rater_scores', hidden from "
        "the therapist who fills this form; take it out",
    ),
    "condition that tells what is hidden": (
        "slept:      {type: boolean, when: given('initial')}",
        "slept:      {type: boolean, when: §symptoms.total > 30}",
        "forms.after_session.items.slept.when: symptoms.total is of the class 'rater_scores', hidden from "
        "the therapist who fills this form; take it out",
    ),
    "language that is not one of the study": (
        "nausea: {title: {en: Nausea, de: Übelkeit}}",
        "nausea: {title: {en: Nausea, §dd: Übelkeit}}",
        "adverse_events.terms.nausea.title.dd: there is no language 'dd'; write one of: de, en "
        "(or add it to `languages:`)",
    ),
    "language that is missing": (
        "nausea: {title: {en: Nausea, de: Übelkeit}}",
        "nausea: {§title: {en: Nausea}}",
        "adverse_events.terms.nausea.title: the language 'de' is missing; write 'de: …'",
    ),
    "language that is missing in a label of a row": (
        "medicine: {en: medicine, de: Medikament}}",
        "§medicine: {de: Medikament}}",
        "forms.history.items.treatments.items.kind.labels.medicine: the language 'en' is missing; "
        "write 'en: …'",
    ),
    "number among languages": (
        "nausea: {title: {en: Nausea, de: Übelkeit}}",
        "nausea: {title: {en: Nausea, de: §5}}",
        "adverse_events.terms.nausea.title.de: 5 is read as a number, and text is needed; "
        'put it in quotes: "5"',
    ),
    "what is no language": (
        "languages: [en, de] ",
        "languages: [en, §German] ",
        "languages[2]: 'German' is no language; write a tag (BCP 47), as in 'en', 'pt-BR' or 'zh-Hant'",
    ),
    "language twice": (
        "languages: [en, de] ",
        "languages: [en, de, §en] ",
        "languages[3]: 'en' stands twice; write each once",
    ),
    "condition on a code that does not exist": (
        "when: sex == 'female'",
        "when: sex == §'femal'",
        "forms.participant.items.can_be_pregnant.when: there is no code of sex 'femal'; "
        "did you mean 'female'?",
    ),
    "condition in a row on a code that does not exist": (
        "when: kind == 'medicine'",
        "when: kind == §'medicines'",
        "forms.history.items.treatments.items.name.when: there is no code of kind 'medicines'; "
        "did you mean 'medicine'?",
    ),
    "condition beyond a range": (
        "when: pain > 0",
        "when: pain > §100",
        "forms.body.items.pain_where.when: 100 is beyond what pain can be, 0 to 10: this always comes out "
        "the same",
    ),
    "condition that never holds": (
        "when: smokes,",
        "when: §smokes && !smokes,",
        "forms.body.sections.smoking.when: can never hold; no possible answers do",
    ),
    "condition that always holds": (
        "when: pain > 0",
        "when: §pain > 0 || pain <= 0",
        "forms.body.items.pain_where.when: always holds, whatever is answered; take it out",
    ),
    "unit in a row": (
        "weeks:   {type: integer,",
        "weeks:   {unit: §weeks, type: integer,",
        "forms.history.items.treatments.items.weeks.unit: there is no unit 'weeks' in UCUM; "
        "did you mean 'wk'?",
    ),
    "choice of a key that is near": (
        "measured_at: {type: time, section: measured, expected:",
        "measured_at: {type: time, section: measured, §expect:",
        "forms.body.items.measured_at.expect: there is no key 'expect'; did you mean 'expected'?",
    ),
    "type that is near": (
        "measured_at: {type: time,",
        "measured_at: {type: §tiem,",
        "forms.body.items.measured_at.type: there is no value 'tiem'; did you mean 'time'?",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", FAULTS)
def test_what_is_wrong_is_named_with_its_place(case: str, problems_of: Callable[[str], list[str]]) -> None:
    old, new, message = FAULTS[case]
    assert TEXT.count(old) == 1, old
    marked = TEXT.replace(old, new)
    before = marked[: marked.index("§")]
    place = f"{before.count(chr(10)) + 1}:{len(before) - before.rfind(chr(10))}"
    assert problems_of(marked.replace("§", "")) == [f"study.yaml:{place} {message}"]


def test_the_study_that_is_edited_here_is_without_a_fault() -> None:
    assert load_study(FORMS).newest.file.languages == ["en", "de"]


def test_words_are_those_of_the_main_language_and_known_in_each(tmp_path: Path) -> None:
    file = load_study(FORMS).newest.file
    assert (file.title, told_in(file.title, "de")) == ("A study of forms", "Eine Studie über Formulare")
    assert told_in(file.condition, "de") == "PTSD"  # not translated
    swapped = tmp_path / "study.yaml"
    swapped.write_text(TEXT.replace("languages: [en, de] ", "languages: [de, en] "))
    release = load_study(swapped).newest
    assert release.file.title == "Eine Studie über Formulare"
    assert release.forms["body"].items["pain"].labels["10"] == "die schlimmsten"
    # A release is made from its bytes alone, and says the same.
    assert Study.from_texts([release.text]).newest.file == release.file


def test_words_in_two_languages_are_the_same_only_if_both_are() -> None:
    one = Translated({"en": "Age", "de": "Alter"}, "en")
    assert one == "Age"
    assert one != Translated({"en": "Age", "de": "Lebensalter"}, "en")
    assert one == Translated({"de": "Alter", "en": "Age"}, "en")


def test_words_that_another_process_was_sent_are_read_in_the_same_language_first() -> None:
    one = Translated({"en": "Age", "de": "Alter"}, "de")
    for again in (pickle.loads(pickle.dumps(one)), copy.copy(one), copy.deepcopy(one)):
        assert (str(again), again.by_language) == ("Alter", one.by_language)


def test_the_order_of_items_sections_and_rows_is_kept() -> None:
    release = load_study(FORMS).newest
    again = Study.from_texts([release.text]).newest
    assert list(again.forms["body"].items) == [
        "weight", "bmi", "measured_at", "smokes", "cigarettes", "since", "pain", "pain_where",
    ]  # fmt: skip
    assert list(again.forms["body"].form.sections) == ["measured", "smoking"]
    assert list(again.forms["history"].rows["treatments"].items) == [
        "kind",
        "name",
        "begun",
        "weeks",
        "helped",
    ]
