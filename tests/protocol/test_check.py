"""A study file whose parts are each well formed but do not fit together: what is said, and where.

Each case is one edit of the small study. `§` marks the place that the problem must name, and is taken out.
"""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from entact.protocol import StudyError, load_study

SESSION = "  - visit: session_1\n    after: preparation_2\n"
CLOSING = "  - {visit: closing, after: outcome, within: 0 .. 14 d, kind: end,"
INTEGRATION = "then: {times: 1, every: 7 d, slack: 3 d}"
PREPARATION_2 = "kind: preparatory, do: [eligibility, enrolment, randomisation]}"
HYPERTENSION = "medical_monitor], assumption: limits}"
NO_ROLE = "write one of: investigator, medical_monitor, rater, therapist"

NAMES = {
    "stratum without its form": (
        "strata: [site]",
        "strata: [site, §sex]",
        "randomisation.strata[2]: there is no stratum 'sex'; did you mean 'demographics.sex'?",
    ),
    "visit to come after": (
        SESSION,
        "  - visit: session_1\n    after: §preparation_3\n",
        "schedule.session_1.after: there is no visit or event 'preparation_3'; did you mean 'preparation_2'?",
    ),
    "visit of a fallback": (
        "or: baseline + 8 wk",
        "or: §basline + 8 wk",
        "schedule.outcome.or: there is no visit or event 'basline'; did you mean 'baseline'?",
    ),
    "form of a visit": (
        "do: [suicidality, adverse_events, guess]",
        "do: [§suicidalty, adverse_events, guess]",
        "schedule.closing.do[1]: there is no form or activity 'suicidalty'; did you mean 'suicidality'?",
    ),
    "form read at times": (
        "{do: vital_signs, at:",
        "{do: §vitalsigns, at:",
        "schedule.session_1.timed[1].do: there is no form or activity 'vitalsigns'; did you mean "
        "'vital_signs'?",
    ),
    "role of a visit": (
        "within: 0 .. 14 d, by: rater",
        "within: 0 .. 14 d, by: §raters",
        "schedule.baseline.by: there is no role 'raters'; did you mean 'rater'?",
    ),
    "form that is critical": (
        "condition: PTSD\n",
        "condition: PTSD\nverification: {critical: [consent, §symtoms], others: 0.2}\n",
        "verification.critical[2]: there is no form or activity 'symtoms'; did you mean 'symptoms'?",
    ),
    "law of a loss": (
        "condition: PTSD\n",
        "condition: PTSD\nsupply: {losses: [{title: Loss, to: x, within: 24 h, jurisdiction: §FR}]}\n",
        "supply.losses[1].jurisdiction: no site is in FR, so this report is never due; take it out",
    ),
    "time of a loss": (
        "condition: PTSD\n",
        "condition: PTSD\nsupply: {losses: [{title: Loss, to: x, within: §0}]}\n",
        "supply.losses[1].within: is no time; write how long it may take, as in '24 h'",
    ),
    "count by the hour": (
        "condition: PTSD\n",
        "condition: PTSD\nsupply: {count_every: §2 h}\n",
        "supply.count_every: stock is counted by days; write at least a day, as in '26 wk'",
    ),
    "order by the hour": (
        "condition: PTSD\n",
        "condition: PTSD\nsupply: {resupply: {lead_time: §2 h, covers: 8 wk, "
        "recruitment: {participants: 1, per: 4 wk}}}\n",
        "supply.resupply.lead_time: kits are ordered by days; write at least a day, as in '14 d'",
    ),
    "nobody is expected": (
        "condition: PTSD\n",
        "condition: PTSD\nsupply: {resupply: {lead_time: 2 wk, covers: 8 wk, "
        "recruitment: {participants: §0, per: 4 wk}}}\n",
        "supply.resupply.recruitment.participants: 0 is too small; write a number above 0",
    ),
    "order of a site that is none": (
        "condition: PTSD\n",
        "condition: PTSD\nsupply: {resupply: {lead_time: 2 wk, covers: 8 wk, "
        "recruitment: {participants: 1, per: 4 wk}, sites: {§dever: {participants: 1, per: 4 wk}}}}\n",
        "supply.resupply.sites.dever: there is no site 'dever'; did you mean 'denver'?",
    ),
    "storage upside down": (
        "condition: PTSD\n",
        "condition: PTSD\nsupply: {§storage: {lowest: 25 Cel, highest: 15 Cel}}\n",
        "supply.storage: 25 Cel is not below 15 Cel; write the lower one as `lowest`",
    ),
    "storage in Fahrenheit": (
        "condition: PTSD\n",
        "condition: PTSD\nsupply: {storage: {lowest: §59 F, highest: 25 Cel}}\n",
        "supply.storage.lowest: '59 F' is no temperature in degrees Celsius; write it as '25 Cel'",
    ),
    "item that is critical": (
        "condition: PTSD\n",
        "condition: PTSD\nverification: {critical: [§demographics.agee], others: 0.2}\n",
        "verification.critical[1]: there is no item of demographics 'agee'; did you mean 'age'?",
    ),
    "role of a form": (
        "    by: rater\n",
        "    by: §nurse\n",
        f"forms.symptoms.by: there is no role 'nurse'; {NO_ROLE}",
    ),
    "role that is told": (
        "tell: [investigator]",
        "tell: [§medical_moniter]",
        "alerts.ideation.tell[1]: there is no role 'medical_moniter'; did you mean 'medical_monitor'?",
    ),
    "nobody is told": (
        "tell: [investigator]",
        "§tell: []",
        "alerts.ideation.tell: tells nobody; write at least one role",
    ),
    "role that overrides": (
        "override: investigator + second person",
        "override: §investigators + second person",
        "gates.initial_dose.require[2].override: there is no role 'investigators'; did you mean "
        "'investigator'?",
    ),
    "role that is blinded": (
        "{role: therapist, hidden:",
        "{role: §therapists, hidden:",
        "blinding[1].role: there is no role 'therapists'; did you mean 'therapist'?",
    ),
    "class of data that is hidden": (
        "hidden: [rater_scores]",
        "hidden: [§rater_score]",
        "blinding[1].hidden[1]: there is no class of data 'rater_score'; did you mean 'rater_scores'?",
    ),
    "end of what is hidden": (
        "until: database lock",
        "until: §the lock",
        "blinding[1].until: there is no value 'the lock'; did you mean 'lock'?",
    ),
    "arm of the ratio": (
        "ratio: {mdma: 1, placebo: 1}",
        "ratio: {mdma: 1, placebo: 1, §placeb: 1}",
        "randomisation.ratio.placeb: there is no arm 'placeb'; did you mean 'placebo'?",
    ),
    "arm without a share": (
        "ratio: {mdma: 1, placebo: 1}",
        "§ratio: {mdma: 1}",
        "randomisation.ratio: the arm 'placebo' has no share; write 'placebo: 1'",
    ),
    "share of nothing": (
        "ratio: {mdma: 1, placebo: 1}",
        "ratio: {mdma: §0, placebo: 1}",
        "randomisation.ratio.mdma: 0 is no share; write a whole number from 1",
    ),
    "stratum": (
        "strata: [site]",
        "strata: [§sight]",
        "randomisation.strata[1]: there is no stratum 'sight'; did you mean 'site'?",
    ),
    "minimisation that does not say how": (
        "method: permuted_blocks",
        "method: §minimisation",
        "randomisation.method: minimisation says how it weighs; write 'minimise: {chance: 0.8}'",
    ),
    "minimisation whose next arm could be reckoned": (
        "method: permuted_blocks, strata: [site]",
        "method: minimisation, strata: [site], minimise: {chance: §1.0}",
        "randomisation.minimise.chance: 1 is no chance of it: write more than 0.5, the share of the "
        "largest arm, and less than 1, or whoever knows the arms before could reckon the next",
    ),
    "minimisation that prefers nothing": (
        "method: permuted_blocks, strata: [site]",
        "method: minimisation, strata: [site], minimise: {chance: §0.5}",
        "randomisation.minimise.chance: 0.5 is no chance of it: write more than 0.5, the share of the "
        "largest arm, and less than 1, or whoever knows the arms before could reckon the next",
    ),
    "weight of no stratum": (
        "method: permuted_blocks, strata: [site]",
        "method: minimisation, strata: [site], minimise: {chance: 0.8, weights: {§sight: 2}}",
        "randomisation.minimise.weights.sight: there is no stratum 'sight'; did you mean 'site'?",
    ),
    "blocks that weigh": (
        "strata: [site]",
        "strata: [site], §minimise: {chance: 0.8}",
        "randomisation.minimise: is said by minimisation; the method is 'permuted_blocks'",
    ),
    "time of randomisation": (
        "at: enrolment}",
        "at: §enrollment}",
        "randomisation.at: there is no visit or event 'enrollment'; did you mean 'enrolment'?",
    ),
    "regimen": (
        "regimen: full or low",
        "regimen: §full or lowest",
        "schedule.session_1.regimen: there is no regimen 'lowest'; did you mean 'low'?",
    ),
    "gate": (
        "  discharge:\n",
        "  §dischage:\n",
        "gates.dischage: there is no gate 'dischage'; did you mean 'discharge'?",
    ),
    "visit of an endpoint": (
        "at: outcome, title",
        "at: §outcomes, title",
        "endpoints.change.at: there is no visit 'outcomes'; did you mean 'outcome'?",
    ),
    "endpoint of the analysis": (
        "primary: {endpoint: change",
        "primary: {endpoint: §changes",
        "analysis.primary.endpoint: there is no endpoint 'changes'; did you mean 'change'?",
    ),
    "estimand where the plan describes none": (
        "estimand: de_jure, set: mitt",
        "estimand: §de_jur, set: mitt",
        "analysis.primary.estimand: there is no estimand 'de_jur'; did you mean 'de_jure'?",
    ),
    "analysis set": (
        "set: mitt",
        "set: §miit",
        "analysis.primary.set: there is no analysis set 'miit'; did you mean 'mitt'?",
    ),
    "arm of a contrast": (
        "contrast: mdma - placebo at outcome",
        "contrast: mdma - §placbo at outcome",
        "analysis.primary.contrast: there is no arm 'placbo'; did you mean 'placebo'?",
    ),
    "visit of a contrast": (
        "contrast: mdma - placebo at outcome",
        "contrast: mdma - placebo at §week_8",
        "analysis.primary.contrast: there is no visit 'week_8'; write one of: baseline, closing, "
        "integration_1, "
        "integration_2, outcome, preparation_1, preparation_2, screening, session_1",
    ),
    "contrast of another form": (
        "contrast: mdma - placebo at outcome",
        "contrast: §mdma vs placebo",
        "analysis.primary.contrast: 'mdma vs placebo' is no contrast; "
        "write it as in 'mdma - placebo at outcome'",
    ),
    "event term": (
        "solicited: [nausea, euphoria]",
        "solicited: [nausea, §euphory]",
        "adverse_events.solicited[2]: there is no event term 'euphory'; did you mean 'euphoria'?",
    ),
    "time zone": (
        "timezone: Asia/Jerusalem",
        "timezone: §Asia/Haifa",
        "sites.haifa.timezone: there is no time zone 'Asia/Haifa'; write an IANA name, as in "
        "'America/Denver'",
    ),
}

