"""What a ledger can be called."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from entact.course.entry.name import LONGEST, is_ledger_name
from entact.protocol import StudyError, load_study

MINI = Path(__file__).parents[2] / "studies" / "mini"

HOSTILE = [
    "participant:a/b", "participant:", "participant:a\nb", "participant:a\n", "participant:..",
    "participant:a..b", "participant:.", "participant:a.", "participant:.a", "participant:-a",
    "participant: a", "participant:ä",
    "participant:а", "participant:a\u200b", "participant:a\u202eb", "participant:a\0", "participant:a:b",
    "participant:a\\b", "participant:a?b", "participant:%2e", "Participant:a", "person:a", "", ":", "a",
    "site:", "study:", "system:", "system:A", "participant:" + "a" * 100, "participant:\ud800",
    "participant:a'b", "participant:a;b", 'participant:a"b', "participant:١", "participant:a\u00a0",
]  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_what_it_cannot_be(name: str) -> None:
    assert not is_ledger_name(name)


@pytest.mark.parametrize(
    "name",
    ["participant:" + "0a" * 16, "participant:a", "site:01", "site:denver", "study:mapp1", "study:a-b_c",
     "system", "system:received", "site:St.Gallen-2"],
)  # fmt: skip
def test_what_it_can_be(name: str) -> None:
    assert is_ledger_name(name)


@pytest.mark.parametrize("site", ["a/b", "..", "a b", "é", "a.", "x" * 61, "a\n"])
def test_no_site_is_called_what_its_ledger_cannot_be(site: str, tmp_path: Path) -> None:
    text = (MINI / "study.yaml").read_text()
    assert "\n  denver:" in text
    shutil.copytree(MINI, tmp_path / "mini")
    (tmp_path / "mini" / "study.yaml").write_text(text.replace("\n  denver:", f"\n  {json.dumps(site)}:"))
    with pytest.raises(StudyError, match="cannot be a site's id"):
        load_study(tmp_path / "mini")


@given(text=st.text() | st.from_regex(re.compile(r"(participant|site|study|system):.*"), fullmatch=True))
def test_a_name_is_short_plain_and_leads_nowhere_else(text: str) -> None:
    if is_ledger_name(text):
        assert text.isascii()
        assert text.isprintable()
        assert len(text) <= LONGEST
        assert not set(text) & set("/\\?#%\"' ")
        assert ".." not in text
