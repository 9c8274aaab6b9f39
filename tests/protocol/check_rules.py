"""Rules of a study file that are none, or that ask for what is not there.

Each case is one edit of the small study. `§` marks the place that the problem must name, and is taken out.
"""

HYPERTENSION = "medical_monitor], assumption: limits}"
NO_ROLE = "write one of: investigator, medical_monitor, rater, therapist"

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