SENSE = {
    "enrolment twice": (
        "do: [suicidality, adverse_events, guess]",
        "do: [suicidality, §enrolment, guess]",
        "schedule.closing.do[2]: 'enrolment' happens to a person once, and is done at preparation_2; "
        "take it out",
    ),
    "randomisation twice": (
        "do: [suicidality, adverse_events, guess]",
        "do: [suicidality, guess, §randomisation]",
        "schedule.closing.do[3]: 'randomisation' happens to a person once, and is done at preparation_2; "
        "take it out",
    ),
    "unnumbered row": (
        "{visit: integration_1, after",
        "{visit: §integration, after",
        "schedule.integration.visit: the row after 'integration' cannot be named; "
        "end its name in a number, integration_1",
    ),
    "two visits of one name": (
        CLOSING,
        "  - {visit: §integration_2, after: outcome, within: 0 .. 14 d, kind: end,",
        "schedule.integration_2.visit: there are two visits 'integration_2'; give each its own name",
    ),
    "slack wider than the step": (
        INTEGRATION,
        "then: {times: 1, every: 7 d, slack: §8 d}",
        "schedule.integration_1.then.slack: is longer than `every`: a visit could come before the "
        "one it follows; "
        "make it shorter",
    ),
    "visit that waits for nothing": (
        CLOSING,
        "  - {visit: §closing, kind: end,",
        "schedule.closing.visit: this visit can never happen; write what it comes `after:`, or `opens: true`",
    ),
    "visits that wait for each other": (
        "after: washout_end, within: 0 .. 14 d",
        "after: §preparation_2, within: 0 .. 14 d",
        "schedule.baseline.after: can never happen: baseline waits for preparation_2 waits for baseline; "
        "change one `after:`",
    ),
    "visit that waits for what it brings about": (
        "after: baseline, within: 1 .. 10 d",
        "after: §enrolment, within: 1 .. 10 d",
        "schedule.preparation_2.after: can never happen: preparation_2 waits for enrolment waits for "
        "preparation_2; change one `after:`",
    ),
    "visit that waits for itself": (
        CLOSING,
        "  - {visit: closing, after: §closing, within: 0 .. 14 d, kind: end,",
        "schedule.closing.after: can never happen: closing waits for closing; change one `after:`",
    ),
    "visit named as an event": (
        CLOSING,
        "  - {visit: §enrolment, after: outcome, within: 0 .. 14 d, kind: end,",
        "schedule.enrolment.visit: an event is called 'enrolment' too; give the visit another name",
    ),
    "visit named as a form": (
        CLOSING,
        "  - {visit: §vitals, after: outcome, within: 0 .. 14 d, kind: end,",
        "schedule.vitals.visit: a form is called 'vitals' too; give the visit another name",
    ),
    "opening visit that waits": (
        "opens: true, kind",
        "opens: true, after: §consent, kind",
        "schedule.screening.after: this visit opens the study and waits for nothing; take one of the two out",
    ),
    "window before its anchor": (
        "    within: 1 .. 7 d",
        "    within: §-1 .. 7 d",
        "schedule.session_1.within: begins before what the visit waits for; begin it at 0 or later",
    ),
    "target outside the window": (
        "    within: 1 .. 7 d",
        "    within: 1 .. 7 d\n    target: §8 d",
        "schedule.session_1.target: lies outside the window; choose a target within it",
    ),
    "slack without fallback": (
        CLOSING,
        "  - {visit: closing, after: outcome, within: 0 .. 14 d, slack: §7 d, kind: end,",
        "schedule.closing.slack: belongs to an alternative; write `or:` as well, or take it out",
    ),
    "session without regimen": (
        "  - visit: session_1\n    after: preparation_2\n    within: 1 .. 7 d\n    kind: dosing\n"
        "    regimen: full or low\n",
        "  - visit: §session_1\n    after: preparation_2\n    within: 1 .. 7 d\n    kind: dosing\n",
        "schedule.session_1.visit: a dosing session needs its `regimen:`",
    ),
    "session without dose": (
        "  - visit: session_1\n    after: preparation_2\n    within: 1 .. 7 d\n    kind: dosing\n"
        "    regimen: full or low\n    lasts: 8 h\n"
        "    do: [suicidality, pregnancy_test, dose, guess, readiness]\n",
        "  - visit: §session_1\n    after: preparation_2\n    within: 1 .. 7 d\n    kind: dosing\n"
        "    regimen: full or low\n    lasts: 8 h\n    do: [suicidality, pregnancy_test, guess, readiness]\n",
        "schedule.session_1.visit: a dosing session gives a dose; add 'dose' to `do:`",
    ),
    "reading after the session": (
        "initial + 90 min, end]",
        "§initial + 9 h, end]",
        "schedule.session_1.timed[1].at[2]: 'initial + 9 h' is after the end of the session; "
        "write an earlier time, or let it last longer",
    ),
    "activity twice": (
        "do: [suicidality, adverse_events, guess]",
        "do: [suicidality, guess, §guess]",
        "schedule.closing.do[3]: 'guess' stands twice; write it once",
    ),
    "number of sessions": (
        "doses: 1\n",
        "doses: §3\n",
        "doses: 3 is not the number of dosing sessions in the schedule, 1; change one",
    ),
    "strength of no product": (
        "full: {initial: 2 x 60 mg",
        "full: {initial: §2 x 50 mg",
        "regimens.full.initial: no product has the strength '50 mg'; there are 40 mg, 60 mg: "
        "choose one, or add it to the product's `strengths:`",
    ),
    "strength of the supplement in another unit": (
        "{give: 1 x 60 mg,",
        "{give: §1 x 60 ug,",
        "regimens.full.supplement.give: no product has the strength '60 ug'; there are 40 mg, 60 mg: "
        "choose one, or add it to the product's `strengths:`",
    ),
    "strengths in two units": (
        "strengths: [40 mg, 60 mg]",
        "strengths: [40 mg, 60 mg, §80000 ug]",
        "products.capsule.strengths[3]: '80000 ug' is in ug, others in mg; a study gives all "
        "strengths in one unit",
    ),
    "placebo arm without placebo": (
        "placebo: matching}",
        "placebo: §none}",
        "products.capsule.placebo: an arm takes placebo, so there is one; write 'matching'",
    ),
    "form that nobody fills": (
        "  readiness: {items",
        "  §diary: {items: {mood: {type: integer}}}\n  readiness: {items",
        "forms.diary: no visit fills this form; add it to the `do:` of one, or take it out",
    ),
    "form named as an activity": (
        "  readiness: {items",
        "  §guess: {items: {mood: {type: integer}}}\n  readiness: {items",
        "forms.guess: 'guess' is something entact does itself; give the form another name",
    ),
    "name that no rule could say": (
        "escort: {type: boolean}}}",
        "escort: {type: boolean}, §in: {type: boolean}}}",
        "forms.readiness.items.in: 'in' is a word of the rules; choose another name",
    ),
    "gate that requires nothing": (
        "  randomisation:\n    require:\n"
        '      - {require: "symptoms.total >= 35", ever: true, '
        "else: symptoms at baseline below 35 or not rated}\n",
        "  §randomisation: {require: []}\n",
        "gates.randomisation: requires nothing; write a requirement, or take it out",
    ),
    "endpoint where nothing is measured": (
        'remission: {value: "!symptoms.diagnosis && symptoms.total <= 11", at: outcome}',
        'remission: {value: "!§symptoms.diagnosis && symptoms.total <= 11", at: closing}',
        "endpoints.remission.value: 'symptoms' is not filled at closing; "
        "add it to its `do:`, or choose another visit",
    ),
}

