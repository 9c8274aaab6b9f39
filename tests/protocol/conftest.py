"""The small study with one edit, as a malformed file."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from entact.protocol import StudyError, load_study

MINI = Path(__file__).parents[1] / "studies" / "mini" / "study.yaml"


@pytest.fixture(scope="session")
def mini() -> str:
    """The text of the small study."""
    return MINI.read_text(encoding="utf-8")


@pytest.fixture
def problems_of(tmp_path: Path) -> Callable[[str | bytes], list[str]]:
    """Every problem of a study file with this text, as printed."""

    def find(text: str | bytes) -> list[str]:
        path = tmp_path / "study.yaml"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        with pytest.raises(StudyError) as caught:
            load_study(path)
        assert str(caught.value) == "\n".join(map(str, caught.value.problems))
        return [str(problem).replace(f"{tmp_path}{os.sep}", "") for problem in caught.value.problems]

    return find


@pytest.fixture
def edit_gives(mini: str, problems_of: Callable[[str], list[str]]) -> Callable[[str, str, str], None]:
    """Replaces the one `old` by `new` and expects one problem, with this message, where the `§` stood."""

    def expect(old: str, new: str, message: str) -> None:
        assert mini.count(old) == 1, f"{old!r} must stand once in the small study"
        marked = mini.replace(old, new)
        assert marked.count("§") == 1
        before = marked[: marked.index("§")]
        line, column = before.count("\n") + 1, len(before) - before.rfind("\n")
        gap = "" if message.startswith(":") else " "
        assert problems_of(marked.replace("§", "")) == [f"study.yaml:{line}:{column}{gap}{message}"]

    return expect
