"""The command line: one thin command each, imported late."""

from __future__ import annotations

import json
import sys
from io import TextIOWrapper
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperCommand

from entact import __version__
from entact.cli import custody, rescue
from entact.cli.fault import in_words

app = typer.Typer(
    help="Runs studies of MDMA-assisted therapy, from the protocol through every session to the result. "
    "Research software.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,  # plain help: the other takes longer to load than all the rest
)
for name, group in custody.GROUPS.items():
    app.add_typer(group, name=name)
app.add_typer(rescue.backup, name="backup")
app.command(short_help="Make a database of a backup, as it was at a moment.")(rescue.recover)

Study = Annotated[
    str, typer.Argument(help="A shipped study (mapp1), or the path of a study file or its folder.")
]
Participants = Annotated[
    int | None, typer.Option(min=1, max=10_000, help="How many to randomise; else as many as planned.")
]
Seed = Annotated[int, typer.Option(min=0, max=2**63 - 1, help="Everything follows from it.")]
Scenario = Annotated[
    str | None, typer.Option(help="A shipped scenario by name, or a file that overrides parameters.")
]
Out = Annotated[
    Path | None,
    typer.Option(
        help="Folder for the allocation and the report; else `rehearsal` beside the data.", file_okay=False
    ),
]
Workers = Annotated[int | None, typer.Option(min=1, help="Processes; else one for each core.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]
Database = Annotated[str, typer.Option(help="Name of the database.")]
NewFolder = Annotated[Path, typer.Argument(help="A folder that is not there yet.")]
Host = Annotated[str, typer.Option(help="Loopback address to serve on.")]
Port = Annotated[
    int | None,
    typer.Option(min=1, max=65535, help="Port to serve on; else 8000, or any where that is taken."),
]
Role = Annotated[
    str | None,
    typer.Option(
        help="The role for which pages are shown, else a monitor; the study file says what it does not see."
    ),
]

Language = Annotated[str | None, typer.Option(help="One of the study's languages; else its main one.")]

REHEARSAL = "entact_rehearsal"


def _print_version(asked: bool) -> None:
    if asked:
        typer.echo(f"entact {__version__}")
        raise typer.Exit


@app.callback()
def entact(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    pass


@app.command(short_help="Rehearse a study and serve its pages.")
def demo(
    study: Study,
    participants: Participants = None,
    seed: Seed = 7,
    out: Out = None,
    host: Host = "127.0.0.1",
    port: Port = None,
    serve: Annotated[bool, typer.Option(help="Serve the study in the browser at the end.")] = True,
) -> None:
    """Rehearse a study, print its outcome table, and serve its pages in the browser."""
    from entact.cli.rehearsal import print_result, run_rehearsal
    from entact.cli.server import choose_port, serve_pages

    if serve:
        choose_port(host, port)  # says now, not after the rehearsal, when it cannot be had
    folder = out or _folder(REHEARSAL)
    result = run_rehearsal(study, participants, seed, None, folder, None, REHEARSAL)
    print_result(result, full=False)
    if result.verification.breaks:
        raise typer.Exit(1)
    if serve:
        serve_pages(REHEARSAL, host, choose_port(host, port), None)


@app.command(short_help="Run a whole study with virtual people.")
def rehearse(
    study: Study,
    participants: Participants = None,
    seed: Seed = 1,
    scenario: Scenario = None,
    out: Out = None,
    workers: Workers = None,
    database: Database = REHEARSAL,
    full: Annotated[bool, typer.Option("--full", help="Print every row of the outcome table.")] = False,
    as_json: AsJson = False,
) -> None:
    """Run a whole study with virtual participants and staff, store and verify it, print its outcome table.

    An earlier rehearsal in the same database is thrown away; production and training data never are.
    """
    from entact.cli.rehearsal import print_result, run_rehearsal

    folder = out or _folder(database)
    result = run_rehearsal(study, participants, seed, scenario, folder, workers, database)
    if as_json:
        _print_json(result.to_dict())
    else:
        print_result(result, full=full)
    if result.verification.breaks:
        raise typer.Exit(1)


@app.command(short_help="Say what is wrong with a study file.")
def check(study: Study, as_json: AsJson = False) -> None:
    """Read a study file and say what is wrong with it, with line and column, or what it assumes."""
    from entact.cli.study import check_study, find_problems, print_check

    if as_json and (problems := find_problems(study)):
        _print_json({"problems": problems})
        raise typer.Exit(2)
    result = check_study(study)
    if as_json:
        _print_json(result)
    else:
        print_check(result)


@app.command(short_help="Read a study in words.")
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
        _print_json(as_data(told))
    elif html is None and picture is None:
        print_study(told)
    else:
        typer.echo("\n".join(str(path) for path in (html, picture) if path is not None))


@app.command(short_help="Say what a study's looks may spend, and how many it takes.")
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
        _print_json(as_data(found))
    else:
        print_answer(found)
        if plot is not None:
            typer.echo(str(plot))


@app.command(short_help="Write the blank case report form of a study as PDF.")
def crf(
    study: Study,
    out: Annotated[Path, typer.Option(help="The PDF to write.", dir_okay=False)],
    language: Language = None,
    once: Annotated[bool, typer.Option("--once", help="Each form once, with all its visits.")] = False,
    as_json: AsJson = False,
) -> None:
    """Write the blank case report form of a study, to print and fill in: a page for each form of a visit."""
    from entact.cli.crf import write_crf

    done = write_crf(study, out, language, once=once)
    if as_json:
        _print_json(done)
    else:
        typer.echo(
            f"{done['file']}: {done['forms']} forms on {done['pages']} pages or more, in {done['language']}"
        )


@app.command(short_help="What published trials say together.")
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
        if as_json:
            _print_json(told.conditions_as_data(known))
        else:
            told.print_conditions(known)
        return
    found = told.synthesise(known, condition, changes)
    told.write_files(found, html, picture)
    if as_json:
        _print_json(told.as_data(found))
    else:
        told.print_evidence(found)
        for path in (html, picture):
            if path is not None:
                typer.echo(str(path))


@app.command(short_help="Begin a study from a commented template.")
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


@app.command(short_help="Print the JSON Schema of study files, for editors.")
def schema() -> None:
    """Print the JSON Schema of study files, with which an editor completes, explains and checks one."""
    from entact.protocol.schema import study_schema

    _print_json(study_schema())


@app.command(short_help="Print every field of study, cohort or published files.")
def reference(
    of: Annotated[
        str, typer.Argument(help="study, cohort or published.", metavar="study|cohort|published")
    ] = "study",
) -> None:
    """Print every field of a file that people write, as a page in Markdown made of its schema."""
    from entact.cli.reference import page

    typer.echo(page(of), nl=False)


@app.command(short_help="Check a file with an instrument's wording.")
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
    if as_json:
        _print_json(result)
    else:
        print_wording(result)


@app.command(short_help="Let a site work with an instrument's wording.")
def enter_wording(
    file: Annotated[
        Path, typer.Argument(help="A wording file: the words of one instrument in one language.")
    ],
    site: Annotated[str, typer.Option(help="The site, by its id in the study file.")],
    by: Annotated[str, typer.Option(help="The investigator of the site who answers for the licence.")],
    database: Database = REHEARSAL,
    as_json: AsJson = False,
) -> None:
    """Check a wording file, keep it beside the database, and its digest in the site's ledger."""
    from entact.cli.wording import enter_checked_wording, print_wording

    result = enter_checked_wording(file, database, site, by)
    if as_json:
        _print_json(result)
    else:
        print_wording(result)


@app.command(short_help="Say what an amendment changes, for whom and from when.")
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
    if as_json:
        _print_json(result)
    else:
        print_comparison(result)
    for problem in result["problems"]:
        typer.echo(f"entact: {problem}", err=True)
    if result["problems"]:
        raise typer.Exit(2)


@app.command(short_help="Check every chain of the record.")
def verify(
    database: Database = REHEARSAL,
    archive: Annotated[
        Path | None, typer.Option(help="Check this archive instead, every entry and every file.")
    ] = None,
    offline: Annotated[
        Path | None,
        typer.Option(help="Check this archive by a second implementation, which needs no entact."),
    ] = None,
    against: Annotated[
        list[Path] | None,
        typer.Option(help="A file or saved message with anchors; may be said several times."),
    ] = None,
    authority: Annotated[
        Path | None, typer.Option(help="Certificates (PEM) of the time-stamping authority to be believed.")
    ] = None,
    deep: Annotated[
        bool, typer.Option("--deep", help="Compare the rows for lists of everybody; open every identity.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Check every chain of the record; name the first bad entry, with exit code 1."""
    if archive is not None:
        from entact.cli.archive import check_archive, print_checked

        checked = check_archive(archive)
        if as_json:
            _print_json(checked)
        else:
            print_checked(checked)
        raise typer.Exit(1 if checked["breaks"] else 0)
    if offline is not None:
        from entact.cli.archive import check_offline

        raise typer.Exit(check_offline(offline, against or []))
    from entact.cli.record import print_verification, verify_record

    result = verify_record(database, against or [], authority, deep=deep)
    if as_json:
        _print_json(result)
    else:
        print_verification(result)
    if result["breaks"] or result["faults"]:
        raise typer.Exit(1)


@app.command("archive", short_help="Write a study to open formats.")
def archive_study(folder: NewFolder, database: Database = REHEARSAL, as_json: AsJson = False) -> None:
    """Write a study to a new folder in open formats that can be read and verified without entact."""
    from entact.cli.archive import archive_record, print_archived

    result = archive_record(database, folder)
    if as_json:
        _print_json(result)
    else:
        print_archived(result)


@app.command(short_help="Make an equal study of an archive.")
def restore(
    folder: Annotated[Path, typer.Argument(help="The archive.")],
    database: Annotated[str, typer.Option(help="Name of the database to make.")],
    as_json: AsJson = False,
) -> None:
    """Make a database that is equal to the one that was archived, and verify it."""
    from entact.cli.archive import print_restored, restore_record

    result = restore_record(folder, database)
    if as_json:
        _print_json(result)
    else:
        print_restored(result)


@app.command(short_help="Say outside the database what the record is.")
def anchor(
    database: Database = REHEARSAL,
    file: Annotated[Path | None, typer.Option(help="Append it to this file.", dir_okay=False)] = None,
    mail: Annotated[
        list[str] | None,
        typer.Option(help="Send it to this address, through ENTACT_SMTP; may be said again."),
    ] = None,
    timestamp: Annotated[
        str | None, typer.Option(help="Have it stamped (RFC 3161) by the authority at this address.")
    ] = None,
    every: Annotated[
        str | None, typer.Option(help="Go on, once in so long a time (1 h), until interrupted.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Note the heads of all ledgers in the study's ledger, and say outside the database what they are."""
    from entact.cli.anchor import keep_taking, print_anchor, take

    if every is not None:
        keep_taking(database, file, mail or [], timestamp, every)
    told = take(database, file, mail or [], timestamp)
    if as_json:
        _print_json(told)
    else:
        print_anchor(told)


@app.command(short_help="Make the rows for lists anew.")
def rebuild(database: Database = REHEARSAL, as_json: AsJson = False) -> None:
    """Make the rows that lists show anew, from the ledgers; safe at any time, also while others write."""
    from entact.cli.record import print_rebuilt, rebuild_lists

    result = rebuild_lists(database)
    if as_json:
        _print_json(result)
    else:
        print_rebuilt(result)


@app.command()
def where(database: Database = REHEARSAL, as_json: AsJson = False) -> None:
    """Say where the data lie and how much there is."""
    from entact.cli.record import describe_record, print_place

    result = describe_record(database)
    if as_json:
        _print_json(result)
    else:
        print_place(result)


@app.command()
def serve(
    database: Database = REHEARSAL, host: Host = "127.0.0.1", port: Port = None, role: Role = None
) -> None:
    """Serve read-only pages of a study, blinded for one role."""
    from entact.cli.server import choose_port, serve_pages

    serve_pages(database, host, choose_port(host, port), role)


@app.command()
def stop() -> None:
    """Stop the embedded database."""
    from entact.cli.record import stop_database

    stop_database()


PHARMACOLOGY = {
    "dose": "Say what a dose does, minute by minute.",
    "compare": "Set regimens side by side, and say how likely limits are crossed.",
    "sensitivity": "Say what a result of the model hangs on.",
    "validate": "Show what was published beside what the model says.",
    "fit": "Estimate parameters of the model from concentrations.",
}


class _LateCommand(TyperCommand):
    """A command whose options are read when somebody calls it: `entact --help` does without them."""

    def make_context(self, info_name: str | None, args: list[str], parent: Any = None, **extra: Any) -> Any:
        from entact.cli.pharmacology import COMMANDS

        alone = typer.Typer(add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None)
        alone.command(info_name)(COMMANDS[str(info_name)])
        return typer.main.get_command(alone).make_context(info_name, args, parent=parent, **extra)


def _late() -> None:
    pass


for name, summary in PHARMACOLOGY.items():
    app.command(name, short_help=summary, cls=_LateCommand)(_late)


def main() -> None:
    """Runs the command line; what a person can put right is said on stderr, with exit code 2."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal without a character shows a question mark
    try:
        app(prog_name="entact")
    except Exception as error:  # anything unexpected is raised again
        words = in_words(error)
        if words is None:
            raise
        typer.echo(f"entact: {words}", err=True)
        sys.exit(2)


def _folder(database: str) -> Path:
    """Where files of a rehearsal go when nobody says: beside the data, under the name of its database."""
    from entact.store.server import data_folder

    return data_folder() / database.removeprefix("entact_")


def _print_json(value: Any) -> None:
    typer.echo(json.dumps(value, ensure_ascii=False, indent=2, allow_nan=False))