MORE = {
    "window of nothing": (
        "opens: true, kind",
        "opens: true, within: §0 .. 3 d, kind",
        "schedule.screening.within: a window needs what it is counted from; write `after:` as well",
    ),
    "target of the next morning": (
        "within: next morning, kind",
        "within: next morning, target: §1 d, kind",
        "schedule.integration_1.target: 'next morning' has its own target; take this one out",
    ),
    "regimen outside a session": (
        "by: rater, do: [symptoms]}\n  - {visit: preparation_2",
        "by: rater, regimen: §low, do: [symptoms]}\n  - {visit: preparation_2",
        "schedule.baseline.regimen: belongs to a dosing session; write `kind: dosing`, or take it out",
    ),
    "dose outside a session": (
        "do: [suicidality, adverse_events, guess]",
        "§do: [suicidality, dose]",
        "schedule.closing.do: a dose is given in dosing sessions alone; write `kind: dosing`, or take it out",
    ),
    "reading counted from no dose": (
        "do: [suicidality, adverse_events, guess]",
        "do: [suicidality], timed: [{do: vital_signs, at: [§initial]}]",
        "schedule.closing.timed[1].at[1]: 'initial' is counted from a dose, and this visit gives none; "
        "write 'end'",
    ),
    "form that asks nothing": (
        "suicidality: {items: {ideation: {type: integer, range: 0 .. 5}, behaviour: {type: boolean}}}",
        "suicidality: {items: {ideation: {type: integer, range: 0 .. 5}, behaviour: {type: boolean}}}\n"
        "  §adverse: {title: Nothing}",
        "forms.adverse: asks nothing; give it `items:` or an `instrument:`",
    ),
    "instrument that nobody uses": (
        "schedule:\n",
        "instruments:\n  §mood: {instrument: mood, title: Mood, recall: now, licence: free, "
        "items: [{names: q1, type: integer}], scores: {total: {sum: q1}}}\nschedule:\n",
        "instruments.mood: no form uses this instrument; take it out",
    ),
    "freshness of no time": (
        '"vitals.systolic <= 160.0", within: 30 min',
        '"vitals.systolic <= 160.0", within: §0',
        "gates.supplement.require[1].within: is no time; write how old a value may be, as in '60 min'",
    ),
    "supplement before the dose": (
        "{give: 1 x 60 mg, offer: 1 h 30 min .. 2 h after initial}",
        "{give: 1 x 60 mg, offer: §-1 h .. 2 h after initial}",
        "regimens.full.supplement.offer: begins before the initial dose; write a time after it",
    ),
}

