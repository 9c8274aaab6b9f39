"""Study files load whole, or say for every fault where it is and what would be right.

Each case is one edit of the small study. `§` marks the place that the problem must name, and is taken out.
"""

from __future__ import annotations

import contextlib
import os
import pickle
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from entact.protocol import StudyError, load_study, shipped_studies
from entact.protocol.problem import Problem

MINI = Path(__file__).parents[1] / "studies" / "mini" / "study.yaml"
BASE = MINI.read_text(encoding="utf-8")
JUNK = ["{", "]", ": ", "- ", "'", '"', "\n ", "~", "1.5", "|\n"]
NO_BLOCK = "study.yaml:1:1: a study file is a block of keys with values; begin it with 'study: <name>'"
Problems = Callable[[str | bytes], list[str]]


SYNTAX = {
    "key twice": (
        "phase: 2\n",
        "phase: 2\n§phase: 3\n",
        "phase: the key 'phase' stands twice; the first is in line 4",
    ),
    "no value": ("phase: 2\n", "§phase:\n", "phase: 'phase' has no value; write one, or take the key out"),
    "comma in a text": (
        "{title: Nausea}",
        "{title: Nausea, §also vomiting}",
        "adverse_events.terms.nausea.also vomiting: 'also vomiting' has no value; "
        "a comma within { } begins a new key: put a text that has one in quotes, or write "
        "'also: vomiting' where a colon is missing",
    ),
    "null": (
        "condition: PTSD",
        "condition: §null",
        "condition: null says nothing; write a value, or take the key out",
    ),
    "anchor": (
        "roles: {",
        "roles: §&roles {",
        "roles: anchors and aliases (& and *) are not used in a study file; write the value out",
    ),
    "alias": (
        "condition: PTSD",
        "condition: §*condition",
        "condition: anchors and aliases (& and *) are not used in a study file; write the value out",
    ),
    "tag": (
        "condition: PTSD",
        "condition: §!!str PTSD",
        "condition: tags are not used in a study file; take !!str out",
    ),
    "second document": (
        "analysis:\n",
        "...\n§---\nanalysis:\n",
        ": a second document; a study file is one, take the line '---' or '...' out",
    ),
    "tab": ("    lasting: true", "§\tlasting: true", ": a tab; indent with spaces"),
    "colon in a text": (
        "title: A small study for tests",
        "title: A small study§: for tests",
        ": a ': ' within a text, or a wrong indentation; put the text in quotes",
    ),
    "special character": (
        "condition: PTSD",
        "condition: §@PTSD",
        ": a text that begins with a special character; put it in quotes",
    ),
    "hexadecimal": (
        "phase: 2",
        "phase: §0x2",
        "phase: 0x2 is not a decimal number; write it in decimal, or in quotes",
    ),
    "too large": (
        "doses: 1\n",
        "doses: §9007199254740993\n",
        "doses: the number 9007199254740993 is too large to be kept exactly; put it in quotes",
    ),
    "not a number": (
        "alpha: 0.0499",
        "alpha: §.nan",
        "analysis.primary.alpha: .nan is not a decimal number; write it in decimal, or in quotes",
    ),
    "list as key": (
        "condition: PTSD",
        "condition: PTSD\n? §[a, b]\n: c",
        ": a key must be a name, not a list or a block",
    ),
    "unprintable": (
        "condition: PTSD",
        "condition: PT§\x01SD",
        ": the character U+0001 cannot be printed; take it out",
    ),
    "wrong indentation": (
        "condition: PTSD",
        " §condition: PTSD",
        ": an indentation that does not match the lines above; align it with its neighbours",
    ),
}

