"""`entact reference`: every field of a file that people write, as a page made of its schema."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from importlib.resources import files
from typing import Any, Final

from pydantic import BaseModel

from entact.protocol.problem import Problem, StudyError, unknown
from entact.protocol.reference import reference
from entact.protocol.schema import described, study_schema
from entact.protocol.source import read_source

MADE: Final = "<!-- Made by `entact reference {name}`; a test holds it equal. -->"
_STUDY = """# Every field of a study file

What may stand in a `study.yaml`, block by block: made from the schema by which the file is read, so it
can't say anything else. [A study file](study-file.md) tells the same as a story, with reasons; `entact
schema` gives it to your editor.

Any block may also say `source:` (where a value is from) and `assumption:` (what could not be confirmed). A
*name* begins with a small letter and goes on with small letters, digits and `_`. *By name* means a block
whose keys are names of your own. A *duration* is written `1 h 30 min` in `wk`, `d`, `h`, `min`, `s`; a
*window* `2 .. 14 d` or `next morning`; *whole units* `2 x 40 mg`; a *rule* is [CEL](rules.md).
"""
_COHORT = """# Every field of `cohort.yaml`

What virtual participants of [a rehearsal](rehearsal.md) are made of. The file lies beside `study.yaml`. It
may say as much or as little as is known: every part at the top may be left out, and is then derived from
the study, assuming no effect; the table that a rehearsal prints names these parts. A part that is there is
whole: what is **needed** in it stands there. What it says is closed: a misspelt name is told with file,
line and column.

Every part that is a claim about people needs a `source:` or an `assumption:`. A chance is written as a
number from 0 to 1 or as the counts that it was made of, `29/46`.

A **scenario** is a file in `scenarios/` beside it: `scenario:` (its name), `title:`, `source:` or
`assumption:` (why), and `override:`, a part of the same tree whose values replace those of `cohort.yaml`; a
list is replaced whole.

```text
scenario: no_effect
assumption: shows the rate of false claims
override:
  efficacy: {follows: reference}
