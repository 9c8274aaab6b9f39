"""`entact conflict`, `entact device`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import msgspec
from tests.cli.conftest import Done, Run

Sign = Callable[..., Done]


def test_a_conflict_is_listed_and_decided_by_a_person_with_a_reason(run: Run, sign: Sign, own: str) -> None:
    from entact import store
    from entact.course.entry import as_sent, read

    assert run("conflict", "list", "--database", own).out == "no id was used twice\n"
    store.setup(database=own)
    name = store.ledgers("participant:")[0].ledger
    first = next(one for line in store.lines(name) if (one := read(line.text)).kind == "vital_signs")
    other = msgspec.structs.replace(as_sent(first), by="mallory")
    store.append(other, received_at="2040-01-01T00:00:00+00:00")
    [found] = run("conflict", "list", "--database", own, "--json").json
    assert (found["ledger"], found["entry"], found["differ"]) == (name, first.id, ["by"])
    assert [(one["by"], one["stands"]) for one in found["versions"]] == [(first.by, True), ("mallory", False)]
    assert "mallory" in run("conflict", "list", "--database", own).out
    digest = found["versions"][1]["digest"]
    decide = ["conflict", "decide", name, first.id, "--follow", digest[:12]]
    for words, said in (
        ([*decide, "--reason", "because"], "a decision has a reason, one of"),
        ([*decide[:-1], "f" * 64, "--reason", "source_document"], "names 0 versions"),
        ([*decide[:-1], "", "--reason", "source_document"], "names 0 versions"),
        (
            ["conflict", "decide", name, "none", *decide[-2:], "--reason", "source_document"],
            "no two versions",
        ),
    ):
        refused = sign(*words, by="ada")
        assert (refused.code, refused.out) == (2, "")
        assert said in refused.err
    done = sign(*decide, "--reason", "source_document", by="ada")
    assert (done.code, done.err) == (0, "")
    [found] = run("conflict", "list", "--database", own, "--json").json
    assert [one["stands"] for one in found["versions"]] == [False, True]
    assert run("verify", "--database", own).code == 0


def test_a_device_is_enrolled_listed_and_revoked(run: Run, sign: Sign, own: str, tmp_path: Path) -> None:
    from entact import store
    from entact.store.devices import show_key

    assert run("device", "list", "--database", own).out == "no device was enrolled\n"
    store.setup(database=own)
    file = tmp_path / "shown.json"
    file.write_bytes(msgspec.json.encode(show_key("tablet-1", b"t" * 32)))
    done = sign("device", "enrol", file, by="ada")
    assert (done.code, done.err) == (0, "")
    assert done.out.startswith("tablet-1 signs with ")
    assert "holds a key" not in sign("device", "enrol", file, by="ada").out
    assert (
        sign("device", "revoke", "tablet-1", by="ben").out == "the key of tablet-1 does not count any more\n"
    )
    [one] = run("device", "list", "--database", own, "--json").json
    assert one["device"] == "tablet-1"
    assert one["until"] >= one["since"]
    file.write_text("{}")
    refused = sign("device", "enrol", file, by="ada")
    assert (refused.code, "is not what a device shows of its key" in refused.err) == (2, True)
    assert run("verify", "--database", own).code == 0