TYPES = {
    "misspelt key that is needed": (
        "  remission: {value:",
        "  remission: {§valu:",
        "endpoints.remission.valu: there is no key 'valu'; did you mean 'value'?",
    ),
    "key that is near none": (
        "populations: {patient: {planned: 8}}",
        "populations: {patient: {planned: 8, §zzz: 1}}",
        "populations.patient.zzz: there is no key 'zzz'; write one of: assumption, linked_to, "
        "planned, source, title",
    ),
    "key within a list": (
        "{do: vital_signs, at:",
        "{do: vital_signs, §when: now, at:",
        "schedule.session_1.timed[1].when: there is no key 'when'; write one of: assumption, at, do, source",
    ),
    "key of an optional block": (
        "interim: {information: 0.6,",
        "interim: {information: 0.6, §alhpa: 1,",
        "analysis.interim.alhpa: there is no key 'alhpa'; did you mean 'alpha'?",
    ),
    "an order of its own": (
        "condition: PTSD",
        "§order: alphabetical\ncondition: PTSD",
        "order: is made from the order in which this file names things; take it out",
    ),
    "share that is true": (
        "interim: {information: 0.6,",
        "interim: {information: §true,",
        "analysis.interim.information: True is not a number; write one in digits",
    ),
    "shares of which one is true": (
        "interim: {information: 0.6,",
        "interim: {§information: [0.5, true],",
        "analysis.interim.information: True is not a number; write one in digits",
    ),
    "share of all": (
        "interim: {information: 0.6,",
        "interim: {information: §1,",
        "analysis.interim.information: 1 is no share: it lies above 0 and below 1, as in 0.6",
    ),
    "number in words": (
        "half_lives: 5\n",
        "half_lives: §five\n",
        "washout.half_lives: 'five' is not a number; write one in digits",
    ),
    "number above its limit": (
        "alpha: 0.0499",
        "alpha: §4.99",
        "analysis.primary.alpha: 4.99 is too large; write a number below 1",
    ),
    "text that is a block": (
        "condition: PTSD",
        "§condition: {name: PTSD}",
        "condition: 'name' is no language; write one text, or one for each, as in {en: …, de: …}",
    ),
    "text that is true": (
        "condition: PTSD",
        "condition: §true",
        'condition: true is read as true or false, and text is needed; put it in quotes: "true"',
    ),
    "dose that is a number": (
        "full: {initial: 2 x 60 mg",
        "full: {initial: §120",
        "regimens.full.initial: 120 is not a dose in whole units; write it as '2 x 40 mg'",
    ),
    "strength without unit": (
        "strengths: [40 mg, 60 mg]",
        'strengths: [40 mg, §"60"]',
        "products.capsule.strengths[2]: the strength '60' has no unit; write it as '40 mg'",
    ),
    "code twice": (
        "sex:            {type: choice, of: [female, male]}",
        "§sex:            {type: choice, of: [male, male]}",
        "forms.demographics.items.sex: a code stands twice in 'of'; write each once",
    ),
    "codes of a number": (
        "total:     {type: integer, range: 0 .. 80}",
        "§total:     {type: integer, of: [a, b]}",
        "forms.symptoms.items.total: 'of' belongs to a choice, this item is a integer; take it out",
    ),
    "unit of a truth value": (
        "diagnosis: {type: boolean}",
        "§diagnosis: {type: boolean, unit: kg}",
        "forms.symptoms.items.diagnosis: 'unit' belongs to numbers, this item is a boolean; take it out",
    ),
    "row without end": (
        "then: {times: 1, every",
        "then: {times: §1000000, every",
        "schedule.integration_1.then.times: 1000000 is too large; write a number below 400",
    ),
    "number without end": (
        "alpha: 0.0499",
        "alpha: §1e999",
        "analysis.primary.alpha: the number 1e999 is too large to be kept; put it in quotes",
    ),
    "release without quotes": (
        'release: "1.0"',
        "release: §1.0",
        'release: 1.0 is read as a number, and text is needed; put it in quotes: "1.0"',
    ),
    "release with a trailing zero": (
        'release: "1.0"',
        "release: §1.10",
        'release: 1.10 is read as a number, and text is needed; put it in quotes: "1.10"',
    ),
    "no is text": (
        "lasting: true",
        "lasting: §no",
        "forms.demographics.lasting: 'no' is neither true nor false; write false without quotes",
    ),
    "number in quotes": (
        "doses: 1\n",
        'doses: §"1"\n',
        "doses: '1' is not a whole number; write one without quotes",
    ),
    "number below its limit": (
        "planned: 8",
        "planned: §0",
        "populations.patient.planned: 0 is too small; write a number above 0",
    ),
    "unknown key": (
        "    lasts: 8 h",
        "    §last: 8 h",
        "schedule.session_1.last: there is no key 'last'; did you mean 'lasts'?",
    ),
    "unknown key of a requirement": (
        "        within: 60 min",
        "        §withn: 60 min",
        "gates.initial_dose.require[2].withn: there is no key 'withn'; did you mean 'within'?",
    ),
    "missing key": (
        "  remission: {value:",
        "  §remission: {title:",
        "endpoints.remission: says neither 'value' nor 'event'; write 'value: form.item'",
    ),
    "scores of a form of its own": (
        "      remarks:   {type: text, required: false}",
        "      remarks:   {type: text, required: false}\n    §scores: {twice: 2 * total}",
        "forms.symptoms.scores: belongs to an instrument: write one of your own under `instruments:`, with "
        "these items and scores, and name it here as `instrument:`",
    ),
    "no such value": (
        "role: placebo}",
        "role: §placbo}",
        "arms.placebo.role: there is no value 'placbo'; did you mean 'placebo'?",
    ),
    "no such kind of visit": (
        "kind: dosing",
        "kind: §visit",
        "schedule.session_1.kind: there is no value 'visit'; write one of: assessment, contact, dosing, end, "
        "integration, preparatory, screening",
    ),
    "no name": (
        "  low:  {",
        "  §Low-dose: {",
        "regimens.Low-dose: 'Low-dose' is no name; "
        "write 'low_dose' (a small letter, then small letters, digits and _)",
    ),
    "window without units": (
        "    within: 1 .. 7 d",
        "    within: §1 .. 7",
        "schedule.session_1.within: '1' is not a duration; it lacks its unit; write '1 d', '1 h' or '1 min'",
    ),
    "window backwards": (
        "    within: 1 .. 7 d",
        "    within: §7 .. 1 d",
        "schedule.session_1.within: the window '7 .. 1 d' ends before it begins; write the earlier end first",
    ),
    "window that is a number": (
        "    within: 1 .. 7 d",
        "    within: §7",
        "schedule.session_1.within: 7 is not a window; write its two ends, as in '2 .. 14 d', or "
        "'next morning'",
    ),
    "duration without unit": (
        "    lasts: 8 h",
        "    lasts: §480",
        "schedule.session_1.lasts: 480 is not a duration; it lacks its unit; write '480 d', '480 h' or "
        "'480 min'",
    ),
    "dose that is no units": (
        "full: {initial: 2 x 60 mg",
        "full: {initial: §120 mg",
        "regimens.full.initial: '120 mg' is not a dose in whole units; write it as '1 x 120 mg'",
    ),
    "offer of the supplement": (
        "{give: 1 x 60 mg, offer: 1 h 30 min .. 2 h after initial}",
        "{give: 1 x 60 mg, offer: §1 h 30 min .. 2 h}",
        "regimens.full.supplement.offer: '1 h 30 min .. 2 h' does not say after what; "
        "write it as '1 h 30 min .. 2 h after initial'",
    ),
    "fallback": (
        "or: baseline + 8 wk",
        "or: §8 wk after baseline",
        "schedule.outcome.or: '8 wk after baseline' is no alternative; "
        "write an anchor and a time after it, as in 'baseline + 18 wk'",
    ),
    "timepoint": (
        "initial + 90 min, end]",
        "§90 min, end]",
        "schedule.session_1.timed[1].at[2]: '90 min' is no time in a session; "
        "write 'before initial', 'initial + 90 min' or 'end'",
    ),
    "choice without codes": (
        "sex:            {type: choice, of: [female, male]}",
        "§sex:            {type: choice}",
        "forms.demographics.items.sex: a choice needs its codes; write 'of: [first, second]'",
    ),
    "range in another unit": (
        "temperature: {type: decimal, unit: Cel, range: 30 .. 45,",
        "§temperature: {type: decimal, unit: Cel, range: 86 .. 113 degF,",
        "forms.vitals.items.temperature: the range '86 .. 113 degF' is not in Cel; write it in the "
        "item's unit",
    ),
    "list that is text": (
        "do: [suicidality, adverse_events, guess]",
        "do: §suicidality",
        "schedule.closing.do: 'suicidality' is not a list; write it in brackets, as in [first, second]",
    ),
    "block that is text": (
        "washout:\n  half_lives: 5\n  stabilisation: 7 d\n"
        "  classes: {ssri: {half_life: 36 h}, fluoxetine: {half_life: 6 d, extra: 14 d}}",
        "washout: §five half-lives",
        "washout: 'five half-lives' is not a block; write keys with values, as in {key: value}",
    ),
}


