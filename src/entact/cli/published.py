"""Reads published results: what is wrong is told with file, line, column and field, all of it at once."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

from pydantic import ValidationError

from entact.datasets import Codebook
from entact.protocol.explain import faults_of
from entact.protocol.problem import Fault, StudyError
from entact.protocol.source import Source, read_source
from entact.report.published import FILE, Published, PublishedError, misfits


def load_published(study_or_path: str | Path, book: Codebook | None = None) -> Published | None:
    """The published results of a shipped study, or in a file; None for a study of which none are published.

    Args:
        book: of the study; with it the results have to fit the study.
    Raises:
        PublishedError: when the file cannot be used: every fault with line, column and field.
    """
    place = files("entact").joinpath("studies", str(study_or_path), FILE)
    if place.is_file():
        return parse_published(place.read_bytes(), f"{study_or_path}/{FILE}", book)
    path = Path(study_or_path)
    if not path.is_file():
        if isinstance(study_or_path, Path) or "/" in study_or_path:
            raise PublishedError(f"{study_or_path}: there is no such file")
        return None
    return parse_published(path.read_bytes(), str(path), book)


def parse_published(raw: bytes, name: str, book: Codebook | None = None) -> Published:
    """The published results in some bytes; `name` is what errors call them.

    Raises:
        PublishedError: when they are no YAML, no such results, or results of another study than `book`'s.
    """
    try:
        source = read_source(raw, name)
        published = Published.model_validate(source.data)
    except StudyError as problem:
        raise PublishedError(str(problem)) from None
    except ValidationError as problem:
        raise _error(source, faults_of(problem, source.data, Published, ())) from None
    found = (
        []
        if book is None
        else [Fault(path, message, at_key=True) for path, message in misfits(published, book)]
    )
    if found:
        raise _error(source, found)
    return published


def _error(source: Source, faults: list[Fault]) -> PublishedError:
    return PublishedError(str(StudyError(map(source.locate, faults))))
