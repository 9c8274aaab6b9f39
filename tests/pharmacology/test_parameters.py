"""The file of parameters: every number has a unit and a source, and a wrong file is refused by line."""

from __future__ import annotations

import math
import re
from pathlib import Path

import pytest

from entact.pharmacology.parameters import FILE, ModelError, read_model, read_yaml, shipped_model

TEXT = FILE.read_text(encoding="utf-8")
FACTS = read_yaml(FILE.with_name("facts.yaml"))["facts"]


def changed(tmp_path: Path, old: str, new: str) -> Path:
    assert TEXT.count(old) == 1, old
    path = tmp_path / "parameters.yaml"
    path.write_text(TEXT.replace(old, new), encoding="utf-8")
    return path


def line_of(name: str) -> int:
    return TEXT[: TEXT.index(f"\n  {name}: ")].count("\n") + 2


def test_every_number_has_a_unit_and_a_source() -> None:
    model = shipped_model()
    assert len(model.parameters) > 80
    for parameter in model.parameters.values():
        assert parameter.unit
        assert parameter.source
        assert math.isfinite(parameter.value)


def test_what_was_not_read_in_its_source_is_called_an_assumption() -> None:
    weak = {name for name, fact in FACTS.items() if fact["status"] in ("from memory", "second hand")}
    listed = re.findall(r"F\d{3}", TEXT[TEXT.index("from_memory:") : TEXT.index("parameters:")])
    assert weak <= set(listed)
    assert set(listed) - weak <= {"F073", "F094"}  # nothing was found of these
    for parameter in shipped_model().parameters.values():
        if weak & set(re.findall(r"F\d{3}", parameter.source)):
            assert parameter.assumed, parameter.name


def test_every_fact_and_check_that_is_cited_exists() -> None:
    folder = FILE.parent
    read = ("parameters.yaml", "medicines.yaml", "validation.yaml", "population.yaml", "equations.py")
    cited = {word for name in read for word in re.findall(r"\bF\d{3}\b", (folder / name).read_text("utf-8"))}
    assert len(cited) > 50
    assert cited - {"F001", "F094", "F073"} <= FACTS.keys()
    checks = set(re.findall(r"\bV\d{2}\b", (folder / "validation.yaml").read_text("utf-8")))
    sources = " ".join(parameter.source for parameter in shipped_model().parameters.values())
    assert set(re.findall(r"\bV\d{2}\b", sources)) <= checks | {"V17"}


def test_spread_is_log_normal_or_normal() -> None:
    parameters = shipped_model().parameters
    assert parameters["absorption_rate"].sigma == pytest.approx(
        math.sqrt(math.log(1 + parameters["absorption_rate"].cv ** 2))
    )
    assert parameters["sodium_baseline"].sigma == parameters["sodium_baseline"].sd > 0
    assert not shipped_model().without_spread().random
    assert "absorption_rate" in shipped_model().random
    assert "km_r" not in shipped_model().random


KI = re.search(r"ki: \{value: [^,]+, unit: umol/L, source: .*\}", TEXT)


@pytest.mark.parametrize(
    ("new", "said"),
    [
        ("ki: {value: -1, unit: umol/L, source: assumption}", "above zero"),
        ("ki: {value: 0, unit: umol/L, source: assumption}", "above zero"),
        ("ki: {value: .nan, unit: umol/L, source: assumption}", "finite"),
        ("ki: {value: five, unit: umol/L, source: assumption}", "finite number"),
        ("ki: {value: true, unit: umol/L, source: assumption}", "finite number"),
        ("ki: {unit: umol/L, source: assumption}", "value is missing"),
        ("ki: {value: 5, source: assumption}", "unit is missing"),
        ("ki: {value: 5, unit: umol/L}", "source is missing"),
        ("ki: {value: 5, unit: furlong, source: assumption}", "furlong"),
        ("ki: {value: 5, unit: L, source: assumption}", "unit must be umol/L"),
        ("ki: {value: 5, unit: umol/L, source: hearsay}", "hearsay"),
        ("ki: {value: 5, unit: umol/L, source: F042}", "F042 was not read"),
        ("ki: {value: 5, unit: umol/L, source: assumption, cv: 0.2, sd: 1}", "exclude"),
        ("ki: {value: 5, unit: umol/L, source: assumption, cv: -0.2}", "cv must be"),
        ("ki: {value: 5, unit: umol/L, source: assumption, cv: 30}", "3000 %"),
        ("ki: {value: 5, unit: umol/L, source: assumption, mood: 3}", "mood"),
        ("ki: 5", "a parameter is"),
    ],
)
def test_a_wrong_row_is_refused_by_file_line_and_name(tmp_path: Path, new: str, said: str) -> None:
    assert KI is not None
    with pytest.raises(ModelError, match=re.escape(said)) as refused:
        read_model(changed(tmp_path, KI[0], new))
    assert str(refused.value).startswith(f"parameters.yaml, line {line_of('ki')}, ki")


def test_a_misspelt_parameter_is_answered_with_the_nearest(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"line \d+, kinakt.*nearest is 'kinact'"):
        read_model(changed(tmp_path, "\n  kinact: ", "\n  kinakt: "))


def test_a_parameter_left_out_is_missed(tmp_path: Path) -> None:
    assert KI is not None
    with pytest.raises(ModelError, match=r"parameters.yaml: ki is missing"):
        read_model(changed(tmp_path, "\n  " + KI[0], ""))


def test_broken_yaml_and_other_files_are_refused(tmp_path: Path) -> None:
    broken = tmp_path / "parameters.yaml"
    broken.write_text("format: 1\nparameters: {ki: {value: 1\n", encoding="utf-8")
    with pytest.raises(ModelError, match=r"parameters.yaml, line \d"):
        read_model(broken)
    broken.write_text("format: 2\n", encoding="utf-8")
    with pytest.raises(ModelError, match="format: 1"):
        read_model(broken)
    with pytest.raises(ModelError, match=r"none\.yaml"):
        read_model(tmp_path / "none.yaml")


def test_a_copy_of_the_file_is_the_same_model(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(TEXT, encoding="utf-8")
    assert read_model(path) == shipped_model()


def test_values_can_be_changed_by_name_alone() -> None:
    model = shipped_model().with_values({"ki": 5.5})
    assert model["ki"] == 5.5
    assert model.parameters["ki"].assumed
    assert shipped_model()["ki"] != 5.5
    with pytest.raises(ModelError, match="nearest is 'ki'"):
        shipped_model().with_values({"kii": 5.0})
    with pytest.raises(ModelError, match="above zero"):
        shipped_model().with_values({"ki": 0.0})
