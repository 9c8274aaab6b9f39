"""Machine code that is kept, lost, spoilt and found again."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.pharmacology import small

from entact.pharmacology import engine, machine, sources


def test_what_was_kept_is_what_is_read_and_only_whole(tmp_path: Path) -> None:
    kept = machine.keep("abc-cpu", b"\x00code\n\nof it", "name", [tmp_path])
    assert kept is not None
    assert machine.read("abc-cpu", [tmp_path / "none", tmp_path]) == (b"\x00code\n\nof it", "name")
    assert machine.read("abd-cpu", [tmp_path]) is None
    kept.write_bytes(kept.read_bytes()[:-1])
    assert machine.read("abc-cpu", [tmp_path]) is None
    kept.write_bytes(b"")
    assert machine.read("abc-cpu", [tmp_path]) is None


def test_code_of_older_sources_goes_and_that_of_other_processors_stays(tmp_path: Path) -> None:
    for key in ("old-here", "old-there", "new-here"):
        machine.keep(key, b"code", "name", [tmp_path])
    assert {path.name for path in tmp_path.iterdir()} == {"kernel-old-there.bin", "kernel-new-here.bin"}


def test_where_no_folder_can_be_written_nothing_is_kept(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    assert machine.keep("abc-cpu", b"code", "name", [tmp_path / "file"]) is None
    second = machine.keep("abc-cpu", b"code", "name", [tmp_path / "file", tmp_path / "home"])
    assert second == tmp_path / "home" / "kernel-abc-cpu.bin"


PEOPLE = np.array([[1.0, 0.1, 0.3, 0.2], [1.7, 0.05, 0.1, 0.3]])
LAGS, DOSES, TIMES = np.full((2, 1), 0.3), np.full((2, 1), 100.0), np.linspace(0.0, 24.0, 100)


def test_compiled_once_and_the_same_afterwards(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "compile_model", small.kernel)
    first = engine.machine_code([tmp_path])

    def none() -> Any:
        raise AssertionError("compiled again")

    monkeypatch.setattr(engine, "compile_model", none)
    again = engine.machine_code([tmp_path])
    found = [
        small.run(PEOPLE, LAGS, DOSES, TIMES, tolerance=1e-9, integrator=integrator).values
        for integrator in (first, again, None)
    ]
    np.testing.assert_array_equal(found[0], found[1])
    np.testing.assert_allclose(found[0], found[2], rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(found[0][0, 0], small.solution(PEOPLE[0], 100.0, TIMES - 0.3), atol=1e-6)
    with pytest.raises(TypeError, match="inputs_of: C-contiguous float64"):
        small.run(PEOPLE.astype(np.float32), LAGS, DOSES, TIMES, integrator=again)
    with pytest.raises(TypeError, match="inputs_of: C-contiguous float64"):
        small.run(PEOPLE.T.copy().T, LAGS, DOSES, TIMES, integrator=again)
    monkeypatch.setattr(sources, "unchanged", lambda: "other sources")
    with pytest.raises(AssertionError, match="compiled again"):
        engine.machine_code([tmp_path])


def test_code_of_files_that_were_replaced_meanwhile_is_neither_kept_nor_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def replaced() -> Any:
        monkeypatch.setattr(sources, "digest", lambda: "of the new files")
        return small.kernel()

    monkeypatch.setattr(engine, "compile_model", replaced)
    for _ in range(2):  # while it compiled, and before
        with pytest.raises(sources.SourcesChanged, match="changed while this was running: start it again"):
            engine.machine_code([tmp_path])
    assert not list(tmp_path.iterdir())


def test_code_that_needs_its_compiler_runs_within_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def none(run: Any) -> Any:
        raise machine.NotPortable("compiled code needs numba_gil_ensure")

    monkeypatch.setattr(engine, "compile_model", small.kernel)
    monkeypatch.setattr(machine, "emit", none)
    function = engine.machine_code([tmp_path])
    assert not list(tmp_path.iterdir())
    found = small.run(PEOPLE, LAGS, DOSES, TIMES, tolerance=1e-9, integrator=function).values
    np.testing.assert_allclose(found[1, 0], small.solution(PEOPLE[1], 100.0, TIMES - 0.3), atol=1e-6)


def test_every_source_of_the_code_is_in_its_digest(monkeypatch: pytest.MonkeyPatch) -> None:
    folder = Path(sources.__file__).parent
    inside = {name.removesuffix(".py") for name in sources.SOURCES}
    for name in sources.SOURCES:
        nodes = ast.walk(ast.parse((folder / name).read_text()))
        for node in (one for one in nodes if isinstance(one, ast.ImportFrom)):
            room, _, module = str(node.module).partition("entact.pharmacology")
            if not room:
                read = {module.removeprefix(".")} if module else {alias.name for alias in node.names}
                assert read <= inside, f"{name} is made of {read} too"
    for name in sources.SOURCES:
        before = sources.digest()
        with monkeypatch.context() as patched:
            patched.setattr(sources, "SOURCES", tuple(one for one in sources.SOURCES if one != name))
            assert sources.digest() != before