RULES = {
    "form in place of a score": (
        "demographics.age >= 18",
        "§demographics >= 18",
        "eligibility.adult.rule: 'demographics' is a form; name one of its scores or items: "
        "demographics.age, demographics.sex, demographics.can_be_pregnant",
    ),
    "and": (
        "demographics.age >= 18",
        "demographics.age >= 18 §and demographics.age < 80",
        "eligibility.adult.rule: 'and' is no part of rules; write &&",
    ),
    "one equals sign": (
        "demographics.age >= 18",
        "demographics.age §= 18",
        "eligibility.adult.rule: '=' is no part of rules; write ==",
    ),
    "at least, as it is printed": (
        "demographics.age >= 18",
        "demographics.age §\N{GREATER-THAN OR EQUAL TO} 18",
        "eligibility.adult.rule: '\N{GREATER-THAN OR EQUAL TO}' is no part of rules; write >=",
    ),
    "visit that a value is compared with": (
        "symptoms.total - baseline.symptoms.total",
        "symptoms.total - §basline.symptoms.total",
        "endpoints.change.value: there is no visit 'basline'; did you mean 'baseline'?",
    ),
    "item": (
        '"vitals.systolic <= 160.0"',
        '"§vitals.sistolic <= 160.0"',
        "gates.supplement.require[1].require: unknown name 'vitals.sistolic'; did you mean "
        "'vitals.systolic'?",
    ),
    "later item in single quotes": (
        "\"present('therapist') >= 2\"",
        "'present(''therapist'') >= 2 && §vitals.pulse > 1.0'",
        "gates.initial_dose.require[3].require: there is no 'vitals.pulse'; name one of its "
        "scores or items: vitals.systolic, vitals.diastolic, vitals.heart_rate, vitals.temperature",
    ),
    "argument": (
        "\"present('therapist') >= 2\"",
        "\"§present('therapst') >= 2\"",
        "gates.initial_dose.require[3].require: unknown argument 'therapst' of present; did you mean "
        "'therapist'?",
    ),
    "type": (
        '"vitals.systolic <= 160.0"',
        '"vitals.systolic §<= 160"',
        "gates.supplement.require[1].require: <= does not apply to double and int; write 160.0",
    ),
    "text item": (
        'when: "suicidality.ideation >= 4 || suicidality.behaviour"',
        "when: \"suicidality.ideation >= 4 || §symptoms.remarks == ''\"",
        "alerts.ideation.when: 'symptoms.remarks' is a text, and rules know no text, dates, times or files",
    ),
    "not true or false": (
        '"demographics.age >= 18"',
        '"§demographics.age + 18"',
        "eligibility.adult.rule: the rule gives int, but bool is needed",
    ),
    "visit in a gate": (
        '"symptoms.total >= 35", ever: true',
        '"§baseline.symptoms.total >= 35", ever: true',
        "gates.randomisation.require[1].require: only an endpoint may name a visit; "
        "leave it out, and say `ever: true` or `within:`",
    ),
    "visit in a criterion": (
        '"demographics.age >= 18"',
        '"§screening.demographics.age >= 18"',
        "eligibility.adult.rule: a criterion reads the newest value before it is decided: "
        "leave the visit out",
    ),
    "visit where the form is not filled": (
        '"symptoms.total - baseline.symptoms.total"',
        '"symptoms.total - §screening.symptoms.total"',
        "endpoints.change.value: 'symptoms' is not filled at screening; "
        "add it to its `do:`, or choose another visit",
    ),
    "form of another encounter": (
        '"symptoms.total >= 35", ever: true',
        '"§symptoms.total >= 35"',
        "gates.randomisation.require[1].require: 'symptoms' is not filled at preparation_2, where "
        "this gate is "
        "asked; say how old it may be with `within:`, write "
        "`ever: true`, or `lasting: true` on a form of what stays true of a person",
    ),
    "form at none of the sessions": (
        '"readiness.oriented && readiness.escort"',
        '"readiness.oriented && §symptoms.diagnosis"',
        "gates.discharge.require[2].require: 'symptoms' is not filled at session_1, where this gate "
        "is asked; "
        "say how old it may be with `within:`, write "
        "`ever: true`, or `lasting: true` on a form of what stays true of a person",
    ),
    "between two sessions": (
        "  discharge:\n",
        '  next_session: {require: [{require: "§suicidality.ideation < 4", else: too much}]}\n  discharge:\n',
        "gates.next_session.require[1].require: 'suicidality' is not filled between two visits, when "
        "this gate is "
        "asked; say how old it may be with `within:`, write "
        "`ever: true`, or `lasting: true` on a form of what stays true of a person",
    ),
    "who is in the room, at discharge": (
        '"readiness.oriented && readiness.escort"',
        "\"readiness.oriented && §present('therapist') >= 1\"",
        "gates.discharge.require[2].require: who is in the room keeps nobody from leaving; write that as "
        "a requirement of its own, which is then found and not refused",
    ),
    "an override by nobody in particular": (
        "override: investigator + second person",
        "override: §second person",
        "gates.initial_dose.require[2].override: nobody answers for it; write a role too, as in "
        "'investigator + second person'",
    ),
    "an override allowed to nobody": (
        "override: investigator + second person",
        "override_allowed_in: §section 7.4",
        "gates.initial_dose.require[2].override_allowed_in: nobody may set this aside; write "
        "'override:' with who may, or take it out",
    ),
    "an episode that ends while it holds": (
        HYPERTENSION,
        "medical_monitor], rearm: §vitals.systolic < 190.0}",
        "alerts.hypertension.rearm: may hold while the alert does; write limits for all that `when` "
        "names, below its own",
    ),
    "an alert that always calls, and its episode": (
        'when: "vitals.systolic >= 180.0 || vitals.diastolic >= 110.0", title: Very high blood pressure',
        'when: §"vitals.systolic >= 58.0 || vitals.diastolic >= 110.0", '
        "rearm: vitals.systolic < 170.0 && vitals.diastolic < 100.0, title: High",
        "alerts.hypertension.when: holds of nearly everything, also where `rearm` does; write from which "
        "value on",
    ),
    "an episode that ends by half of what it is about": (
        HYPERTENSION,
        "medical_monitor], rearm: §vitals.systolic < 170.0}",
        "alerts.hypertension.rearm: may hold while the alert does; write limits for all that `when` "
        "names, below its own",
    ),
    "an episode that never ends": (
        HYPERTENSION,
        "medical_monitor], rearm: §vitals.systolic < 170.0 && vitals.systolic > 175.0}",
        "alerts.hypertension.rearm: can never hold, so an episode never ends",
    ),
    "a limit of an episode that is misspelt": (
        HYPERTENSION,
        "medical_monitor], rearm: §vitals.sistolic < 170.0}",
        "alerts.hypertension.rearm: unknown name 'vitals.sistolic'; did you mean 'vitals.systolic'?",
    ),
    "an escalation without a time or a rule": (
        HYPERTENSION,
        "medical_monitor], escalate: [§{tell: [investigator]}]}",
        "alerts.hypertension.escalate[1]: is one step; write either 'after: 10 min' or 'when:' with a rule",
    ),
    "an escalation to nobody": (
        HYPERTENSION,
        "medical_monitor], escalate: [{after: 10 min, §tell: []}]}",
        "alerts.hypertension.escalate[1].tell: tells nobody; write at least one role",
    ),
    "an escalation to a role that there is not": (
        HYPERTENSION,
        "medical_monitor], escalate: [{after: 10 min, tell: [§nurse]}]}",
        f"alerts.hypertension.escalate[1].tell[1]: there is no role 'nurse'; {NO_ROLE}",
    ),
    "an escalation for what cannot be": (
        HYPERTENSION,
        "medical_monitor], escalate: [{when: vitals.systolic >= §400.0, tell: [investigator]}]}",
        "alerts.hypertension.escalate[1].when: 400 is beyond what vitals.systolic can be, 50 to 300: this "
        "always comes out the same",
    ),
    "an answer that lasts no time": (
        HYPERTENSION,
        "medical_monitor], again: §0 min}",
        "alerts.hypertension.again: is no time; write a duration, as in '10 min'",
    ),
    "a confirmation that concerns nobody else": (
        "urgency: now, tell: [investigator]}",
        "urgency: now, tell: [investigator], confirm: §5 min}",
        "alerts.ideation.confirm: is for those who are called once it is confirmed; `tell:` has nobody but "
        "the first",
    ),
    "fresh and ever": (
        '"vitals.systolic <= 160.0", within: 30 min',
        '"vitals.systolic <= 160.0", within: 30 min, ever: §true',
        "gates.supplement.require[1].ever: contradicts `within`; take one of the two out",
    ),
    "fresh nothing": (
        "\"present('therapist') >= 2\"",
        "\"present('therapist') >= 2\", within: §1 h",
        "gates.initial_dose.require[3].within: the rule names no item that could be old; take it out",
    ),
}


