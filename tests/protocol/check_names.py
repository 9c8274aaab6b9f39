"""Names in a study file that lead nowhere.

Each case is one edit of the small study. `§` marks the place that the problem must name, and is taken out.
"""

SESSION = "  - visit: session_1\n    after: preparation_2\n"
NO_ROLE = "write one of: investigator, medical_monitor, rater, therapist"

NAMES = {
    "stratum without its form": (
        "strata: [site]",
        "strata: [site, §sex]",
        "randomisation.strata[2]: there is no stratum 'sex'; did you mean 'demographics.sex'?",
    ),
    "event that is asked for twice": (
        "solicited: [nausea, euphoria]",
        "solicited: [nausea, euphoria, §nausea]",
        "adverse_events.solicited[3]: 'nausea' stands there already; take one of them out",
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
    "an activity that a gate waits for": (
        "{do: vital_signs, at: [before",
        "{do: §vital_sign, at: [before",
        "schedule.session_1.timed[1].do: there is no form or activity 'vital_sign'; did you mean "
        "'vital_signs'?",
    ),
    "what a value is counted from": (
        "at: outcome, title: Change of the total}",
        "at: outcome, §after: session_1, title: Change of the total}",
        "endpoints.change.after: belongs to the time until an 'event'; take it out",
    ),
    "label of an answer that is none": (
        "of: [female, male]}",
        "of: [female, male], labels: {female: Woman, male: Man, §femal: Woman}}",
        "forms.demographics.items.sex.labels.femal: there is no answer 'femal'; did you mean 'female'?",
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
