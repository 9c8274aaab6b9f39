"""Commands about a study file and what is published: nothing here opens a record. Thin."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from entact.cli.commands.options import (
    REHEARSAL,
    AsJson,
    Database,
    Language,
    Seed,
    Study,
    print_json,
    print_result,
)

commands = typer.Typer()


@commands.command(short_help="Say what is wrong with a study file.")
def check(
    study: Study,
    against: Annotated[
        list[str] | None,
        typer.Option(
            help="A list of requirements, as in crl2024; may be given several times.", metavar="LIST"
        ),
    ] = None,
    html: Annotated[
        Path | None, typer.Option(help="With --against: write it as one HTML page.", dir_okay=False)
    ] = None,
    record: Annotated[
        bool, typer.Option("--record", help="With --against: also what was collected in fact, by site.")
    ] = False,
    database: Database = REHEARSAL,
    as_json: AsJson = False,
) -> None:
    """Read a study file and say what is wrong with it, with line and column, or what it assumes.

    With --against it is held against lists of requirements: what is met, and where in the file; what is not,
    and what would meet it; what a person has to judge. Ends with exit code 2 when something is not met.
    --record counts the sessions of a record around which what is asked was measured in fact.
    """
    from entact.cli.study import check_study, find_problems, print_check

    if record and not against:
        raise typer.BadParameter("--record is of --against: name a list, as in --against crl2024")
    if html is not None and not against:
        raise typer.BadParameter("--html is the page of --against; `entact show --html` is that of a study")
    if as_json and (problems := find_problems(study)):
        print_json({"problems": problems})
        raise typer.Exit(2)
    if against:
        _check_against(study, against, html, database if record else None, as_json)
        return
    result = check_study(study)
    print_result(result, print_check, as_json=as_json)


def _check_against(
    study: str, against: list[str], html: Path | None, database: str | None, as_json: bool
) -> None:
    from entact.cli import requirements as told
    from entact.protocol.requirements.compare import compare

    found = [compare(study, name) for name in dict.fromkeys(against)]
    kept = {} if database is None else told.collect(found, database)
    if html is not None:
        told.write_page(found, html, kept)
    if as_json:
        print_json(told.as_data(found, kept))
    else:
        told.print_compared(found, kept)
        if html is not None:
            typer.echo(str(html))
    if any(one.of("not_met") for one in found):
        raise typer.Exit(2)


@commands.command(short_help="Read a study in words.")
def show(
    study: Study,
    html: Annotated[
        Path | None,
        typer.Option(help="Write it as one HTML page that needs nothing but itself.", dir_okay=False),
    ] = None,
    picture: Annotated[
        Path | None, typer.Option(help="Write the schedule as a picture, .svg or .png.", dir_okay=False)
    ] = None,
    language: Language = None,
    as_json: AsJson = False,
) -> None:
    """Say in words what a study file says: visits, activities, doses, criteria, gates, alerts, plan."""
    from entact.cli.show import as_data, print_study, tell_study, write_page

    told = tell_study(study, language)
    if picture is not None:
        from entact.report.pictures.schedule import write_picture
        from entact.report.schedule import bars_of

        write_picture(bars_of(told.activities), picture)
    if html is not None:
        write_page(told, html)
    if as_json:
        print_json(as_data(told))
    elif html is None and picture is None:
        print_study(told)
    else:
        typer.echo("\n".join(str(path) for path in (html, picture) if path is not None))


@commands.command(short_help="Say what a study's looks may spend, and how many it takes.")
def design(
    study: Study,
    effect: Annotated[
        float | None, typer.Option(help="Difference that is planned for, in units of the primary endpoint.")
    ] = None,
    sd: Annotated[
        float | None, typer.Option(help="Standard deviation within arms; else that of virtual participants.")
    ] = None,
    rates: Annotated[
        str | None, typer.Option(help="Of a yes or no: on treatment and on control, as in 0.67,0.32.")
    ] = None,
    power: Annotated[float, typer.Option(help="Power that is wanted.")] = 0.9,
    participants: Annotated[
        int | None, typer.Option(min=1, help="Say power for these; else how many the power takes.")
    ] = None,
    dropout: Annotated[
        float, typer.Option(help="Share who cannot be analysed; virtual participants leave by themselves.")
    ] = 0.0,
    virtual: Annotated[
        int | None, typer.Option(min=20, max=10_000, help="Virtual participants; else as many as planned.")
    ] = None,
    seed: Seed = 1,
    plot: Annotated[
        Path | None, typer.Option(help="Write a picture: .svg, .png, or .html.", dir_okay=False)
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Print the looks of a study's plan with their critical values, and how many participants they take."""
    from entact.cli.design import Question, answer, as_data, draw, print_answer, read_rates

    if plot is not None:
        from entact.report.pictures.sheet import check_suffix

        check_suffix(plot)
    pair = None if rates is None else read_rates(rates)
    found = answer(Question(study, effect, sd, pair, power, participants, virtual, seed, dropout))
    if plot is not None:
        draw(found, plot)
    if as_json:
        print_json(as_data(found))
    else:
        print_answer(found)
        if plot is not None:
            typer.echo(str(plot))


