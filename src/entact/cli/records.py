"""`entact import`: records of another system, tried first and then taken in, participant by participant."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import typer

from entact.cli.database import open_record
from entact.course import Course, Entry
from entact.course.entry import Authenticated
from entact.course.fold import Broken, fold_lines
from entact.course.state.numbers import SCREENING, SUBJECT, normal
from entact.exchange.odm import own_visits, read_clinical
from entact.exchange.records import (
    Planned,
    RecordMapping,
    RecordsError,
    Row,
    Taking,
    digest_of,
    plan,
    read_mapping,
    told_by_record,
)
from entact.exchange.redcap import is_project, read_records
from entact.protocol import Study
from entact.store import StoreError

SHOWN = 40  # problems that are told; the rest is counted
PARTICIPANT = "participant:"


def take_in(
    file: Path,
    mapping_file: Path,
    database: str,
    by: str | None,
    key: Path | None,
    passphrase_file: Path | None,
    *,
    write: bool,
) -> dict[str, Any]:
    """What becomes of the records in a file; what is new in them is kept where that is asked.

    All of it is planned first, and nothing is kept where anything is wrong. Then each participant's are kept
    in one transaction; what was broken off between two of them goes on when the same is asked again.

    Raises:
        StoreError: with each problem and its place in the file.
    """
    if write and by is None:
        raise StoreError("say with --by who takes the records in: they stand under that name in the record")
    raw, said = _read(file), _read(mapping_file)
    signer = None
    if by is not None:
        from entact.cli.custody import open_signer

        signer = open_signer(database, by, key, passphrase_file)
    else:
        open_record(database)
    from entact.store.studies import study_of_record

    _, study = study_of_record()
    if study is None:
        raise StoreError(f"the database {database!r} holds no release that could be read")
    digest = hashlib.sha256(raw).hexdigest()
    try:
        mapping = read_mapping(said, str(mapping_file), study.newest)
    except RecordsError as error:
        raise StoreError("\n".join(error.problems)) from None
    try:
        if is_project(raw):
            mapping = mapping.model_copy(update={"visits": own_visits(study.newest) | mapping.visits})
            rows, left_out = read_clinical(raw, mapping, study.newest)
        else:
            rows, left_out = read_records(raw, mapping, study.newest)
    except RecordsError as error:
        raise _problems(file, error.problems) from None
    taking = _Taking(study, mapping, digest, *_writer(study, signer))
    people = taking.people(rows, file)
    tried = {ledger: taking.try_out(ledger, theirs) for ledger, theirs in people.items()}
    problems = [problem for one in tried.values() for problem in one.problems]
    if problems:
        raise _problems(file, problems)
    if write:
        tried = _keep(taking, people, signer, said)
    return _found(file, digest, mapping, tried, left_out, taking, written=write)


@dataclass(frozen=True)
class _Taking:
    study: Study
    mapping: RecordMapping
    digest: str
    by: str
    role: str

    def people(self, rows: Iterable[Row], file: Path) -> dict[str, list[Row]]:
        """Each participant's rows, in order of the file."""
        from entact.store.known import raw_cursor
        from entact.store.numbers import holders

        records: dict[str, list[Row]] = {}
        for row in rows:
            records.setdefault(row.record, []).append(row)
        numbers = {record: normal(self.mapping.records.get(record, record)) for record in records}
        held = holders(raw_cursor(), [(of, one) for one in numbers.values() for of in (SUBJECT, SCREENING)])
        found: dict[str, list[Row]] = {}
        first: dict[str, str] = {}
        problems = []
        for record, theirs in records.items():
            ledgers = {one for of in (SUBJECT, SCREENING) for one in held.get((of, numbers[record]), ())}
            place = theirs[0].place
            if len(ledgers) != 1:
                count = "nobody" if not ledgers else "more than one"
                problems.append(
                    f"{place}: {count} in this record has the number {numbers[record]}; once they are in "
                    f"screening, say under `records:` whose {record!r} is"
                )
                continue
            [ledger] = ledgers
            if first.setdefault(ledger, record) != record:
                problems.append(
                    f"{place}: {record!r} is whom {first[ledger]!r} is too; take one of the two out"
                )
            found.setdefault(ledger, []).extend(theirs)
        if problems:
            raise _problems(file, problems)
        return found

    def try_out(self, ledger: str, rows: list[Row]) -> Planned:
        """What would become of a participant's rows now."""
        from entact.store.participant_keys import key_of

        key = key_of(ledger)
        if key is None:
            return Planned(
                problems=[f"{rows[0].place}: the key of this participant is not here, or was erased"]
            )
        course = course_of(self.study, ledger)
        return plan(rows, course, self.of(course, key))

    def of(self, course: Course, key: bytes) -> Taking:
        """What planning has to know beside the rows."""
        from entact.conduct.reader import reader_as
        from entact.conduct.sight import OWNER
        from entact.store import describe
        from entact.store.after_lock import closed_by

        reader = reader_as(OWNER)
        return Taking(
            self.mapping,
            self.digest,
            key,
            reader.zone_of(course.site or ""),
            self.by,
            self.role,
            datetime.now(UTC).replace(microsecond=0),
            describe().environment,
            closed_by(),
        )


def course_of(study: Study, ledger: str) -> Course:
    """A participant's course, from the lines as they are stored."""
    from entact.store import lines

    course = fold_lines(study, ledger, list(lines(ledger)))
    if isinstance(course, Broken):
        raise StoreError(f"{ledger}: {course.problem}; nothing is taken in beside it")
    return course


