"""All of a session comes from the study file: of each study that ships, for each role that follows one."""

from __future__ import annotations

import json

import pytest
from tests.conduct.test_permissions import STUDIES
from tests.console.deno import run

from entact.conduct.permissions import permissions_of
from entact.conduct.session.rules import GATED, of_file
from entact.conduct.sight import DOSING
from entact.protocol import load_study

ASK = """
return given.map((file) => {
  const briefing = {...file, said: [], older: {}, doses: [], staff: [], encounter: "session_1#1", timed: [],
    activities: [], levels: [], lasts: null, standing: {}};
  for (const act of Object.keys(file.gates)) {
    briefing.standing[act] = {reasons: [], until: "2030-01-01", kits: []};
  }
  return Object.keys(file.gates).map((act) => it.reasonsAgainst(briefing, [], act, 0, null).length);
});
"""


@pytest.mark.parametrize("name", STUDIES)
def test_the_file_of_every_study_can_be_sent_and_asked(name: str) -> None:
    study = load_study(name)
    table = permissions_of(study)
    follow = sorted(table.roles_for("follow_session"))
    roles = [role for role in follow if table.sights[role].sees(DOSING)]
    assert "therapist" in roles
    told = [of_file(study.newest, table.sights[role], lambda form: True) for role in roles]
    sent = json.loads(json.dumps(told))
    for role, file in zip(roles, sent, strict=True):
        assert file["forms"]["vitals"]["simple"], role
        assert file["forms"]["vitals"]["items"].keys() >= {"systolic", "diastolic"}
        assert set(file["gates"]) <= set(GATED)
        arms = (
            {arm.title for arm in study.newest.file.arms.values()}
            if len(study.newest.file.arms) > 1
            else set()
        )
        assert not any(title in json.dumps(file) for title in arms)
        assert all(regimen["initial"] > 0 for regimen in file["regimens"].values())
    therapist = sent[roles.index("therapist")]
    assert set(therapist["gates"]) == set(GATED)
    # With nothing known no gate opens, whatever the study asks.
    assert all(count > 0 for file in run("course.js", ASK, sent) for count in file)