@commands.command(short_help="Write the blank case report form of a study as PDF.")
def crf(
    study: Study,
    out: Annotated[Path, typer.Option(help="The PDF to write.", dir_okay=False)],
    language: Language = None,
    once: Annotated[bool, typer.Option("--once", help="Each form once, with all its visits.")] = False,
    annotated: Annotated[
        bool, typer.Option("--annotated", help="With dataset and variable of each item; each form once.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Write the blank case report form of a study, to print and fill in: a page for each form of a visit."""
    from entact.cli.crf import write_crf

    done = write_crf(study, out, language, once=once, annotated=annotated)
    if as_json:
        print_json(done)
    else:
        typer.echo(
            f"{done['file']}: {done['forms']} forms on {done['pages']} pages or more, in {done['language']}"
        )


@commands.command(short_help="What published trials say together.")
def evidence(
    condition: Annotated[
        str | None, typer.Argument(help="A condition, like ptsd; without one, all there are, a line each.")
    ] = None,
    trials: Annotated[
        Path | None,
        typer.Option(help="A folder with files of your own trials, beside those shipped.", file_okay=False),
    ] = None,
    database: Annotated[
        Path | None,
        typer.Option(
            help="A meta-analytic database (CSV, as of Metapsy) instead.", dir_okay=False, exists=True
        ),
    ] = None,
    changes: Annotated[
        bool | None,
        typer.Option(
            "--changes/--endpoints",
            help="Standardise changes from baseline, or values at the end; else what more trials published.",
        ),
    ] = None,
    checks: Annotated[
        bool,
        typer.Option(
            "--checks",
            help="Show how far it stands: other estimators, Egger, trim and fill, one trial left out, one"
            " added, methods for rare events.",
        ),
    ] = False,
    by: Annotated[
        str | None,
        typer.Option(help="Subgroups: by blinding, instrument, bias, or a characteristic of the trials."),
    ] = None,
    on: Annotated[
        str | None,
        typer.Option(help="Meta-regression: on year, participants, or a characteristic in numbers."),
    ] = None,
    scale: Annotated[
        float | None,
        typer.Option(help="Of the half-normal prior of τ; else 0.5, for two to four trials alone."),
    ] = None,
    html: Annotated[
        Path | None, typer.Option(help="Write it as one HTML page that needs nothing else.", dir_okay=False)
    ] = None,
    picture: Annotated[
        Path | None, typer.Option(help="Write the plots as a picture, .svg or .png.", dir_okay=False)
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Pool the published trials of a condition: forest and funnel plots, and the table of trials.

    Retracted reports are shown and never pooled, and nobody is counted twice.
    """
    from entact.cli import synthesis as told

    known = told.find_trials(trials, database, condition)
    if condition is None:
        if html is not None or picture is not None:
            raise typer.BadParameter("name a condition: a page and a picture are of one")
        if checks or by is not None or on is not None or scale is not None:
            raise typer.BadParameter("name a condition: checks, subgroups and a prior are of one")
        if as_json:
            print_json(told.conditions_as_data(known))
        else:
            told.print_conditions(known)
        return
    found = told.synthesise(known, condition, told.Asked(changes, scale, checks, by, on))
    told.write_files(found, html, picture)
    if as_json:
        print_json(told.as_data(found))
    else:
        told.print_evidence(found)
        for path in (html, picture):
            if path is not None:
                typer.echo(str(path))


@commands.command(short_help="Begin a study from a commented template.")
def new(
    name: Annotated[
        str, typer.Argument(help="Name of the study, in small letters; a folder is made for it.")
    ],
    within: Annotated[
        Path,
        typer.Option("--in", help="Folder in which the study's own is made.", file_okay=False, exists=True),
    ] = Path(),
) -> None:
    """Begin a study: a folder of its name with a commented study file that passes `entact check`."""
    from entact.cli.template import make_study

    path = make_study(name, within)
    typer.echo(
        f"{path}\nsay `entact check {path.parent}` after each change, `entact show {path.parent}` to read it"
    )


@commands.command(short_help="Print the JSON Schema of study files, for editors.")
def schema() -> None:
    """Print the JSON Schema of study files, with which an editor completes, explains and checks one."""
    from entact.protocol.schema import study_schema

    print_json(study_schema())


@commands.command(short_help="Print every field of study, cohort or published files.")
def reference(
    of: Annotated[
        str, typer.Argument(help="study, cohort, published or words.", metavar="study|cohort|published|words")
    ] = "study",
) -> None:
    """Print every field of a file that people write, or all words it may use, as a page in Markdown."""
    from entact.cli.reference import page

    typer.echo(page(of), nl=False)


@commands.command(short_help="Check a file with an instrument's wording.")
def check_wording(
    file: Annotated[
        Path, typer.Argument(help="A wording file: the words of one instrument in one language.")
    ],
    study: Annotated[
        str | None,
        typer.Option(help="The study that uses it; else it is checked against what comes with entact."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Check that every item and answer of an instrument has its words, and none is left over."""
    from entact.cli.wording import check_wording, print_wording

    result = check_wording(file, study)
    print_result(result, print_wording, as_json=as_json)


@commands.command(short_help="Say what an amendment changes, for whom and from when.")
def diff(
    before: Annotated[str, typer.Argument(help="The release before: a study file, or mapp1@1.0.")],
    after: Annotated[str, typer.Argument(help="The release that amends it.")],
    as_json: AsJson = False,
) -> None:
    """Say in words what an amendment changes, for whom and from when.

    Ends with exit code 2 when the amendment does not say of every change to whom it applies.
    """
    from entact.cli.diff import compare, print_comparison

    result = compare(before, after)
    print_result(result, print_comparison, as_json=as_json)
    for problem in result["problems"]:
        typer.echo(f"entact: {problem}", err=True)
    if result["problems"]:
        raise typer.Exit(2)
