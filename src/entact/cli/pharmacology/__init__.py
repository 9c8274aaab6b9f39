"""`entact dose` and its kin: what the open model says of a regimen. Thin, and imported late."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer

Initial = Annotated[str, typer.Option(help="Initial dose with its form: '120 mg HCl', '1.5 mg/kg base'.")]
Supplement = Annotated[str | None, typer.Option(help="Supplement and its time: '60 mg HCl @ 2 h'.")]
Then = Annotated[
    list[str] | None, typer.Option(help="A further dose: '100 mg HCl @ 24 h'; may be said again.")
]
Enantiomer = Annotated[str, typer.Option(help="racemic, R or S.")]
Food = Annotated[str, typer.Option(help="fasted or fed.")]
Water = Annotated[str, typer.Option(help="free or restricted.")]
Weight = Annotated[str | None, typer.Option(help="Body weight: '70 kg', '154 lb'.")]
Sex = Annotated[str | None, typer.Option(help="female or male.")]
Age = Annotated[float | None, typer.Option(help="Years.")]
Cyp2d6 = Annotated[
    str | None, typer.Option(help="poor, intermediate, extensive, ultrarapid, or an activity score.")
]
With = Annotated[
    list[str] | None,
    typer.Option(
        "--with", help="A medicine: 'sertraline 100 mg, last taken 10 d before'; may be said several times."
    ),
]
People = Annotated[
    int | None, typer.Option("--population", min=1, max=1_000_000, help="So many people, else one person.")
]
Seed = Annotated[int, typer.Option(min=0, max=2**63 - 1, help="From which the people are drawn.")]
Limits = Annotated[
    list[str] | None,
    typer.Option("--limit", help="systolic=160, or 'sodium<135'; may be said several times."),
]
Drug = Annotated[str, typer.Option("--drug", help="MDMA, or MDA swallowed itself.")]
Until = Annotated[str | None, typer.Option(help="How long to simulate: '24 h', '2 d'.")]
Kind = Annotated[str, typer.Option("--people", help="healthy (volunteers) or patients (of the trials).")]
Pressure = Annotated[str | None, typer.Option(help="At rest: '135/85 mmHg'.")]
HeartRate = Annotated[float | None, typer.Option(help="At rest, 1/min.")]
Threads = Annotated[int, typer.Option(min=1, max=256, help="The numbers are the same for any.")]
Plot = Annotated[Path | None, typer.Option(help="Write a picture: .svg, .png, or .html.", dir_okay=False)]
AsJson = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]


def dose(
    initial: Annotated[
        str | None, typer.Option(help="Initial dose with its form: '120 mg HCl', '1.5 mg/kg base'.")
    ] = None,
    study: Annotated[
        str | None,
        typer.Option(help="A study: how often its alert limits will be crossed, in its own sessions."),
    ] = None,
    supplement: Supplement = None,
    then: Then = None,
    enantiomer: Enantiomer = "racemic",
    drug: Drug = "MDMA",
    food: Food = "fasted",
    water: Water = "free",
    weight: Weight = None,
    sex: Sex = None,
    age: Age = None,
    cyp2d6: Cyp2d6 = None,
    medicine: With = None,
    population: People = None,
    people: Kind = "healthy",
    pressure: Pressure = None,
    heart_rate: HeartRate = None,
    seed: Seed = 1,
    limit: Limits = None,
    substrate: Annotated[
        list[str] | None,
        typer.Option(help="A medicine that CYP2D6 clears: how much longer it stays; may be said again."),
    ] = None,
    until: Until = None,
    threads: Threads = 1,
    plot: Plot = None,
    as_json: AsJson = False,
) -> None:
    """Say what a dose does in a person or a population: plasma, hormones, feeling, heart. Research software.

    A dose says its form: 120 mg of the hydrochloride hold 101 mg of base.
    """
    from entact.cli.pharmacology.dose import answer, as_data, print_answer
    from entact.cli.pharmacology.question import Question

    if plot is not None:
        from entact.report.pictures.sheet import check_suffix

        check_suffix(plot)
    if study is not None:
        given = (initial, supplement, then, limit, substrate, until)
        usual = (enantiomer, food, water, drug) == ("racemic", "fasted", "free", "MDMA")
        if any(given) or not usual:
            raise typer.BadParameter("--study has its own doses and limits: leave those options out")
        from entact.cli.pharmacology import study as asked
        from entact.cli.pharmacology.question import find_people

        who = find_people(
            population or asked.PEOPLE,
            seed,
            weight,
            sex,
            age,
            cyp2d6,
            medicine or (),
            people,
            pressure,
            heart_rate,
        )
        crossed = asked.ask_study(study, who, threads=threads)
        if plot is not None:
            from entact.report.pictures.sheet import write_sheet

            write_sheet(asked.draw(crossed), plot)
        if as_json:
            _print_json(asked.as_data(crossed))
        else:
            asked.print_study(crossed)
            if plot is not None:
                typer.echo(str(plot))
        return
    if initial is None:
        raise typer.BadParameter("say --initial, like '120 mg HCl', or --study, like mapp1")
    question = Question(
        initial, supplement, then or (), enantiomer, food, water, weight, sex, age, cyp2d6, medicine or (),
        population, seed, limit or (), substrate or (), people, pressure, heart_rate, drug,
    )  # fmt: skip
    found = answer(question, until=until, threads=threads, picture=plot is not None)
    if plot is not None:
        from entact.cli.pharmacology.dose import to_be_drawn
        from entact.report.pictures.dose import dose_sheet
        from entact.report.pictures.sheet import write_sheet

        write_sheet(dose_sheet(to_be_drawn(found)), plot)
    if as_json:
        _print_json(as_data(found))
    else:
        print_answer(found)
        if plot is not None:
            typer.echo(str(plot))


def compare(
    regimens: Annotated[
        list[str], typer.Argument(metavar="REGIMEN...", help="'120 mg HCl + 60 mg HCl @ 2 h'; up to eight.")
    ],
    limit: Limits = None,
    by: Annotated[
        list[str] | None,
        typer.Option(
            help="Ask limits by sex, age, weight, cyp2d6 or with, as 'weight=50 kg,90 kg'; may be said again."
        ),
    ] = None,
    at: Annotated[
        list[str] | None,
        typer.Option(help="Give the supplement at this time instead, like '1.5 h'; may be said again."),
    ] = None,
    weight: Weight = None,
    sex: Sex = None,
    age: Age = None,
    cyp2d6: Cyp2d6 = None,
    medicine: With = None,
    people: Kind = "healthy",
    pressure: Pressure = None,
    heart_rate: HeartRate = None,
    population: Annotated[int, typer.Option(min=10, max=1_000_000, help="So many people.")] = 1000,
    seed: Seed = 1,
    until: Until = None,
    threads: Threads = 1,
    plot: Plot = None,
    as_json: AsJson = False,
) -> None:
    """Set regimens side by side in the same people, and say how likely limits are crossed. Research software.

    A covariate of --by is set to each of its levels in everyone, so that levels differ by it alone.
    """
    from entact.cli.pharmacology.compare import as_data, print_comparison
    from entact.cli.pharmacology.compare import compare as compare_regimens
    from entact.cli.pharmacology.question import find_people

    if plot is not None:
        from entact.report.pictures.sheet import check_suffix

        check_suffix(plot)
    drawn = find_people(
        population, seed, weight, sex, age, cyp2d6, medicine or (), people, pressure, heart_rate
    )
    compared = compare_regimens(
        regimens, drawn, limits=limit or (), by=by or (), times=at or (), until=until, threads=threads
    )
    if plot is not None:
        from entact.cli.pharmacology.compare import to_be_drawn
        from entact.report.pictures.comparison import comparison_sheet
        from entact.report.pictures.sheet import write_sheet

        write_sheet(comparison_sheet(to_be_drawn(compared)), plot)
    if as_json:
        _print_json(as_data(compared))
    else:
        print_comparison(compared)
        if plot is not None:
            typer.echo(str(plot))


def validate(
    subject: Annotated[str, typer.Argument(help="What is checked: pharmacology.")],
    persons: Annotated[
        int, typer.Option(min=100, max=1_000_000, help="Virtual subjects where a share is asked for.")
    ] = 20_000,
    seed: Annotated[int, typer.Option(min=0, max=2**62, help="From which they are drawn.")] = 20_260_101,
    threads: Threads = 1,
    as_json: AsJson = False,
) -> None:
    """Show what was published beside what the open model says; ends with 1 where a check fails.

    All checks are made with the one set of numbers that is shipped. Research software.
    """
    from entact.cli.pharmacology.validate import as_data, print_checks, run_checks

    found = run_checks(subject, persons=persons, seed=seed, threads=threads)
    if as_json:
        _print_json(as_data(found))
    else:
        print_checks(found)
    if found.failed:
        raise typer.Exit(1)


def sensitivity(
    initial: Initial,
    supplement: Supplement = None,
    then: Then = None,
    enantiomer: Enantiomer = "racemic",
    drug: Drug = "MDMA",
    food: Food = "fasted",
    water: Water = "free",
    weight: Weight = None,
    sex: Sex = None,
    age: Age = None,
    cyp2d6: Cyp2d6 = None,
    medicine: With = None,
    of: Annotated[
        list[str] | None,
        typer.Option(help="peak:systolic (else), area:mdma, trough:sodium ...; may be said several times."),
    ] = None,
    parameters: Annotated[
        list[str] | None,
        typer.Option(help="What to vary: a parameter, sex, weight, age, cyp2d6, dose; else all. By commas."),
    ] = None,
    change: Annotated[str, typer.Option(help="sd, one SD between people, or per cent: '10 %'.")] = "sd",
    together: Annotated[
        int | None,
        typer.Option("--global", help="Vary all at once: the base sample, a power of 2 such as 512."),
    ] = None,
    seed: Seed = 1,
    until: Until = None,
    threads: Threads = 1,
    plot: Plot = None,
    as_json: AsJson = False,
) -> None:
    """Say what a result hangs on: each parameter changed alone, or all at once. Research software."""
    from entact.cli.pharmacology.question import Question
    from entact.cli.pharmacology.sensitivity import as_data, find, print_sensitivity

    if plot is not None:
        from entact.report.pictures.sheet import check_suffix

        check_suffix(plot)
    question = Question(
        initial, supplement, then or (), enantiomer, food, water, weight, sex, age, cyp2d6, medicine or (),
        drug=drug,
    )  # fmt: skip
    found = find(
        question,
        of or ["peak:systolic"],
        parameters or (),
        change,
        together,
        seed,
        until=until,
        threads=threads,
    )
    if plot is not None:
        from entact.cli.pharmacology.sensitivity import draw
        from entact.report.pictures.sheet import write_sheet

        write_sheet(draw(found), plot)
    if as_json:
        _print_json(as_data(found))
    else:
        print_sensitivity(found)
        if plot is not None:
            typer.echo(str(plot))


def fit(
    data: Annotated[
        Path, typer.Argument(help="Concentrations: CSV with ID, TIME, EVID, AMT, FORM, DV.", dir_okay=False)
    ],
    estimate: Annotated[
        list[str], typer.Option(help="A parameter of the model to estimate; may be said several times.")
    ],
    form: Annotated[str | None, typer.Option(help="HCl or base, where the file has no FORM.")] = None,
    unit: Annotated[str, typer.Option(help="Of DV: ng/mL, mg/L, umol/L ...")] = "ng/mL",
    method: Annotated[str, typer.Option(help="ml (typical values) or map (each one's own).")] = "ml",
    vary: Annotated[
        list[str] | None, typer.Option(help="In what participants differ (ml); else what is estimated.")
    ] = None,
    pooled: Annotated[bool, typer.Option("--pooled", help="Take participants as one (ml).")] = False,
    spread: Annotated[bool, typer.Option("--spread", help="Estimate how much they differ, too.")] = False,
    proportional: Annotated[
        float | None, typer.Option(help="Proportional error as a fraction; else estimated.")
    ] = None,
    additive: Annotated[float | None, typer.Option(help="Additive error in ng/mL; else estimated.")] = None,
    below: Annotated[
        str, typer.Option(help="Samples below quantification: M1 (left out), M3 or M4 (counted).")
    ] = "M1",
    occasion: Annotated[
        list[str] | None,
        typer.Option(help="In what each differs between occasions (column OCC): by how much is estimated."),
    ] = None,
    prior: Annotated[
        list[str] | None,
        typer.Option(help="What is known before: 'volume_r = 389 ± 15 %: F019' (source); may be said again."),
    ] = None,
    profile: Annotated[
        bool, typer.Option("--profile", help="Intervals by profile likelihood: slower, and right if skewed.")
    ] = False,
    seed: Seed = 1,
    plot: Plot = None,
    as_json: AsJson = False,
) -> None:
    """Estimate parameters of the model from concentrations, with standard errors. Research software.

    Ends with 1 where the fit did not converge.
    """
    from entact.cli.pharmacology.fit import as_data, fit_file, print_fit

    if plot is not None:
        from entact.report.pictures.sheet import check_suffix

        check_suffix(plot)
    found = fit_file(
        data, estimate, form=form, unit=unit, method=method, vary=() if pooled else vary or None,
        spread=spread, proportional=proportional, additive=additive, below=below,
        occasion=occasion or (), priors=prior or (), profile=profile,
    )  # fmt: skip
    if plot is not None:
        from entact.cli.pharmacology.fit import draw
        from entact.report.pictures.sheet import write_sheet

        write_sheet(draw(found, seed=seed), plot)
    if as_json:
        _print_json(as_data(found))
    else:
        print_fit(found)
        if plot is not None:
            typer.echo(str(plot))
    if not found.converged:
        raise typer.Exit(1)


COMMANDS: dict[str, Callable[..., None]] = {
    "dose": dose,
    "compare": compare,
    "validate": validate,
    "sensitivity": sensitivity,
    "fit": fit,
}
"""by name; `entact.cli` says in a line what each does"""


def _print_json(value: Any) -> None:
    typer.echo(json.dumps(value, ensure_ascii=False, indent=2, allow_nan=False))
