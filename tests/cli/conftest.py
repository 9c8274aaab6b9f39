"""Commands as a person types them, in this process; and one small rehearsal to look at."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from entact.cli import main


@dataclass(frozen=True)
class Done:
    """How a command ended: its exit code, and what it said where."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out, parse_constant=refuse)


def refuse(constant: str) -> None:
    raise ValueError(f"{constant} is no JSON")


Run = Callable[..., Done]


@pytest.fixture
def run(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs one command; a traceback fails the test."""

    def run_command(*words: object) -> Done:
        capfd.readouterr()
        monkeypatch.setattr("sys.argv", ["entact", *map(str, words)])
        monkeypatch.setenv("ENTACT_DATABASE", "")  # what the command sets is taken back after the test
        code: Any = 0
        try:
            main()
        except SystemExit as end:
            code = end.code or 0
        said = capfd.readouterr()
        return Done(code, said.out, said.err)

    return run_command


@pytest.fixture(scope="session")
def rehearsal(worker_id: str) -> Iterator[str]:
    """Name of a database with a rehearsal of two participants; tests look at it and leave it as it is."""
    from django.db import connection

    from entact.cli.rehearsal import run_rehearsal

    name, out = f"seen_{worker_id}", Path(os.environ["ENTACT_DATA"]) / f"seen_{worker_id}"
    run_rehearsal("mapp1", 2, 5, None, out, 1, name)
    connection.close()
    yield name
    shutil.rmtree(out)


@pytest.fixture
def fresh(worker_id: str) -> str:
    """Name of a database that a test may make and replace."""
    return f"own_{worker_id}"