@pytest.mark.parametrize("case", [*SYNTAX, *TYPES])
def test_a_malformed_file_names_the_place_and_what_would_be_right(
    case: str, edit_gives: Callable[[str, str, str], None]
) -> None:
    edit_gives(*{**SYNTAX, **TYPES}[case])


def test_every_problem_is_reported_at_once_in_the_order_of_the_file(problems_of: Problems) -> None:
    text = BASE.replace("phase: 2", "phase: [2]").replace("planned: 8", "planned: many")
    found = problems_of(text.replace("doses: 1", "doses: 0"))
    assert [problem.split(" ")[1] for problem in found] == [
        "phase:",
        "populations.patient.planned:",
        "doses:",
    ]


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        (b"", "study.yaml: the file is empty; begin it with 'study: <name>'"),
        (b"  \n\n", "study.yaml: the file is empty; begin it with 'study: <name>'"),
        (
            b"- a\n- b\n",
            NO_BLOCK,
        ),
        (
            b"mini\n",
            NO_BLOCK,
        ),
        (
            b"%YAML 1.1\n---\na: no\n",
            "study.yaml:2:1: a directive; a study file is YAML 1.2, take the line with % out",
        ),
        (b"study: caf\xe9\n", "study.yaml:1:11: the byte 0xE9 is not UTF-8; save the file as UTF-8 text"),
        (
            "study: mini\n".encode("utf-16"),
            "study.yaml:1:1: the byte 0xFF is not UTF-8; save the file as UTF-8 text",
        ),
        (b"\x7fELF\x02\x01\x01\x00", "study.yaml:1:1: the character U+007F cannot be printed; take it out"),
        (b"a: '1\n", "study.yaml:2:1: a quote that is never closed; close it"),
        (b"a: [1,\n", "study.yaml:2:1: a bracket that is never closed; close it"),
        (b'a: "\\q"\n', "study.yaml:1:6: a backslash that escapes nothing; double it or use single quotes"),
        (
            b'a: "\\ud800"\n',
            "study.yaml:1:4 a: half a character (a lone surrogate); write the character itself",
        ),
        (b"a: " + b"[" * 60 + b"]" * 60, "study.yaml: this is nested too deeply"),
        (b"a: " + b"{b: " * 5000, "study.yaml: this is nested too deeply"),
        (
            b"a: " + b"x" * 500_000,
            "study.yaml: the file is larger than a study file may be, 500,000 bytes",
        ),
    ],
)
def test_what_is_no_study_file_at_all_is_said(raw: bytes, message: str, problems_of: Problems) -> None:
    assert problems_of(raw) == [message]


