"""A public database's file: read as it is, in either way of writing numbers, and every fault by its place."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.synthesis.files import DATABASE, HEAD, ROWS

from entact.analysis.meta import Means, standardised_mean_difference
from entact.synthesis import DatabaseError, NoEvidence, evidence_for, read_database, shipped_trials

COLUMNS = HEAD.split(";")


def spoilt(row: int, **cells: str) -> bytes:
    """The database with some cells of a row changed."""
    rows = [line.split(";") for line in ROWS]
    for name, text in cells.items():
        rows[row][COLUMNS.index(name.replace("dot_", "."))] = text
    return "\n".join((HEAD, *(";".join(one) for one in rows))).encode()


def faults(raw: bytes, **options: object) -> list[str]:
    with pytest.raises(DatabaseError) as found:
        read_database(raw, "data.csv", **options)  # type: ignore[arg-type]
    return str(found.value).splitlines()


def test_rows_become_trials_with_their_primary_results() -> None:
    first, second = read_database(DATABASE.encode(), "data.csv")
    assert (first.title, first.year, first.condition, first.registry) == (
        "Early 2001",
        2001,
        "ptsd",
        ["NCT00000011"],
    )
    assert [(one.domain, one.at) for one in first.results] == [
        ("severity", "week 18"),
        ("response", "week 18"),
    ]
    assert [arm.mean for arm in first.results[0].means.values()] == [20.5, 30.0]
    assert first.results[0].source == "data.csv, line 3"
    assert first.risk_of_bias.overall == "high"
    assert first.risk_of_bias.domains["deviations"] == "high"
    assert first.risk_of_bias.domains["missing"] == "some concerns"
    assert first.risk_of_bias.judged_by is not None
    assert second.risk_of_bias.overall == "not assessed"
    (result,) = second.results
    assert [second.arms[name].role for name in result.means] == ["experimental", "control", "experimental"]
    assert [arm.n for arm in result.means.values()] == [12, 7, 7]


def test_it_is_pooled_as_trials_are() -> None:
    own = evidence_for(read_database(DATABASE.encode(), "data.csv"), "ptsd").answers[0]
    assert own.pooled.k == 2
    expected = standardised_mean_difference(Means(28, 20.5, 12.5), Means(27, 30.0, 11.0))
    assert own.included[0].effect.estimate == pytest.approx(expected.estimate)
    assert own.by_arm is not None


def test_decimal_points_and_commas_between_fields_are_read_too() -> None:
    other = "\n".join(line.replace(",", ".").replace(";", ",") for line in DATABASE.splitlines())
    one, two = (read_database(text.encode(), "data.csv") for text in (DATABASE, other))
    assert one == two


def test_a_byte_order_mark_other_ends_of_lines_quotes_and_blank_lines_change_nothing() -> None:
    text = "\ufeff" + DATABASE.replace("\n", "\r\n").replace("Early 2001", '"Early 2001"') + "\r\n\r\n"
    assert read_database(text.encode(), "data.csv") == read_database(DATABASE.encode(), "data.csv")


def test_what_was_retracted_is_known_by_its_doi_though_the_format_has_no_column_for_it() -> None:
    raw = spoilt(0, doi="10.1007/s00213-019-05249-5").replace(b"10.1000/early", b"10.1007/s00213-019-05249-5")
    first, _ = read_database(raw, "data.csv", known=shipped_trials())
    assert first.retracted
    (own, *_) = evidence_for([first, *read_database(DATABASE.encode(), "data.csv")[1:]], "ptsd").answers
    assert [one.trial.title for one in own.included] == ["Later 2005"]


def test_two_active_arms_against_each_other_are_not_counted_beside_their_control() -> None:
    more = ROWS[3].replace(";40 mg;msd", ";75 mg;msd").replace("7;76,0;23,5", "7;24,5;17,5")
    raw = DATABASE.encode() + more.encode() + b"\n"
    assert read_database(raw, "data.csv") == read_database(DATABASE.encode(), "data.csv")


@pytest.mark.parametrize(
    ("row", "cells", "place", "said"),
    [
        (0, {"mean_arm1": "33.5"}, "data.csv:2:14 mean_arm1", "write 33,5"),
        (1, {"sd_arm1": "0"}, "data.csv:3:15 sd_arm1", "an SD of 0"),
        (1, {"sd_arm1": "-12,5"}, "data.csv:3:15 sd_arm1", "above 0"),
        (1, {"n_arm1": "28,5"}, "data.csv:3:13 n_arm1", "no number of people"),
        (1, {"n_arm1": "many"}, "data.csv:3:13 n_arm1", "no number; write one, or NA"),
        (1, {"mean_arm1": "nan"}, "data.csv:3:14 mean_arm1", "finite"),
        (2, {"event_arm1": "29"}, "data.csv:4:19 event_arm1", "29 events among 28"),
        (2, {"dot_log_rr": "0,3"}, "data.csv:4:34 .log_rr", "the counts beside it give 0.6568"),
        (1, {"dot_g": "0,9"}, "data.csv:3:33 .g", "the means and SDs beside it give -0.7"),
        (1, {"time_days": "18"}, "data.csv:3:11 time_days", "18 days are not 18 weeks"),
        (1, {"rating": "doctor"}, "data.csv:3:8 rating", "clinician, self-report"),
        (1, {"study": "NA"}, "data.csv:3:1 study", "is missing"),
        (1, {"time_weeks": "4", "time_days": "28"}, "data.csv:3 study", "stands in line 2 already"),
        (1, {"diagnosis": "flu"}, "data.csv:3 diagnosis", "'flu' is no condition known here"),
    ],
)
def test_every_fault_has_its_line_column_and_field(
    row: int, cells: dict[str, str], place: str, said: str
) -> None:
    found = faults(spoilt(row, **cells))
    assert any(place in line.replace(":0 ", " ") and said in line for line in found), found


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (b"", "empty"),
        (b"\xff\xfe", "not UTF-8"),
        (HEAD.encode(), "no row below the head"),
        (
            DATABASE.replace("outcome_type", "outcome_typ").encode(),
            "is missing; is it 'outcome_typ'?",
        ),
        (DATABASE.replace(";.g;", ";year;").encode(), "stands twice"),
        ((HEAD + "\n" + ROWS[0] + ";more").encode(), "35 fields where the head has 34"),
        (b"just some words\nand more", "the column is missing"),
        (DATABASE.replace("Early 2001", '"Early 2001').encode(), "no CSV"),
    ],
)
def test_what_is_no_such_file_is_refused_in_words(raw: bytes, said: str) -> None:
    assert any(said in line for line in faults(raw)), faults(raw)


def test_all_faults_are_told_at_once_and_a_condition_can_be_named() -> None:
    both = spoilt(1, sd_arm1="0", rating="doctor")
    assert len(faults(both)) == 2
    unnamed = DATABASE.replace(";ptsd;", ";NA;").encode()
    assert "name it with the command" in faults(unnamed)[0]
    assert read_database(unnamed, "data.csv", condition="ptsd")[0].condition == "ptsd"
    assert "no condition 'flu'" in faults(DATABASE.encode(), condition="flu")[0]


@given(st.data())
def test_a_spoilt_file_is_told_as_that_and_never_breaks(data: st.DataObject) -> None:
    if data.draw(st.booleans()):  # a cell becomes something else
        cells = [line.split(";") for line in DATABASE.splitlines()]
        row = data.draw(st.integers(0, len(cells) - 1))
        values = st.sampled_from(["NA", "", "0", "1", "-1", "1e400", "9,9", "9.9", "abc", "2", "1e9"])
        cells[row][data.draw(st.integers(0, len(cells[0]) - 1))] = data.draw(values)
        text = "\n".join(";".join(one) for one in cells)
    else:  # or some letters do
        start = data.draw(st.integers(0, len(DATABASE)))
        put = data.draw(st.text(alphabet="abc019;,.\"'\n \x00é", max_size=8))
        text = DATABASE[:start] + put + DATABASE[start + data.draw(st.integers(0, 12)) :]
    with suppress(DatabaseError, NoEvidence):
        evidence_for(read_database(text.encode(), "data.csv"), "ptsd")