```
"""
_PUBLISHED = """# Every field of `published.yaml`

Published results of the same study, printed beside those of a rehearsal and never used to simulate. The
file lies beside `study.yaml`. Its keys are the names of the study file: scores, endpoints, visits, arms,
terms; one that the study has not is refused, because it would be printed nowhere.

A row says arms (or populations, or `all` for everybody together) with their values, and the `source:` and
`confidence:` of the whole row. Means are blocks (`{n: 42, mean: -24.4, sd: 11.6}`), shares are counts
(`28/42`, or a bare `4`), guesses are three counts. Effects are the first arm minus the second; an effect
size that was printed without a sign gets that of the difference.
"""


_WORDS = """# Words of rules, methods and measures

What a [study file](study-file.md) may name that is no field of its own: facts in rules, functions, the
methods of an analysis with their keys, and what lists of requirements ask for. Made from what reads them.

## Names in rules

Items and scores of forms are named `form.item`; an endpoint and an analysis set may also say from which
visit, `visit.form.item`. Beside these there are facts:
"""
_WHERE = {
    "person": "in `stopping:` and in the rules of `analysis.sets`",
    "event": "in `reports:`",
    "study": "in `holds:`",
}
_OF = {"person": "a person", "event": "an adverse event", "study": "the study"}
_KINDS = {
    "bool": "yes or no",
    "int": "whole number",
    "double": "number",
    "string": "text",
    "duration": "duration",
}
_FUNCTIONS = {
    "present": (
        "How many of a role are in the room now; `present('participant')` counts whose session it is as well."
    ),
    "given": "Whether a part of the dose (`initial`, `supplement`) was taken in this encounter.",
    "elapsed": "How long ago it was taken; unknown where it was not.",
    "doses": "Sessions of this participant with an initial dose; takes no argument.",
}


def page(name: str) -> str:
    """One reference as Markdown.

    Raises:
        StudyError: when there is none of this name.
    """
    if name not in _PAGES:
        raise StudyError([Problem(name, 0, 0, "", unknown("reference", name, _PAGES))])
    return _PAGES[name]()


def _study() -> str:
    return _page("study", _STUDY, study_schema(), _words("entact.protocol", "examples.yaml"))


def _cohort() -> str:
    from entact.cohort.parameters import FILLED_IN, Parameters

    schema = _schema(Parameters, "entact.cohort", "parameter_words.yaml")
    for name in FILLED_IN:
        del schema["properties"][name]
    return _page("cohort", _COHORT, schema | {"required": []}, {})


def _published() -> str:
    from entact.report.published import Published

    return _page("published", _PUBLISHED, _schema(Published, "entact.report", "published_words.yaml"), {})


def _vocabulary() -> str:
    from entact.protocol.cel import FUNCTIONS
    from entact.protocol.measures import read_measures
    from entact.protocol.methods import method_words
    from entact.protocol.names import EVENT, MEANS, PERSON, STUDY

    parts = [MADE.format(name="words"), "", _WORDS]
    for names in (PERSON, EVENT, STUDY):
        of = next(iter(names)).partition(".")[0]
        rows = [(f"`{name}`", MEANS[name], _KINDS[kind]) for name, kind in names.items()]
        parts += [f"Facts about {_OF[of]}, {_WHERE[of]}:", "", *_table(("name", "means", "is"), rows), ""]
    rows = [(f"`{name}`", _FUNCTIONS[name], _KINDS[kind]) for name, kind in FUNCTIONS.items()]
    parts += ["## Functions", "", *_table(("function", "gives", "is"), rows), ""]
    parts += [
        "## Methods",
        "",
        "What `method:` of an analysis may be, and the keys that it takes beside `endpoint`, `estimand`, "
        "`set`, `contrast`, `alpha`, `level`, `null`, `side` and, for a yes or no of a number, `event`. Keys "
        "in bold are needed. Words of plans of tables alone (`entact analyse`), such as blinding indices, "
        "are left out: of a study every report has these.",
        "",
    ]
    ways: list[tuple[str, ...]] = []
    for name, word in method_words().items():
        if word.tables is not None or word.outcome == "guess":
            continue
        keys = [
            f"{f'**`{key}`**' if key in word.needs else f'`{key}`'}: {_takes(takes)}"
            for key, takes in word.takes.items()
            if key != "ended"  # the endpoint says it
        ]
        ways.append((f"`{name}`", word.answers, _OUTCOMES[word.outcome], "; ".join(keys) or "–"))
    parts += [*_table(("method", "answers", "takes", "keys"), ways), ""]
    parts += [
        "## Measures",
        "",
        "What `measures:` of a form may say, where [lists](requirements.md) cannot tell it by names: "
        "`measures: [second_outcome]`.",
        "",
        *_table(
            ("word", "is"), [(f"`{name}`", said.title) for name, said in read_measures().measures.items()]
        ),
    ]
    return "\n".join(parts).rstrip() + "\n"


_OUTCOMES = {"number": "a number", "yes_no": "a yes or no", "time": "the time until an event", "any": "any"}
_TAKEN = {
    "flag": "another endpoint that is a time",
    "formula": "effects, as in `arm * visit + baseline + site`",
    "column": "`site`, `visit`, `baseline`, or an item of a lasting form",
    "columns": "one or several of `site`, `visit`, `baseline` and items of lasting forms",
    "arm": "an arm",
    "text": "text",
    "number": "a number",
    "whole": "a whole number",
    "numbers": "a list of numbers",
    "limits": "names with numbers",
    "measure": "another endpoint of the same visit",
    "event": "a value, several, or as in `{at_most: -10}`",
    "events": "intercurrent events",
    "names": "names of your own",
    "visits": "visits",
}


def _takes(takes: str | tuple[str, ...]) -> str:
    return ", ".join(f"`{one}`" for one in takes) if isinstance(takes, tuple) else _TAKEN[takes]


def _table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> list[str]:
    lines = [f"| {' | '.join(head)} |", f"| {' | '.join('---' for _ in head)} |"]
    return lines + [f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in row)} |" for row in rows]


_PAGES: Final[Mapping[str, Callable[[], str]]] = {
    "study": _study,
    "cohort": _cohort,
    "published": _published,
    "words": _vocabulary,
}


def _page(name: str, intro: str, schema: Mapping[str, Any], examples: Mapping[str, str]) -> str:
    return f"{MADE.format(name=name)}\n\n{intro}\n{reference(schema, examples)}".rstrip() + "\n"


def _schema(model: type[BaseModel], package: str, words: str) -> dict[str, Any]:
    return described(model.model_json_schema(by_alias=True), _words(package, words))


def _words(package: str, name: str) -> dict[str, Any]:
    path = files(package).joinpath(name)
    found: dict[str, Any] = read_source(path.read_bytes(), name).data
    return found