@pytest.mark.parametrize("case", [*NAMES, *SENSE, *MORE, *RULES])
def test_what_does_not_fit_names_the_place_and_what_would_be_right(
    case: str, edit_gives: Callable[[str, str, str], None]
) -> None:
    edit_gives(*{**NAMES, **SENSE, **MORE, **RULES}[case])


def test_what_has_to_be_fresh_for_the_first_dose_is_measured_before_it(
    mini: str, problems_of: Callable[[str], list[str]], tmp_path: Path
) -> None:
    late = mini.replace("[before initial, initial + 90 min, end]", "[initial + 90 min, end]")
    (problem,) = problems_of(late)
    assert problem.endswith(
        "'vitals' is not filled at session_1 before the initial dose; add 'vital_signs' to its `do:`, "
        "or to its `timed:` at 'before initial'"
    )
    earlier = tmp_path / "earlier.yaml"
    for within in ("7 d", "24 h"):  # what may be a day old can be from an earlier visit
        earlier.write_text(late.replace("        within: 60 min\n", f"        within: {within}\n"))
        assert load_study(earlier).name == "mini"
    (problem,) = problems_of(late.replace("        within: 60 min\n", "        within: 23 h\n"))
    assert "'vitals' is not filled at session_1" in problem


def test_a_reading_at_the_very_end_of_the_session_is_one_of_it(
    mini: str, problems_of: Callable[[str], list[str]], tmp_path: Path
) -> None:
    last = tmp_path / "last.yaml"
    last.write_text(mini.replace("initial + 90 min, end]", "initial + 8 h, end]"))
    assert load_study(last).name == "mini"
    (problem,) = problems_of(mini.replace("initial + 90 min, end]", "initial + 481 min, end]"))
    assert "is after the end of the session" in problem


