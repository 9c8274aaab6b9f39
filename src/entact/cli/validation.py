"""`entact validation-pack`: what shows that this program, with this release, does what the study needs.

A folder with four files: `pack.json` (requirements with the tests that show them and their results, and the
study's checklist), the same as `pack.pdf`, `checklist.csv` to be worked off on the training copy, and
`signatures.json`. A signature holds for the very bytes of the first and the third.
"""

from __future__ import annotations

import csv
import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from hashlib import sha256
from io import StringIO
from pathlib import Path
from typing import Any

import msgspec
import typer

from entact import __version__
from entact.course.entry import canonical, digest
from entact.course.signed.signature import Signature, holds
from entact.protocol import Release, assumptions, load_study
from entact.protocol.words.acceptance import acceptance
from entact.store.error import StoreError

PACK, SHEET, CHECKLIST, SIGNATURES = "pack.json", "pack.pdf", "checklist.csv", "signatures.json"
COLUMNS = ("id", "part", "do", "see", "result", "by", "on", "note")
PASSED, RESULTS = "passed", ("passed", "failed", "not applicable")
MEANING = "validated"  # what the signature means
_REQUIREMENT = ("id", "shows", "from", "result", "tests")


@dataclass(frozen=True)
class Pack:
    """A pack as it lies in its folder.

    Attributes:
        content: of `pack.json`. lines: of the checklist, as it was worked off. problems: what keeps it from
            being accepted, in words. statement: what is signed. signatures: those that hold.
    """

    folder: Path
    content: dict[str, Any]
    lines: tuple[dict[str, str], ...]
    problems: tuple[str, ...]
    statement: str
    signatures: tuple[Signature, ...]

    @property
    def accepted(self) -> bool:
        """Whether everything was tried, nothing failed, and somebody signed it."""
        return not self.problems and bool(self.signatures)


def make_pack(name: str, evidence: Path, out: Path) -> dict[str, Any]:
    """Writes a pack for the newest release of a study.

    Args:
        evidence: `evidence.json` as `make evidence` wrote it with this version.
    Raises:
        StudyError: when the study cannot be used. StoreError: when there is no evidence of this version, or
            the folder is there already.
    """
    release = load_study(name).newest
    requirements, made_with = _evidence(evidence)
    if out.exists():
        raise StoreError(f"{out} is there already: a pack gets a folder of its own")
    counted = Counter(str(one["result"]) for one in requirements)
    checks = [asdict(one) for one in acceptance(release)]
    content = {
        "format": "validation pack 1",
        "study": release.file.study,
        "title": str(release.file.title),
        "release": release.file.release,
        "release_id": release.id,
        "digest": release.digest,
        "entact": __version__,
        "made_with": sorted([key, value] for key, value in made_with.items() if key != "entact"),
        "evidence_sha256": sha256(evidence.read_bytes()).hexdigest(),
        "counted": [[result, counted[result]] for result in ("passed", "failed", "not shown")],
        "assumptions": [list(pair) for pair in assumptions(release)],
        "requirements": requirements,
        "checklist": checks,
    }
    from entact.report.typeset import as_pdf

    out.mkdir(parents=True)
    (out / PACK).write_text(json.dumps(content, ensure_ascii=False, indent=1) + "\n")
    (out / SHEET).write_bytes(as_pdf("validation", content))
    (out / CHECKLIST).write_text(_checklist(checks), encoding="utf-8-sig", newline="")
    return {
        "folder": str(out),
        "release": release.id,
        "requirements": dict(counted),
        "checklist": len(checks),
    }


def _evidence(path: Path) -> tuple[list[dict[str, Any]], dict[str, str]]:
    """What the tests have shown, and with what."""
    try:
        found = json.loads(path.read_bytes())
        made_with = {str(key): str(value) for key, value in found["made_with"].items()}
        requirements = [{name: one[name] for name in _REQUIREMENT} for one in found["requirements"]]
    except OSError as error:
        raise StoreError(
            f"there is no evidence in {path}: `make evidence` makes it on the machine that runs the study"
        ) from error
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        raise StoreError(f"{path} is not what `make evidence` writes: {error!r}") from error
    if made_with.get("entact") != __version__:
        raise StoreError(
            f"{path} is of entact {made_with.get('entact')}, and this is {__version__}: make evidence anew"
        )
    return requirements, made_with


def _checklist(lines: list[dict[str, str]]) -> str:
    text = StringIO()
    writer = csv.DictWriter(text, COLUMNS, restval="", lineterminator="\r\n")
    writer.writeheader()
    writer.writerows(lines)
    return text.getvalue()


def read_pack(folder: Path) -> Pack:
    """A pack as it lies there, with what is wrong with it.

    Raises:
        StoreError: when there is none.
    """
    try:
        raw = {name: (folder / name).read_bytes() for name in (PACK, CHECKLIST)}
        content = json.loads(raw[PACK])
        planned = {one["id"]: one for one in content["checklist"]}
        lines = tuple(_lines(raw[CHECKLIST]))
        about = {name: sha256(text).hexdigest() for name, text in raw.items()}
        statement = digest(canonical({"validation pack": content["release_id"], **about}))
        signatures = tuple(one for one in _signatures(folder) if holds(one, statement))
        problems = (*_open_requirements(content), *_open_lines(planned, lines))
    except (OSError, ValueError, LookupError, TypeError, AttributeError) as error:
        raise StoreError(f"{folder} holds no validation pack that can be read: {error}") from error
    return Pack(folder, content, lines, problems, statement, signatures)


