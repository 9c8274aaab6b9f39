"""A small trial's file, to be spoilt; and a small database, simulated, in the format of Metapsy."""

from __future__ import annotations

TRIAL = """\
trial: made_up
title: Made up 2020
condition: ptsd
design: randomised
registry: [NCT00000001]
facts: {source: nowhere, confidence: read}
reports:
  first: {citation: Nobody 2020, doi: 10.1000/made.up, year: 2020}
arms:
  drug:    {title: drug, role: experimental}
  control: {title: control, role: control}
participants: {drug: 20, control: 20}
results:
  - domain: severity
    instrument: CAPS-5
    report: first
    at: week 8
    better: lower
    means: {drug: {n: 18, mean: 20.0, sd: 10.0}, control: {n: 19, mean: 25.0, sd: 11.0}}
    source: nowhere
    confidence: read
"""

HEAD = (
    "study;condition_arm1;condition_arm2;multi_arm1;multi_arm2;outcome_type;instrument;rating;primary_instrument;"
    "time_weeks;time_days;primary_timepoint;n_arm1;mean_arm1;sd_arm1;n_arm2;mean_arm2;sd_arm2;"
    "event_arm1;totaln_arm1;event_arm2;totaln_arm2;d1;d2;d3;d4;d5;rob;year;diagnosis;doi;registration_number;.g;.log_rr"
)
ROWS = (
    # one trial with values at the end and with responders; the last time alone is primary
    "Early 2001;mdma;pcb;NA;NA;msd;caps-5;clinician;1;4;28;0;30;33,5;12,5;30;35,0;11,0;NA;NA;NA;NA;"
    "Low;High;Some concerns;Low;Low;High;2001;ptsd;10.1000/early;NCT00000011;NA;NA",
    "Early 2001;mdma;pcb;NA;NA;msd;caps-5;clinician;1;18;126;1;28;20,5;12,5;27;30,0;11,0;NA;NA;NA;NA;"
    "Low;High;Some concerns;Low;Low;High;2001;ptsd;10.1000/early;NCT00000011;NA;NA",
    "Early 2001;mdma;pcb;NA;NA;response;caps-5;clinician;1;18;126;1;NA;NA;NA;NA;NA;NA;20;28;10;27;"
    "Low;High;Some concerns;Low;Low;High;2001;ptsd;10.1000/early;NCT00000011;NA;0,65677953638907",
    # two dose arms against one control
    "Later 2005;mdma;mdma;125 mg;40 mg;msd;caps-iv;clinician;1;8;56;1;12;45,5;33,5;7;76,0;23,5;NA;NA;NA;NA;"
    "NA;NA;NA;NA;NA;NA;2005;ptsd;NA;NA;NA;NA",
    "Later 2005;mdma;mdma;75 mg;40 mg;msd;caps-iv;clinician;1;8;56;1;7;24,5;17,5;7;76,0;23,5;NA;NA;NA;NA;"
    "NA;NA;NA;NA;NA;NA;2005;ptsd;NA;NA;NA;NA",
    # another instrument, which is not the primary one
    "Later 2005;mdma;mdma;75 mg;40 mg;msd;bdi;self-report;0;8;56;1;7;10,0;5,0;7;20,0;5,0;NA;NA;NA;NA;"
    "NA;NA;NA;NA;NA;NA;2005;ptsd;NA;NA;NA;NA",
)
DATABASE = "\n".join((HEAD, *ROWS)) + "\n"
