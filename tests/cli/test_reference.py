"""`entact reference`: pages of every field, made of what reads the file; those in docs are current."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel, TypeAdapter
from tests.cli.conftest import Run

from entact.cli.reference import MADE, page
from entact.cohort.parameters import FILLED_IN, Parameters
from entact.protocol import instrument_file, study
from entact.protocol.cel import FUNCTIONS
from entact.protocol.measures import read_measures
from entact.protocol.methods import method_words
from entact.protocol.names import EVENT, MEANS, PERSON, STUDY
from entact.protocol.problem import StudyError
from entact.protocol.source import read_source
from entact.report.published import Published

DOCS = Path(__file__).parents[2] / "docs"
PAGES = {
    "study": "study-file-fields.md",
    "cohort": "cohort-fields.md",
    "published": "published-fields.md",
    "words": "words.md",
}
EXAMPLES: dict[str, str] = read_source(
    files("entact.protocol").joinpath("examples.yaml").read_bytes(), "examples.yaml"
).data


@pytest.mark.parametrize(("name", "file"), PAGES.items())
def test_the_pages_in_docs_are_current(name: str, file: str) -> None:
    """After a change of a field or of its words: `make reference`."""
    assert (DOCS / file).read_text() == page(name)


def test_the_command_prints_the_page(run: Run) -> None:
    done = run("reference")
    assert (done.code, done.err) == (0, "")
    assert done.out.startswith(MADE.format(name="study"))
    assert run("reference", "published").out == page("published")


def test_a_reference_that_is_none_is_told_with_those_there_are(run: Run) -> None:
    done = run("reference", "cohrt")
    assert (done.code, done.out) == (2, "")
    assert done.err == "entact: cohrt: there is no reference 'cohrt'; did you mean 'cohort'?\n"
    with pytest.raises(StudyError, match="did you mean 'cohort'"):
        page("cohrt")


def fields(schema: dict[str, Any]) -> set[tuple[str, str]]:
    blocks = {**schema.get("$defs", {}), schema["title"]: schema}
    return {(name, field) for name, block in blocks.items() for field in block.get("properties", ())}


@pytest.mark.parametrize(("name", "model"), [("cohort", Parameters), ("published", Published)])
def test_every_field_of_a_file_is_in_its_page_with_what_it_means(name: str, model: type[BaseModel]) -> None:
    rows = [line.split(" | ") for line in page(name).splitlines() if line.startswith("| `")]
    told = {row[0].strip("| `"): row[1] for row in rows}
    asked = {field for _, field in fields(model.model_json_schema(by_alias=True))}
    asked -= {"source", "assumption", *FILLED_IN}
    assert asked == set(told)
    assert [field for field, words in told.items() if not words.strip()] == []


def test_every_block_of_a_study_file_is_in_its_page() -> None:
    text = page("study")
    for name in ("Regimen", "ArmDose", "Track", "InstrumentFile", "Escalation", "Item", "Visit", "Hold"):
        assert f"\n## {name}\n" in text
    assert "In `regimens.*.arms.*`." in text
    assert "`expected`" in text
    assert "`rearm`" in text
    assert "`kenward_roger`" in text


def test_links_within_a_page_lead_to_a_heading_of_it() -> None:
    import re

    for name in PAGES:
        text = page(name)
        headings = {line[3:].lower() for line in text.splitlines() if line.startswith("## ")}
        assert set(re.findall(r"\]\(#([^)]+)\)", text)) <= headings


@pytest.mark.parametrize("block", EXAMPLES)
def test_each_example_is_read_as_its_block(block: str) -> None:
    model = getattr(study, block, None) or getattr(instrument_file, block)
    said = read_source(EXAMPLES[block].encode(), "example").data
    TypeAdapter(model).validate_python(said)


def test_every_word_that_a_study_file_may_use_is_in_its_page() -> None:
    text = page("words")
    assert set(MEANS) == {*PERSON, *EVENT, *STUDY}
    named = {*MEANS, *FUNCTIONS, *read_measures().measures}
    methods = {
        name: word for name, word in method_words().items() if word.tables is None and word.outcome != "guess"
    }
    for name in named | methods.keys():
        assert f"\n| `{name}` | " in text, name
    rows = {
        line.split("`")[1]: line
        for line in text.split("\n## Methods")[1].split("\n## ")[0].splitlines()
        if line.startswith("| `")
    }
    for name, word in methods.items():
        assert all(f"`{key}`" in rows[name] for key in word.takes if key != "ended"), name
        assert all(f"**`{key}`**" in rows[name] for key in word.needs if key != "ended"), name
        words = [one for takes in word.takes.values() if isinstance(takes, tuple) for one in takes]
        assert all(f"`{one}`" in rows[name] for one in words), name