def _writer(study: Study, signer: Any) -> tuple[str, str]:
    """Who takes in, and as what.

    Raises:
        StoreError: when the key does not count, or the role may not.
    """
    if signer is None:
        return "dry run", ""
    from entact.conduct.permissions import Permissions
    from entact.store.signature import require_holder

    holder = require_holder(signer)
    allowed = Permissions(study).table["take_in"]
    if holder.role not in allowed:
        raise StoreError(
            f"{signer.person} acts as {holder.role}, who does not take records in; "
            f"{', '.join(sorted(allowed))} do"
        )
    return signer.person, holder.role


def _keep(taking: _Taking, people: dict[str, list[Row]], signer: Any, mapping: bytes) -> dict[str, Planned]:
    """Keeps what is new, and says in the system's ledger that it began and what came of it."""
    from entact.conduct.access.trail import enter
    from entact.course.kinds.access import TakenIn
    from entact.store import facts_about

    def prove(entry: Entry) -> Authenticated:
        return signer.prove(entry)

    def note(status: Any, **counts: Any) -> None:
        said = TakenIn(
            taking.by,
            taking.mapping.source,
            taking.digest,
            hashlib.sha256(mapping).hexdigest(),
            status,
            **counts,
        )
        enter(said, by=taking.by, role=taking.role)

    note("begun")
    done: dict[str, Planned] = {}
    for ledger, rows in people.items():

        def compose(course: Course, key: bytes, ledger: str = ledger, rows: list[Row] = rows) -> list[Entry]:
            done[ledger] = plan(rows, course, taking.of(course, key))
            if done[ledger].problems:
                raise StoreError("\n".join(done[ledger].problems))
            return done[ledger].entries

        facts_about(ledger, compose, received_at=datetime.now(UTC).isoformat(), prove=prove)
    counts = _counts(done.values())
    rows_sha256 = digest_of(row for one in done.values() for row in one.rows)
    kept = digest_of(_held(taking, done))
    if kept != rows_sha256:
        raise StoreError(
            f"what the record holds now (SHA-256 {kept[:16]}) is not what the file says "
            f"({rows_sha256[:16]}): `entact verify` says whether the record is sound"
        )
    disputed = counts["conflict"] + counts["held"]
    note("done", new=counts["new"], there=counts["there"], conflicts=disputed, rows=rows_sha256)
    return done


def _held(taking: _Taking, planned: dict[str, Planned]) -> list[str]:
    """What the record holds of these rows, read anew from its lines."""
    from entact.store.participant_keys import key_of

    found = []
    for ledger, one in planned.items():
        key = key_of(ledger)
        if key is not None:
            found += told_by_record(course_of(taking.study, ledger), taking.mapping.source, key, one.rows)
    return found


def _counts(planned: Iterable[Planned]) -> dict[str, int]:
    counts = dict.fromkeys(("new", "there", "typed", "conflict", "held"), 0)
    for one in planned:
        for told in one.told:
            counts[told.outcome] += 1
    return counts


def _found(
    file: Path,
    digest: str,
    mapping: RecordMapping,
    planned: dict[str, Planned],
    left_out: list[str],
    taking: _Taking,
    *,
    written: bool,
) -> dict[str, Any]:
    counts = _counts(planned.values())
    disputed = [
        {"participant": ledger, **asdict(told)}
        for ledger, one in planned.items()
        for told in one.told
        if told.outcome in ("conflict", "held")
    ]
    return {
        "file": str(file),
        "sha256": digest,
        "source": mapping.source,
        "participants": len(planned),
        "rows": sum(counts.values()),
        "counts": counts,
        "conflicts": disputed,
        "left_out": left_out,
        "rows_sha256": digest_of(row for one in planned.values() for row in one.rows),
        "record_sha256": digest_of(_held(taking, planned)) if written else None,
        "written": written,
    }


def print_taken(found: dict[str, Any]) -> None:
    """What became of the rows, or would, in words; no answer is told."""
    counts = found["counts"]
    typer.echo(
        f"{found['file']}: {found['rows']} forms of {found['participants']} participants · "
        f"SHA-256 {found['sha256'][:16]}"
    )
    would = "" if found["written"] else " would be"
    typer.echo(
        f"{counts['new']}{would} taken in · {counts['there']} there from before · {counts['typed']} entered "
        f"by people with the same answers · {len(found['conflicts'])} left alone"
    )
    for one in found["conflicts"]:
        items = f" ({', '.join(one['items'])})" if one["items"] else ""
        typer.echo(f"{one['place']}: {one['form']} at {one['encounter']}: {one['why']}{items}")
    for one in found["left_out"]:
        typer.echo(f"left out: {one}")
    if found["written"]:
        typer.echo(f"file and record say the same: SHA-256 {found['record_sha256'][:16]}")
    else:
        typer.echo("nothing was written: --write does it, with --by for who takes them in")


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise StoreError(f"{path}: {error.strerror}") from None


def _problems(file: Path, problems: Iterable[str]) -> StoreError:
    told = [f"{file}: {one}" for one in problems]
    more = [f"and {len(told) - SHOWN} more"] if len(told) > SHOWN else []
    return StoreError("\n".join([*told[:SHOWN], *more, "nothing was written"]))
