"""Wording files: a whole one is taken and named, a wrong one says where."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from entact.protocol import StudyError, load_study
from entact.protocol.instrument import load_instrument, shipped_instruments
from entact.protocol.wording import LABELLED, load_wording

# Made-up words: those of the scale belong to others.
GAD7 = """\
wording: gad7
language: en
version: made up for these tests
holder: nobody
licence: none needed
instruction: Think of the past two weeks.
items:
  q1: first word
  q2: second word
  q3: third word
  q4: fourth word
  q5: fifth word
  q6: sixth word
  q7: seventh word
answers:
  q1 .. q7: {0: never, 1: seldom, 2: often, 3: always}
"""


@pytest.fixture
def problems_of(tmp_path: Path) -> Callable[[str], list[str]]:
    """Every problem of a wording file with this text, without its path."""

    def find(text: str) -> list[str]:
        path = tmp_path / "wording.yaml"
        path.write_text(text)
        with pytest.raises(StudyError) as caught:
            load_wording(path)
        return [str(problem).removeprefix(f"{path}:") for problem in caught.value.problems]

    return find


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "wording.yaml"
    path.write_text(text)
    return path


def test_a_whole_file_is_taken_and_named_by_its_content(tmp_path: Path) -> None:
    wording = load_wording(written(tmp_path, GAD7))
    assert wording.file.items["q3"] == "third word"
    assert wording.labels["q7"] == {"0": "never", "1": "seldom", "2": "often", "3": "always"}
    assert wording.digest == hashlib.sha256(wording.text).hexdigest()
    assert json.loads(wording.text)["holder"] == "nobody"
    # a comment changes nothing, one letter does
    again = load_wording(written(tmp_path, f"# checked twice\n{GAD7}"))
    assert again.digest == wording.digest
    assert load_wording(written(tmp_path, GAD7.replace("often", "Often"))).digest != wording.digest


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("wording: gad7", "wording: gad", "1:10 wording: there is no instrument 'gad'; did you mean 'gad7'?"),
        ("language: en", "language: English",
         "2:11 language: 'English' is no language; write a tag (BCP 47), as in 'en', 'pt-BR' or 'zh-Hant'"),
        ("holder: nobody\n", "", "1:1 holder: is missing; write 'holder: …'"),
        ("licence:", "licenc:", "5:1 licenc: there is no key 'licenc'; did you mean 'licence'?"),
        ("  q3: third word\n", "", "7:1 items: q3 is missing; write 'q3: …'"),
        ("  q3: third word\n  q4: fourth word\n", "", "7:1 items: q3, q4 are missing; write 'q3: …'"),
        ("  q7: seventh word\n", "  q7: seventh word\n  q8: eighth word\n",
         "15:3 items.q8: there is no item of gad7 'q8'; write one of: q1, q2, q3, q4, q5, q6, q7"),
        ("q5: fifth word", "q5: second word",
         "12:7 items.q5: has the same words as 'q2'; write each item's own"),
        ("q5: fifth word", 'q5: " "', "12:7 items.q5: has no words; write what the item asks"),
        ("2: often, ", "", "16:3 answers.q1 .. q7: 'q1' lacks the answer 2; write its label"),
        ("3: always", "3: always, 4: x",
         "16:56 answers.q1 .. q7.4: there is no answer to 'q1' '4'; write one of: 0, 1, 2, 3"),
        ("1: seldom", '1: ""', "16:27 answers.q1 .. q7.1: has no words; write what the answer is called"),
        ("q1 .. q7: {", "q1 .. q6: {",
         "15:1 answers: no answers of q7; label those of q7: 0, 1, 2, 3"),
        ("q1 .. q7: {", "q7 .. q1: {",
         "16:3 answers.q7 .. q1: 'q7 .. q1' does not count up; write it as in 'b1 .. b5'"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named_with_its_place(
    problems_of: Callable[[str], list[str]], old: str, new: str, said: str
) -> None:
    assert GAD7.count(old) == 1
    assert problems_of(GAD7.replace(old, new)) == [said]


def test_an_item_is_given_its_answers_once(problems_of: Callable[[str], list[str]]) -> None:
    twice = GAD7 + "  q7: {0: never, 1: seldom, 2: often, 3: always}\n"
    assert problems_of(twice) == ["17:3 answers.q7: 'q7' has its answers already; take it out here"]


def test_a_file_that_cannot_be_read_says_why(tmp_path: Path) -> None:
    with pytest.raises(StudyError, match="cannot be read: No such file") as caught:
        load_wording(tmp_path / "none.yaml")
    (problem,) = caught.value.problems
    assert (problem.line, problem.column) == (0, 0)  # which says: of the whole file


def test_the_words_of_a_study_are_for_its_own_instruments(tmp_path: Path) -> None:
    release = load_study("mapp1").newest
    with pytest.raises(StudyError, match="there is no instrument in mapp1 'gad7'"):
        load_wording(written(tmp_path, GAD7), release)


def whole(name: str) -> str:
    """A wording file for any instrument, of made-up words."""
    items = load_instrument(name).items
    lines = [
        f"wording: {name}",
        "language: de-CH",
        'version: "1"',
        "holder: nobody",
        "licence: none",
        "items:",
    ]
    lines += [f"  {item}: words of {item}" for item in items]
    lines.append("answers:")
    for item, said in items.items():
        codes = said.of or [str(answer) for answer in said.answers or ()]
        if len(codes) > LABELLED and not said.of:
            codes = [codes[0], codes[-1]]
        if codes:
            lines.append(f"  {item}: {{{', '.join(f'{code}: label of {code}' for code in codes)}}}")
    return "\n".join(lines) + "\n"


@pytest.mark.parametrize("name", shipped_instruments())
def test_every_instrument_can_be_worded(name: str, tmp_path: Path) -> None:
    text = whole(name).replace("answers:\n", "") if "answers:\n  " not in whole(name) else whole(name)
    wording = load_wording(written(tmp_path, text))
    assert list(wording.file.items) == list(load_instrument(name).items)


@settings(max_examples=30, deadline=None)
@given(st.sampled_from(shipped_instruments()), st.data())
def test_no_line_of_items_or_answers_can_be_left_out(name: str, data: st.DataObject) -> None:
    """Law: a whole file less one line of items or answers is refused."""
    import tempfile

    lines = whole(name).splitlines()
    kept = [number for number, line in enumerate(lines) if line.startswith("  ")]
    gone = data.draw(st.sampled_from(kept))
    text = "\n".join(line for number, line in enumerate(lines) if number != gone)
    with tempfile.NamedTemporaryFile(suffix=".yaml") as file:
        Path(file.name).write_text(text)
        with pytest.raises(StudyError):
            load_wording(file.name)
