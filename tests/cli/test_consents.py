"""What became of an amendment, as the notes of an outcome table say it."""

from __future__ import annotations

import re

from tests.protocol.test_amendment import MINI, edited

from entact.cli.consents import Consents
from entact.cohort import rehearse
from entact.course import fold, read
from entact.protocol import load_study
from entact.protocol.load import amend


def test_who_consented_again_is_told_from_who_is_new() -> None:
    trial = rehearse(amend(load_study(MINI), {"1.1.yaml": edited()}), 24, seed=11)
    consents = Consents(trial.study)
    first, second = (release.id for release in trial.study.releases)
    counted = {"before": 0, "again": 0, "new": 0}
    for name, lines in trial.ledgers.items():
        if name.startswith("participant:"):
            entries = [read(line.text) for line in lines]
            consents.add(fold(trial.study, entries))
            given = [one.release for one in entries if one.kind == "consent" and one.replaces is None]
            counted["before"] += first in given
            counted["again"] += given == [first, second]
            counted["new"] += given[:1] == [second]
    (said,) = consents.remarks()
    assert all(counted.values())
    assert said.startswith("Release 1.1: approved at 2 of 2 sites from 20")
    numbers = [int(number) for number in re.findall(r"(\d+) (?:who|consented|gave)", said)]
    assert numbers == [counted["before"], counted["again"], counted["new"]]


def test_a_study_without_amendments_has_nothing_to_say() -> None:
    assert list(Consents(load_study("mapp1")).remarks()) == []
