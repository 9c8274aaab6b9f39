from __future__ import annotations

import json

import pytest

from entact.datasets import codebook
from entact.protocol.load import load_study
from entact.protocol.release import Release, Study, canonical


def test_endpoints_say_where_they_can_be_evaluated() -> None:
    book = codebook(load_study("mapp1").newest)
    assert book.endpoints["caps5_change"].visits == ("assessment_2", "assessment_3", "assessment_4")
    assert book.endpoints["bdi2_change"].visits == ("assessment_4",)
    assert book.baselines["caps5_past_month"] == "baseline"
    assert book.experimental == ("mdma",)
    assert book.sessions == ("session_1", "session_2", "session_3")


def test_text_is_no_parameter_and_lasting_items_are_characteristics(mini: Study) -> None:
    book = codebook(mini.newest)
    assert "symptoms.remarks" not in book.parameters
    assert {"AGE", "SEX", "CAN_BE_PREGNANT"} == set(book.characteristics)
    assert "vitals.systolic" not in book.parameters
    assert book.vital_signs["systolic"].unit == "mm[Hg]"


def test_an_analysis_set_that_cannot_be_derived_is_named(mini: Study) -> None:
    data = json.loads(mini.newest.text)
    data["analysis"]["primary"]["set"] = "everyone"
    data["analysis"]["sets"]["everyone"] = "all"
    with pytest.raises(ValueError, match="'everyone' is not known"):
        codebook(Release.from_text(canonical(data)))


def test_the_versions_of_standards_are_those_of_the_file() -> None:
    named = codebook(load_study("mapp2").newest).standards
    assert named["meddra"] == "27.1"
    assert "source" not in named
    assert codebook(load_study("mapp1").newest).standards == {}


def test_ratings_of_an_open_label_track_are_no_outcome_of_the_blinded_part() -> None:
    book = codebook(load_study("life-threatening-illness").newest)
    assert book.endpoints["stai_change"].visits == ("outcome",)