def test_a_supplement_may_be_offered_from_the_initial_dose_on(mini: str, tmp_path: Path) -> None:
    at_once = tmp_path / "at_once.yaml"
    at_once.write_text(mini.replace("1 h 30 min .. 2 h after initial", "0 h .. 2 h after initial"))
    assert load_study(at_once).name == "mini"


def test_an_abbreviation_is_no_time_zone(edit_gives: Callable[[str, str, str], None]) -> None:
    message = "sites.denver.timezone: there is no time zone 'EST'; write an IANA name, as in 'America/Denver'"
    edit_gives("timezone: America/Denver", "timezone: §EST", message)


def test_an_instrument_as_its_title_has_it_is_recognised(
    mini: str, problems_of: Callable[[str], list[str]]
) -> None:
    text = mini.replace("  readiness: {items", "  mood: {instrument: PCL-5}\n  readiness: {items")
    (problem,) = problems_of(text)
    assert problem.endswith("forms.mood.instrument: there is no instrument 'PCL-5'; did you mean 'pcl5'?")


def test_a_key_twice_of_which_the_first_has_no_value_is_no_accident(
    problems_of: Callable[[str], list[str]],
) -> None:
    assert problems_of("study:\nstudy: mini\n") == [
        "study.yaml:1:1 study: 'study' has no value; write one, or take the key out",
        "study.yaml:2:1 study: the key 'study' stands twice; the first is in line 1",
    ]