def test_a_bomb_of_aliases_is_refused_before_it_grows(problems_of: Problems) -> None:
    rows = ["a: &a [x, x, x, x, x, x, x, x, x]"]
    rows += [f"{b}: &{b} [{', '.join(['*' + a] * 9)}]" for a, b in zip("abcdefgh", "bcdefghi", strict=True)]
    found = problems_of("\n".join(rows))  # spelled out it would be 387 million words
    assert found
    assert all("anchors and aliases" in problem for problem in found)


def test_a_mark_of_the_byte_order_does_no_harm(tmp_path: Path) -> None:
    path = tmp_path / "study.yaml"
    path.write_bytes(b"\xef\xbb\xbf" + BASE.encode())
    assert load_study(path) == load_study(MINI)


def test_what_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(StudyError, match=r"there is no study 'mapp11'; did you mean 'mapp1'\? .* path"):
        load_study("mapp11")
    with pytest.raises(StudyError, match=r"this folder has no study\.yaml"):
        load_study(tmp_path)
    with pytest.raises(StudyError, match=r"there is no study|cannot be read"):
        load_study("a\0b")
    with pytest.raises(StudyError, match="cannot be read"):
        load_study("x" * 5000)
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with pytest.raises(StudyError, match="this is not a file"):
        load_study(pipe)


