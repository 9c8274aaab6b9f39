"""`entact reference`: every field of a file that people write, as a page made of its schema."""

from __future__ import annotations

from collections.abc import Callable, Mapping
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


_PAGES: Final[Mapping[str, Callable[[], str]]] = {
    "study": _study,
    "cohort": _cohort,
    "published": _published,
}


def _page(name: str, intro: str, schema: Mapping[str, Any], examples: Mapping[str, str]) -> str:
    return f"{MADE.format(name=name)}\n\n{intro}\n{reference(schema, examples)}".rstrip() + "\n"


def _schema(model: type[BaseModel], package: str, words: str) -> dict[str, Any]:
    return described(model.model_json_schema(by_alias=True), _words(package, words))


def _words(package: str, name: str) -> dict[str, Any]:
    path = files(package).joinpath(name)
    found: dict[str, Any] = read_source(path.read_bytes(), name).data
    return found