def test_an_instrument_that_nobody_has_is_named(mini: str, problems_of: Callable[[str], list[str]]) -> None:
    text = mini.replace("  readiness: {items", "  mood: {instrument: bdi}\n  readiness: {items")
    text = text.replace("do: [suicidality, adverse_events, guess]", "do: [suicidality, mood]")
    line = text[: text.index("mood")].count("\n") + 1
    assert problems_of(text) == [
        f"study.yaml:{line}:22 forms.mood.instrument: there is no instrument 'bdi'; did you mean 'bdi2'?"
    ]


@pytest.mark.parametrize(
    ("scores", "message"),
    [
        ("{total: {summ: q1}}", "scores.total.summ: there is no key 'summ'; did you mean 'sum'?"),
        (
            "{total: {sum: q2}}",
            "instruments.mood.scores.total: there is no item or earlier score 'q2'; write one of: q1",
        ),
        (
            "{total: {sum: q1 .. q2}}",
            "instruments.mood.scores.total: there is no item or earlier score 'q2'",
        ),
        ("{total: {rule: q2 > 1}}", "unknown name 'q2'"),
    ],
)
def test_an_instrument_of_the_study_itself_is_checked_as_well(
    scores: str, message: str, mini: str, problems_of: Callable[[str], list[str]]
) -> None:
    text = mini.replace("  readiness: {items", "  mood: {instrument: mood}\n  readiness: {items")
    text = text.replace("do: [suicidality, adverse_events, guess]", "do: [suicidality, mood]")
    mood = "instrument: mood, title: Mood, recall: now, licence: free, items: [{names: q1, type: integer}]"
    text = text.replace("schedule:\n", f"instruments:\n  mood: {{{mood}, scores: {scores}}}\nschedule:\n")
    (found,) = problems_of(text)
    assert message in found
    assert "instruments.mood" in found


def test_an_item_may_not_take_the_name_of_one_of_its_instrument(
    mini: str, problems_of: Callable[[str], list[str]]
) -> None:
    text = mini.replace(
        "  readiness: {items",
        "  mood: {instrument: bdi2, items: {total: {type: integer}}}\n  readiness: {items",
    )
    text = text.replace("do: [suicidality, adverse_events, guess]", "do: [suicidality, mood]")
    (found,) = problems_of(text)
    assert found.endswith(
        "forms.mood.items.total: 'bdi2' has an item or score 'total' already; choose another name"
    )


@pytest.mark.parametrize("activity", ["consent", "eligibility", "enrolment", "randomisation"])
def test_a_schedule_without_what_the_hard_core_asks_for_is_refused(
    activity: str, mini: str, problems_of: Callable[[str], list[str]]
) -> None:
    text = re.sub(rf"(?<=\[){activity}, |, {activity}(?=[,\]])", "", mini)
    line = text[: text.index("\nschedule:")].count("\n") + 2
    assert (
        f"study.yaml:{line}:1 schedule: no visit does {activity!r}, and without it no dose may be given; "
        "add it to a `do:`"
    ) in problems_of(text)


def test_an_event_that_nobody_brings_about_never_comes(
    mini: str, problems_of: Callable[[str], list[str]]
) -> None:
    text = mini.replace("do: [eligibility, enrolment, randomisation]", "do: [eligibility, randomisation]")
    text = text.replace("after: outcome, within", "after: enrolment, within")
    assert any(
        problem.endswith(
            "schedule.closing.after: can never happen: no visit does 'enrolment'; add it to a `do:`, "
            "or change `after:`"
        )
        for problem in problems_of(text)
    )


def test_an_enrolment_in_a_row_of_visits_would_happen_again(
    mini: str, problems_of: Callable[[str], list[str]]
) -> None:
    text = mini.replace("[eligibility, enrolment, randomisation]", "[eligibility, randomisation]")
    text = text.replace("slack: 3 d}, do: [suicidality,", "slack: 3 d}, do: [enrolment,")
    text = text.replace("at: enrolment}", "at: session_1}")
    found = [problem.partition(" ")[2] for problem in problems_of(text)]
    message = "'enrolment' happens to a person once, and this visit is repeated; move it"
    assert f"schedule.integration_1.do[1]: {message}" in found
    assert len(found) == 3  # and it comes after the randomisation and the dose


def test_two_populations_are_enrolled_each_at_a_visit_of_its_own() -> None:
    visits = load_study("eating-disorders").newest.visits.values()
    assert sum("enrolment" in visit.activities for visit in visits) == 2


def test_a_washout_that_is_not_described_never_ends(
    mini: str, problems_of: Callable[[str], list[str]]
) -> None:
    start = mini.index("washout:\n")
    text = mini[:start] + mini[mini.index("\nendpoints:") :]
    (found,) = problems_of(text)
    assert found.endswith(
        "schedule.baseline.after: the study does not say when a washout ends; add a `washout:` block"
    )


