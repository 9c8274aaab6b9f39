"""The command line as a whole: help, faults in words, and nothing heavy before it is needed."""

from __future__ import annotations

import subprocess
import sys

import psycopg
import pytest
from tests.cli.conftest import Run

import entact
from entact.cli.fault import in_words
from entact.conduct.error import ConductError
from entact.store import StoreError

COMMANDS = (
    "demo",
    "rehearse",
    "check",
    "verify",
    "where",
    "open",
    "serve",
    "work",
    "site-copy",
    "stop",
    "export",
    "trace",
)
GROUPS = (
    "sign-key",
    "erase",
    "keys",
    "identity",
    "cut",
    "unlock",
    "conflict",
    "device",
    "redcap",
    "validation-pack",
)


def test_help_names_every_command_in_80_columns(run: Run) -> None:
    done = run("--help")
    assert done.code == 0
    assert all(f"\n  {name} " in done.out for name in (*COMMANDS, *GROUPS))
    assert "..." not in done.out.partition("Commands:")[2]  # a summary that was cut says nothing
    assert max(map(len, done.out.splitlines())) <= 80


@pytest.mark.parametrize("command", [*COMMANDS, *GROUPS])
def test_every_command_explains_itself(run: Run, command: str) -> None:
    done = run(command, "--help")
    assert (done.code, done.err) == (0, "")
    assert f"Usage: entact {command}" in done.out


def test_the_version_is_printed(run: Run) -> None:
    assert run("--version").out == f"entact {entact.__version__}\n"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "Usage: entact"),
        (("rehearze",), "No such command 'rehearze'"),
        (("rehearse",), "Missing argument 'study'"),
        (("rehearse", "mapp1", "--participants", "-3"), "greater than or equal to 1"),
        (("rehearse", "mapp1", "--participants", "many"), "valid integer"),
        (("rehearse", "mapp1", "--seed", "-1"), "greater than or equal to 0"),
        (("rehearse", "mapp1", "--seed", str(2**63)), "less than or equal to 9223372036854775807"),
        (("rehearse", "mapp1", "--participants", "10001"), "less than or equal to 10000"),
        (("rehearse", "mapp1", "--workers", "0"), "greater than or equal to 1"),
        (("serve", "--port", "99999"), "less than or equal to 65535"),
        (("where", "--jason"), "No such option"),
    ],
)
def test_a_wrong_line_is_refused_on_stderr(run: Run, words: tuple[str, ...], said: str) -> None:
    done = run(*words)
    assert (done.code, done.out) == (2, "")
    assert said in done.err


def test_help_loads_none_of_what_commands_need() -> None:
    listing = (
        "import sys; sys.argv = ['entact', '--help']\n"
        "from entact.cli import main\n"
        "try: main()\n"
        "except SystemExit: print(*sys.modules, file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", listing], capture_output=True, text=True, check=True)
    loaded = set(done.stderr.split())
    heavy = {"django", "numpy", "polars", "psycopg", "pydantic", "msgspec", "altair", "rich.markdown"}
    assert loaded & heavy == set()
    commands = {name for name in loaded if name.startswith("entact.cli.commands.")}
    assert commands
    assert {name for name in loaded if name.startswith("entact.")} - commands == {
        "entact.cli",
        "entact.cli.commands",
        "entact.cli.fault",
    }


def test_a_terminal_that_lacks_a_character_shows_a_question_mark() -> None:
    command = [sys.executable, "-c", "import sys; from entact.cli import main; main()", "check", "mapp1"]
    environment = {"PYTHONIOENCODING": "ascii"}
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
    assert done.stdout.startswith("mapp1 ? MDMA-assisted therapy")


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (StoreError("no such database"), "no such database"),
        (ConductError("no such role"), "no such role"),
        (PermissionError(13, "Permission denied", "out"), "out: Permission denied"),
        (OSError(28, "No space left on device"), "No space left on device"),
        (psycopg.OperationalError("gone\n"), "the database does not answer: gone"),
    ],
)
def test_what_a_person_can_put_right_is_said_in_words(error: Exception, words: str) -> None:
    assert in_words(error) == words


@pytest.mark.parametrize("error", [ValueError("?"), KeyError("?"), AssertionError(), TypeError()])
def test_a_defect_is_not_explained_away(error: Exception) -> None:
    assert in_words(error) is None