def _lines(raw: bytes) -> Iterator[dict[str, str]]:
    for row in csv.DictReader(StringIO(raw.decode("utf-8-sig"), newline="")):
        yield {name: str(row[name] or "").strip() for name in COLUMNS}


def _signatures(folder: Path) -> list[Signature]:
    path = folder / SIGNATURES
    return msgspec.json.decode(path.read_bytes(), type=list[Signature]) if path.exists() else []


def _open_requirements(content: dict[str, Any]) -> Iterator[str]:
    for one in content["requirements"]:
        if one["result"] == "failed":
            yield f"{one['id']}: a test of it failed"


def _open_lines(planned: dict[str, Any], lines: tuple[dict[str, str], ...]) -> Iterator[str]:
    """What of the checklist was not tried, or did not pass."""
    done = {one["id"]: one for one in lines}
    for name in planned.keys() | done.keys() if planned.keys() != done.keys() else ():
        if name not in done:
            yield f"{name}: the line is gone from the checklist"
        elif name not in planned:
            yield f"{name}: no line of this pack's checklist"
    for name, line in planned.items():
        given = done.get(name)
        if given is None:
            continue
        if (given["do"], given["see"]) != (line["do"], line["see"]):
            yield f"{name}: what was to be done reads otherwise than in the pack"
        if given["result"] not in RESULTS:
            yield (
                f"{name}: say {', '.join(RESULTS[:-1])} or {RESULTS[-1]}"
                if given["result"]
                else f"{name}: not tried"
            )
        elif given["result"] == "failed":
            yield f"{name}: failed{': ' if given['note'] else ''}{given['note']}"
        elif not given["by"] or not given["on"]:
            yield f"{name}: say by whom, and on which day"
        elif given["result"] != PASSED and not given["note"]:
            yield f"{name}: say in the note why it is {given['result']}"


def sign_pack(folder: Path, signer: Any) -> Pack:
    """Signs a pack in which everything was tried and nothing failed.

    Raises:
        StoreError: with everything that is open.
    """
    pack = read_pack(folder)
    if pack.problems:
        raise StoreError("\n".join((f"{folder} cannot be signed:", *pack.problems)))
    from entact.store.signature import require_holder

    require_holder(signer)
    signed = [one for one in pack.signatures if one.person != signer.person]
    signed.append(signer.sign(pack.statement, MEANING))
    (folder / SIGNATURES).write_bytes(msgspec.json.format(msgspec.json.encode(signed)) + b"\n")
    return read_pack(folder)


def accepted_for(folder: Path, release: Release) -> Pack:
    """The pack of a release and of this program, accepted and signed.

    Raises:
        StoreError: with everything that keeps it from that.
    """
    pack = read_pack(folder)
    wrong = list(pack.problems)
    if pack.content["digest"] != release.digest:
        wrong.insert(0, f"it is of the release {pack.content['release_id']}, and this is {release.id}")
    if pack.content["entact"] != __version__:
        wrong.insert(0, f"it is of entact {pack.content['entact']}, and this is {__version__}")
    if not pack.signatures:
        wrong.append("nobody has signed it as it is now")
    if wrong:
        raise StoreError("\n".join((f"the validation pack in {folder} does not count:", *wrong)))
    return pack


def enter_pack(pack: Pack) -> dict[str, Any]:
    """Enters in the system's ledger of the record in use that it was validated, by whom and with what."""
    from entact.conduct.access import trail
    from entact.course.kinds.access import Validated

    entered = Validated(
        release=str(pack.content["release_id"]),
        entact=str(pack.content["entact"]),
        statement=pack.statement,
        signed_by=tuple(f"{one.person}, {one.at}, key {one.key[:16]}" for one in pack.signatures),
    )
    trail.enter(entered, by="entact")
    return {"statement": pack.statement, "signed_by": list(entered.signed_by)}


def as_data(pack: Pack) -> dict[str, Any]:
    """For `--json`."""
    return {
        "folder": str(pack.folder),
        "release": pack.content["release_id"],
        "entact": pack.content["entact"],
        "checklist": dict(Counter(one["result"] or "not tried" for one in pack.lines)),
        "requirements": dict(Counter(one["result"] for one in pack.content["requirements"])),
        "problems": list(pack.problems),
        "signed_by": [f"{one.person}, {one.at}" for one in pack.signatures],
        "accepted": pack.accepted,
    }


def print_pack(told: dict[str, Any]) -> None:
    """A pack in words: what is open, and who signed it."""
    shown = ", ".join(f"{count} {result}" for result, count in told["requirements"].items())
    typer.echo(f"{told['release']}, entact {told['entact']}: requirements {shown}")
    typer.echo("checklist: " + ", ".join(f"{count} {result}" for result, count in told["checklist"].items()))
    for one in told["problems"]:
        typer.echo(f"open      {one}")
    for one in told["signed_by"]:
        typer.echo(f"signed by {one}")
    if not told["signed_by"]:
        typer.echo("nobody has signed it as it is now")