def test_a_study_error_can_be_sent_to_another_process(tmp_path: Path) -> None:
    with pytest.raises(StudyError) as caught:
        load_study(tmp_path)
    assert pickle.loads(pickle.dumps(caught.value)).problems == caught.value.problems


def test_a_study_loads_by_its_file_or_its_folder() -> None:
    assert load_study(MINI) == load_study(MINI.parent) == load_study(str(MINI.parent))
    assert load_study(MINI).name == "mini"


def test_the_studies_that_come_with_entact_are_named_in_alphabetical_order() -> None:
    """A folder lists what lies in it in an order of its own."""
    assert shipped_studies() == sorted(shipped_studies())
    assert len(shipped_studies()) > 1


@pytest.mark.parametrize("name", shipped_studies())
def test_every_shipped_study_loads_by_its_name(name: str) -> None:
    study = load_study(name)
    assert study.name == name
    assert study.newest.gates


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(data=st.data())
def test_no_damage_to_a_file_gives_anything_but_a_study_or_problems(
    data: st.DataObject, tmp_path: Path
) -> None:
    """Whatever part of a file is cut or overwritten, the author gets problems and never a traceback."""
    start = data.draw(st.integers(0, len(BASE)))
    end = data.draw(st.integers(start, min(len(BASE), start + 60)))
    junk = data.draw(st.text(max_size=8) | st.sampled_from(JUNK))
    path = tmp_path / "study.yaml"
    path.write_bytes((BASE[:start] + junk + BASE[end:]).encode("utf-8", "surrogatepass"))
    with contextlib.suppress(StudyError):
        assert load_study(path).newest.id


def test_a_path_that_leads_nowhere_is_a_path(tmp_path: Path) -> None:
    (tmp_path / "study.yaml").write_text("study: mini\n", encoding="utf-8")
    with pytest.raises(StudyError, match=r"there is no such file; did you mean '.*study\.yaml'"):
        load_study(tmp_path / "studi.yaml")
    with pytest.raises(StudyError, match=r"there is no such file; check the path$"):
        load_study("nowhere/study.yaml")


def test_the_folder_of_a_study_is_where_its_file_lies(tmp_path: Path) -> None:
    path = tmp_path / "own" / "study.yaml"
    path.parent.mkdir()
    path.write_text(BASE, encoding="utf-8")
    assert load_study(path).folder == load_study(path.parent).folder == path.parent
    shipped = load_study("mapp1").folder
    assert shipped is not None
    assert (shipped.name, (shipped / "study.yaml").is_file()) == ("mapp1", True)


def test_what_is_wrong_with_a_whole_file_is_said_under_its_name() -> None:
    whole = [Problem("mini@1", 0, 0, "gates.dose", "leads nowhere"), Problem("mini@1", 0, 0, "", "is old")]
    placed = Problem("a.yaml", 3, 7, "title", "is missing")
    assert str(StudyError([*whole, placed])).splitlines() == [
        "a.yaml:3:7 title: is missing",
        "mini@1:",
        "  gates.dose: leads nowhere",
        "  is old",
    ]
    assert str(StudyError(whole[:1])) == "mini@1 gates.dose: leads nowhere"
    assert str(StudyError(whole[1:])) == "mini@1: is old"
