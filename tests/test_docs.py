"""What the README and the pages under docs say runs, and gives what they show.

In blocks marked `python` every line after `>>>` is run, those of one page in one namespace. In blocks
marked `console` every line after `$ ` is run in a shell, those of one page in one folder, with exit code 0 or
the one that its comment names. What is shown below a line is compared; `...` stands for anything. Blocks
marked `yaml` are parts of the small studies of these tests.
"""

from __future__ import annotations

import doctest
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.commands import ready

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
SMALL = {name: ROOT / "tests" / "studies" / name / "study.yaml" for name in ("mini", "forms")}
SHOWN = [*SMALL.values(), *sorted((ROOT / "tests" / "studies" / "shapes").glob("*/study.yaml"))]

BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\((?!https?:|#)([^)#\s]+)(?:#([^)\s]+))?\)")
EXIT_CODE = re.compile(r"#.*exit code (\d+)")
LOOSE = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


def blocks(page: Path, language: str) -> list[str]:
    return [text for marked, text in BLOCK.findall(page.read_text()) if marked == language]


def pages_with(language: str) -> list[Path]:
    return [page for page in PAGES if blocks(page, language)]


def title(page: Path) -> str:
    return page.name


@pytest.fixture
def data(page: Path) -> Iterator[Path]:
    """A data folder of a page's own, empty as a new reader has it."""
    from entact.store import postgres

    folder = Path(os.environ["ENTACT_DATA"]) / page.stem
    folder.mkdir()
    folder.chmod(0o711)  # root's PostgreSQL runs as another account, which must pass through
    yield folder
    postgres.stop(folder / "postgres")


@pytest.mark.parametrize("page", pages_with("python"), ids=title)
def test_the_python_of_a_page_runs(page: Path) -> None:
    parser, runner = doctest.DocTestParser(), doctest.DocTestRunner(verbose=False, optionflags=LOOSE)
    namespace: dict[str, object] = {}
    said: list[str] = []
    for number, text in enumerate(blocks(page, "python"), start=1):
        assert ">>> " in text, f"{page.name}: a python block shows what to type after >>>"
        test = parser.get_doctest(text, namespace, f"{page.name}, block {number}", str(page), 0)
        runner.run(test, out=said.append, clear_globs=False)
        namespace = test.globs
    assert runner.summarize(verbose=False).failed == 0, "".join(said)


@pytest.fixture(scope="module")
def entact(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Where a shell finds `entact`."""
    with ready(tmp_path_factory.mktemp("commands")) as folder:
        yield folder


@pytest.mark.slow
@pytest.mark.parametrize("page", pages_with("console"), ids=title)
def test_the_commands_of_a_page_run(page: Path, data: Path, tmp_path: Path, entact: Path) -> None:
    installed = str(Path(sys.executable).parent)
    found = (
        [installed] if page.name == "README.md" else [str(entact), installed]
    )  # the first ones as installed
    environment = {
        **os.environ,
        "ENTACT_DATA": str(data),
        "PATH": os.pathsep.join([*found, os.environ["PATH"]]),
        "COLUMNS": "100",
    }
    for name, path in SMALL.items():
        (tmp_path / name).mkdir()
        (tmp_path / name / "study.yaml").write_bytes(path.read_bytes())
    checker = doctest.OutputChecker()
    for text in blocks(page, "console"):
        for command, shown in commands(text):
            done = subprocess.run(
                command,
                shell=True,
                cwd=tmp_path,
                env=environment,
                capture_output=True,
                text=True,
                timeout=300,
            )
            said = done.stdout + done.stderr
            expected = EXIT_CODE.search(command)
            assert done.returncode == (int(expected[1]) if expected else 0), f"$ {command}\n{said}"
            assert not shown or checker.check_output(shown, said, LOOSE), f"$ {command}\n{said}"


def commands(text: str) -> Iterator[tuple[str, str]]:
    """Each command of a block and what the block shows of its output."""
    first, *others = re.split(r"^\$ ", text, flags=re.MULTILINE)
    assert not first.strip(), f"a console block begins with a command: {first}"
    for one in others:
        command, _, shown = one.partition("\n")
        yield command, shown


@pytest.mark.parametrize("page", pages_with("yaml"), ids=title)
def test_the_parts_of_a_study_file_are_those_of_a_small_study(page: Path) -> None:
    known = {line.strip() for path in SHOWN for line in path.read_text().splitlines()}
    shown = [line.strip() for text in blocks(page, "yaml") for line in text.splitlines() if line.strip()]
    assert [line for line in shown if line not in known and line != "# …"] == []


@pytest.mark.parametrize("page", PAGES, ids=title)
def test_the_links_of_a_page_lead_somewhere(page: Path) -> None:
    for target, _ in LINK.findall(page.read_text()):
        if not target.endswith(".png"):
            assert (page.parent / target).exists(), f"{page.name} links to {target}"


@pytest.mark.parametrize("page", PAGES, ids=title)
def test_a_page_is_short_and_marks_what_runs(page: Path) -> None:
    text = page.read_text()
    if not text.startswith("<!-- Made by"):  # a page to look things up in
        read = [
            line for line in text.splitlines() if not line.startswith("|")
        ]  # in a table one looks things up
        assert len(" ".join(read).split()) < 1500, f"{page.name} is too long to be read at night"
    assert {marked for marked, _ in BLOCK.findall(text)} <= {
        "python",
        "console",
        "yaml",
        "json",
        "text",
        "sh",
    }