def test_sessions_closer_than_the_dose_interval_contradict_it(
    mini: str, problems_of: Callable[[str], list[str]]
) -> None:
    session = mini[mini.index("  - visit: session_1") : mini.index("  - {visit: integration_1")]
    second = session.replace("session_1", "session_2").replace("preparation_2", "session_1")
    text = mini.replace(session, session + second).replace(
        "doses: 1\n", "doses: 2\ndose_interval: 21 .. 35 d\n"
    )
    (found,) = problems_of(text)
    assert found.endswith(
        "schedule.session_2.within: contradicts `dose_interval`: no day lies in both; change one of them"
    )


def test_sources_are_looked_up_where_a_file_lists_them(
    mini: str, problems_of: Callable[[str], list[str]]
) -> None:
    text = mini.replace("condition: PTSD", "condition: PTSD\nsources: {mitchell2021: An article}")
    text = text.replace("{title: Nausea}", "{title: Nausea, source: F015 mitchel2021}")
    line = text[: text.index("F015")].count("\n") + 1
    (found,) = problems_of(text)
    assert found.startswith(f"study.yaml:{line}:")
    assert found.endswith("nausea.source: there is no source 'mitchel2021'; did you mean 'mitchell2021'?")


def test_in_a_rule_of_many_lines_the_line_is_named(
    mini: str, problems_of: Callable[[str], list[str]]
) -> None:
    text = mini.replace(
        '  adult:     {kind: inclusion, text: At least 18 years old, rule: "demographics.age >= 18"}',
        "  adult:\n    kind: inclusion\n    text: At least 18\n    rule: |\n"
        "      demographics.age >= 18 &&\n      demographics.agee <= 99\n",
    )
    line = text[: text.index("demographics.agee")].count("\n") + 1
    assert problems_of(text) == [
        f"study.yaml:{line}:7 eligibility.adult.rule: unknown name 'demographics.agee'; "
        "did you mean 'demographics.age'?"
    ]


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(draw=st.data())
def test_no_exchange_of_parts_gives_anything_but_a_study_or_problems(
    draw: st.DataObject, mini: str, tmp_path: Path
) -> None:
    """Parts taken out, doubled or exchanged for others of the same file: problems, and never a traceback."""
    data = YAML(typ="safe", pure=True).load(mini)
    for _ in range(draw.draw(st.integers(1, 3))):
        places = list(parts(data))
        holder, key = draw.draw(st.sampled_from(places))
        match draw.draw(st.sampled_from(["take out", "exchange", "double"])):
            case "take out":
                del holder[key]
            case "exchange":
                other, place = draw.draw(st.sampled_from(places))
                holder[key] = copy.deepcopy(other[place])
            case _ if isinstance(holder, list):
                holder.append(copy.deepcopy(holder[key]))
            case _:
                holder[draw.draw(st.sampled_from(["arms", "in", "extra", "vitals"]))] = copy.deepcopy(
                    holder[key]
                )
    path = tmp_path / "study.yaml"
    path.write_text(json.dumps(data), encoding="utf-8")
    try:
        release = load_study(path).newest
    except StudyError:
        return
    assert release.gates.keys() == release.file.gates.keys()
    assert release.endpoints.keys() == release.file.endpoints.keys()


def parts(data: Any) -> Iterator[tuple[Any, Any]]:
    if isinstance(data, dict | list):
        for key in list(data) if isinstance(data, dict) else range(len(data)):
            yield data, key
            yield from parts(data[key])


def test_at_discharge_who_is_in_the_room_may_stand_by_itself(tmp_path: Path, mini: str) -> None:
    path = tmp_path / "study.yaml"
    alone = "      - {require: \"present('therapist') >= 1\", else: no therapist}\n"
    ready = '      - {require: "readiness.oriented'
    path.write_text(mini.replace(ready, alone + ready), encoding="utf-8")
    assert len(load_study(path).newest.gates["discharge"].requirements) == 3


RESUPPLY = (
    "condition: PTSD\n"
    "supply: {resupply: {lead_time: 2 wk, covers: 8 wk, recruitment: {participants: 1, per: 4 wk}}}\n"
)
NOBODY_KNOWS = {
    "minimisation": ("method: permuted_blocks", "method: minimisation", "a study that minimises has no kits"),
    "no site": ("strata: [site]", "strata: []", "the list is not stratified by site"),
    "no window": ("within: 1 .. 7 d\n    kind: dosing", "kind: dosing", "in_date_for: windows do not say"),
}


@pytest.mark.parametrize("name", NOBODY_KNOWS)
def test_kits_are_ordered_only_where_it_is_known_before_which_are_needed(
    name: str, mini: str, problems_of: Callable[[str], list[str]]
) -> None:
    """For the rows of a list of each site, and as long as the windows say."""
    old, new, why = NOBODY_KNOWS[name]
    text = mini.replace("condition: PTSD\n", RESUPPLY)
    found = next(one for one in problems_of(text.replace(old, new)) if "supply" in one)
    assert found.startswith("study.yaml:7:")
    assert why in found


def test_a_day_is_the_shortest_time_by_which_kits_are_ordered(mini: str, tmp_path: Path) -> None:
    shortest = tmp_path / "shortest.yaml"
    days = "{lead_time: 1 d, covers: 1 d, in_date_for: 1 d, recruitment: {participants: 1, per: 1 d}}"
    shortest.write_text(mini.replace("condition: PTSD\n", f"condition: PTSD\nsupply: {{resupply: {days}}}\n"))
    assert load_study(shortest).newest.file.supply is not None
