"""German is complete: a word that pages say and that is not translated, or not marked, is found."""

from __future__ import annotations

import re
from typing import Final

import pytest
from tests.conduct.language.catalogue import (
    CONDUCT,
    LANGUAGES,
    compiled,
    po_of,
    read_words,
    said,
    scripts,
    sheets,
    templates,
)
from tests.conduct.language.unmarked import (
    modules,
    unmarked_in_module,
    unmarked_in_script,
    unmarked_in_sheet,
    unmarked_in_template,
)

from entact.conduct.language.scripts import marked_words

# Modules whose words no page shows: settings and the command line, documents, files that are the same for
# everybody, and what is signed in words of its own (consent/text.py has them in both languages).
NOT_SHOWN: Final = frozenset(
    {
        "access/provider.py", "access/remembered.py", "access/sign_on.py", "configuration.py",
        "consent/text.py", "demonstration.py", "exports/tables.py",
        "exports/views.py", "serve.py",
        "session/apps.py", "session/sealed.py", "sight.py",
        "upkeep/reports.py", "verification.py", "worker/copies.py", "worker/queue.py", "worker/work.py",
    }
)  # fmt: skip
# Words that are written into the record, compared, or told to a machine.
NOT_READ: Final = (
    "the database cannot be reached", "the worker gave no sign since", "drafts of", "is absent",
    "the participant goes on answering", "listing of forms", "deviation log", "signed in", "own account",
    "default-src", "%s cannot be shown", "Not known", ". Not known", "entact save", "told today",
    "an alert could not call", "no mail to", "the role  sees no participants",
    "no participant of this record has", "was answered, and is asked only when",
)  # fmt: skip
# Still to be done: the kinds of entries as forms, and what the pure rooms say (docs/languages.md).
TO_DO: Final = frozenset({"permissions.py", "record/door.py"})

# Scripts that speak English as files do, or to code: the proof of a list, rules that cannot be answered.
SCRIPTS_NOT_SHOWN: Final = frozenset({"proof.js", "rule.js"})
# Lengths of time, keys of what is kept, codes that stand in entries and in the study file.
SCRIPTS_NOT_READ: Final = (
    "\0 h \0 min", "\0 min", "entact session 1", "entact unblinding \0", "tries \0", "signed out",
    "second person", "Medical monitor", "Blood pressure monitor", "Pulse oximeter",
)  # fmt: skip

_PLACEHOLDER = re.compile(r"%\(\w+\)s|%%|\{\w*(?::\w+)?\}")
_ELEMENT = re.compile(r"</?\w+[^>]*>")


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_word_of_pages_is_translated(language: str) -> None:
    written = {(one.context, one.id): one for one in read_words(language) if one.id}
    spoken = {(one.context, one.id) for one in said() if one.id}
    assert written.keys() == spoken, "run python -m tests.conduct.language.catalogue, then translate"
    lacking = [words for (_, words), one in written.items() if not one.string or not all(_each(one.string))]
    assert not lacking


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_translation_holds_the_same_places_and_elements(language: str) -> None:
    for one in read_words(language):
        if one.id:
            asked = _each(one.id)[-1]
            for words in _each(one.string)[-1:]:
                assert sorted(_PLACEHOLDER.findall(words)) == sorted(_PLACEHOLDER.findall(asked)), asked
                assert sorted(_ELEMENT.findall(words)) == sorted(_ELEMENT.findall(asked)), asked


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_the_server_reads_is_what_is_written(language: str) -> None:
    assert po_of(language).with_suffix(".mo").read_bytes() == compiled(read_words(language))


def test_no_template_shows_words_that_are_not_marked() -> None:
    found = {
        path.relative_to(CONDUCT).as_posix(): words
        for path in templates()
        if (words := unmarked_in_template(path.read_text(encoding="utf-8")))
    }
    assert not found


def test_no_module_says_what_is_not_marked() -> None:
    found = {}
    for path in modules(CONDUCT):
        name = path.relative_to(CONDUCT).as_posix()
        words = unmarked_in_module(path.read_text(encoding="utf-8"))
        words = [one for one in words if not one.partition(": ")[2].strip().startswith(NOT_READ)]
        if words and name not in NOT_SHOWN | TO_DO:
            found[name] = words
    assert not found


def test_no_script_says_what_is_not_marked() -> None:
    found = {}
    for path in scripts():
        words = [one for one in unmarked_in_script(path.read_text("utf-8")) if one not in SCRIPTS_NOT_READ]
        if words and path.name not in SCRIPTS_NOT_SHOWN:
            found[path.name] = words
    assert not found


def test_no_sheet_prints_what_is_not_marked() -> None:
    found = {path.name: words for path in sheets() if (words := unmarked_in_sheet(path.read_text("utf-8")))}
    assert not found


@pytest.mark.parametrize(
    "sheet",
    [
        "= Numbers and emergencies",
        "Signed: #report.by.",
        "#let a = [Corrected #one.when by #one.by]",
        '#heading(level: 2, "Actions")',
        "table.header([time], [what])",
    ],
)
def test_words_of_a_sheet_that_are_not_marked_are_found(sheet: str) -> None:
    assert unmarked_in_sheet(sheet)
    assert not unmarked_in_sheet('= #t("Numbers")\n#let a = [*#pack.title* #h(4pt) #t("by {0}", one.by)]')


def test_nothing_is_left_out_that_needs_no_leaving_out() -> None:
    for name in NOT_SHOWN | TO_DO:
        assert unmarked_in_module((CONDUCT / name).read_text(encoding="utf-8")), name


@pytest.mark.parametrize(
    "template",
    [
        "<p>Say why</p>",
        '<input placeholder="or in words">',
        "<p>{{ count }} entries</p>",
        '{% if a %}<b title="{{ x }} is late">{% endif %}',
        "{% blocktranslate %}Fine{% endblocktranslate %} but this",
    ],
)
def test_words_of_a_template_that_are_not_marked_are_found(template: str) -> None:
    assert unmarked_in_template(template)


@pytest.mark.parametrize(
    "template",
    [
        '<p>{% translate "Say why" %}</p>',
        '<a class="wide open" href="/a b/">{{ title }}</a>',
        "<p>entact</p>",
    ],
)
def test_what_is_marked_is_not(template: str) -> None:
    assert not unmarked_in_template(template)


def test_sentences_of_a_module_that_are_not_marked_are_found() -> None:
    assert unmarked_in_module('"""A module."""\nproblem = "Say why."') == ["2: Say why."]
    assert unmarked_in_module('problem = f"{name} has no reason"')
    assert not unmarked_in_module('problem = gettext("{name} has no reason").format(name=name)')
    assert not unmarked_in_module('if said == "not done": raise Http404("no page")')


def test_texts_of_a_script_that_are_not_marked_are_found() -> None:
    assert unmarked_in_script('h("p", {}, "Not saved yet")') == ["Not saved yet"]
    assert unmarked_in_script('h("small", { class: "due over" }, `in ${span(late)}, at ${time}`)')
    assert unmarked_in_script("say(t`from ${[...all].map((one) => `${one} h`)} on`)"), "its end is not found"
    assert not unmarked_in_script('// Not saved yet\nh("p", { class: "due over" }, t`Not saved yet`)')
    assert list(marked_words("t`${one.name} is at ${place}` + t`here`")) == ["{0} is at {1}", "here"]


def _each(words: str | tuple[str, ...] | list[str]) -> tuple[str, ...]:
    return (words,) if isinstance(words, str) else tuple(words)
