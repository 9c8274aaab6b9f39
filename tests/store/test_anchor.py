"""Anchors outside the database name what no chain can: a database rewritten as a whole, or set back."""

from __future__ import annotations

import email
import email.policy
import json
import os
import shutil
import socketserver
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import msgspec
import pytest
from django.db import connection

from entact import store
from entact.course.entry import GENESIS, Kept, digest, line_of, read
from entact.course.entry.ledger import Break, Ledger
from entact.protocol import load_study
from entact.store import archive_verifier, server
from entact.store.anchor import AnchorFile, append_to_file, read_anchors
from entact.store.anchoring import take_anchor
from entact.store.error import StoreError
from entact.store.mail import anchor_message, send
from entact.store.stamp import request_stamp, stamped_at

MINI = Path(__file__).parents[1] / "studies" / "mini"
NOW = "2026-03-02T10:31:00-07:00"
Owner = Callable[..., None]
Post = tuple[str, list[bytes]]
NAMES = ["participant:a", "participant:b", "site:01"]


@pytest.fixture
def study_ledger(database: str, make_entry: Any, make_chain: Any, stream: Any) -> None:
    """A study with a release, a site and two participants of six entries each, and their births."""
    release = load_study(str(MINI)).newest
    data = {"id": release.id, "text": release.text.decode()}
    store.append(make_entry("study:mini", 1, kind="release", data=data), received_at=NOW)
    for number, name in enumerate(NAMES, start=2):
        entry = make_entry("study:mini", number, kind="ledger_opened", data={"ledger": name})
        store.append(entry, received_at=NOW)
    store.append_many(stream(*(make_chain(name, 6) for name in NAMES)))


@pytest.fixture
def anchor_file(study_ledger: None, tmp_path: Path, make_entry: Any) -> Path:
    """Two anchors, between which one participant got two entries more, and the other none."""
    path = tmp_path / "anchors.txt"
    append_to_file(path, *take_anchor())
    for number in (7, 8):
        store.append(make_entry("participant:a", number), received_at=NOW)
    append_to_file(path, *take_anchor())
    return path


def broken(path: Path) -> list[Break]:
    return list(store.verify(against=read_anchors(path).anchored()).breaks)


def test_an_untouched_record_holds_against_all_its_anchors(anchor_file: Path) -> None:
    found = read_anchors(anchor_file)
    first, second = found.anchors
    assert broken(anchor_file) == []
    assert set(first.heads or {}) == {*NAMES, "study:mini"}
    assert set(second.heads or {}) == {"participant:a", "study:mini"}  # the others had not moved
    assert second.previous == digest(first.line.encode())
    assert (second.ledgers, second.entries) == (4, sum(head.seq for head in store.ledgers()))
    assert found.heads == {head.ledger: (head.seq, head.hash) for head in store.ledgers()}


def test_nothing_new_makes_no_entry(anchor_file: Path) -> None:
    before = store.ledgers("study:")
    append_to_file(anchor_file, *take_anchor())
    assert store.ledgers("study:") == before
    assert read_anchors(anchor_file).anchors[-1].heads == {}
    assert broken(anchor_file) == []


@pytest.mark.requirement("R03")
def test_r03_a_ledger_that_vanished_with_its_birth_is_named(anchor_file: Path, owner: Owner) -> None:
    taken = [one.at for one in read_anchors(anchor_file).anchors]
    owner("DELETE FROM store_line WHERE ledger_id = (SELECT id FROM store_ledger WHERE name = 'site:01')")
    owner("DELETE FROM store_ledger WHERE name = 'site:01'")
    problems = {
        Break("site:01", 1, f"is missing: the anchor of {at} knows this ledger, and it is gone")
        for at in taken
    }
    assert problems & {*broken(anchor_file)}


@pytest.mark.requirement("R03")
def test_r03_a_database_that_was_set_back_is_named(
    database: str, study_ledger: None, make_entry: Any, tmp_path: Path
) -> None:
    path = tmp_path / "anchors.txt"
    append_to_file(path, *take_anchor())
    saved = f"{database}_saved"
    connection.close()
    with server.maintenance_connection(apart_from=database) as maintenance:
        maintenance.execute(f"DROP DATABASE IF EXISTS {saved} WITH (FORCE)")
        maintenance.execute(f"CREATE DATABASE {saved} TEMPLATE {database}")
    for number in (7, 8, 9):
        store.append(make_entry("participant:b", number), received_at=NOW)
    append_to_file(path, *take_anchor())
    when = read_anchors(path).anchors[-1].at
    last = store.ledgers("study:")[0].seq
    connection.close()
    store.setup(database=saved)
    assert store.verify().breaks == ()  # alone, the older copy is without fault
    found = {one.ledger: one for one in broken(path)}
    assert found["study:mini"].seq == last
    assert found["participant:b"] == Break(
        "participant:b",
        7,
        f"is missing: the anchor of {when} recorded 9 entries, 6 are left: the database was set back to an "
        "earlier state",
    )
    assert found.keys() == {"study:mini", "participant:b"}
    connection.close()
    with server.maintenance_connection(apart_from=saved) as maintenance:
        maintenance.execute(f"DROP DATABASE {saved} WITH (FORCE)")
    store.setup(database=database)


def forge(owner: Owner, ledger: str, number: int, change: Callable[[Kept], dict[str, Any]]) -> None:
    """Changes one entry and chains all after it anew, with hashes and head, as its owner can."""
    previous = GENESIS
    for line in list(store.lines(ledger)):
        kept = read(line.text)
        fields = change(kept) if kept.seq == number else {}
        forged = line_of(msgspec.structs.replace(kept, **fields, previous=previous))
        previous = forged.hash
        where = f"(SELECT id FROM store_ledger WHERE name = '{ledger}')"
        owner(
            f"UPDATE store_line SET text = %s, hash = %s WHERE ledger_id = {where} AND seq = %s",
            forged.text,
            forged.hash,
            forged.seq,
        )
    owner(f"UPDATE store_ledger SET hash = %s WHERE name = '{ledger}'", previous)


@pytest.mark.parametrize("how", ["set back", "rewritten"])
def test_of_several_anchors_the_one_that_recorded_it_is_named(
    anchor_file: Path, owner: Owner, how: str
) -> None:
    """Each at an hour of its own: here two are taken within one second."""
    taken = read_anchors(anchor_file).anchors
    hours = [f"2026-03-02T1{hour}:00:00+00:00" for hour in range(len(taken))]
    dated = [msgspec.structs.replace(one, at=at) for one, at in zip(taken, hours, strict=True)]
    if how == "rewritten":
        forge(owner, "participant:a", 7, lambda kept: {"data": {"systolic": "120 mm[Hg]"}})
        said = f"is not the entry that the anchor of {hours[-1]} recorded: the tail was rewritten since"
    else:
        name = "participant:a"
        last = list(store.lines(name))[5]
        of = f"ledger_id = (SELECT id FROM store_ledger WHERE name = '{name}')"
        owner(f"DELETE FROM store_line WHERE {of} AND seq > 6")
        owner(f"UPDATE store_ledger SET seq = 6, hash = %s WHERE name = '{name}'", last.hash)
        said = (
            f"is missing: the anchor of {hours[-1]} recorded 8 entries, 6 are left: the database was set "
            "back to an earlier state"
        )
    against = AnchorFile(tuple(dated), ()).anchored()
    found = {one.ledger: one for one in store.verify(against=against).breaks}
    assert found["participant:a"] == Break("participant:a", 8 if how == "rewritten" else 7, said)


@pytest.mark.requirement("R03")
def test_r03_a_tail_rewritten_with_the_digests_that_knew_it_is_named(anchor_file: Path, owner: Owner) -> None:
    forge(owner, "participant:a", 7, lambda kept: {"data": {"systolic": "120 mm[Hg]"}})
    heads = {head.ledger: head for head in store.ledgers()}

    def follow(kept: Kept) -> dict[str, Any]:
        noted = {"seq": heads["participant:a"].seq, "hash": heads["participant:a"].hash}
        return {"data": {"heads": {**kept.data["heads"], "participant:a": noted}}}

    last = heads["study:mini"].seq
    forge(owner, "study:mini", last, follow)
    assert store.verify().breaks == ()  # whoever rewrites everything leaves a record that agrees with itself
    when = read_anchors(anchor_file).anchors[-1].at
    told = f"is not the entry that the anchor of {when} recorded: the tail was rewritten since"
    assert set(broken(anchor_file)) == {Break("participant:a", 8, told), Break("study:mini", last, told)}


@pytest.mark.parametrize("fault", ["edited", "first removed", "reordered", "empty", "torn"])
def test_a_file_that_was_changed_is_refused_with_its_line(anchor_file: Path, fault: str) -> None:
    first, second = anchor_file.read_text().splitlines()
    text = {
        "edited": f"{first.replace('rehearsal', 'training')}\n{second}\n",
        "first removed": f"{second}\n",
        "reordered": f"{second}\n{first}\n",
        "empty": "",
        "torn": f"{first}\n{second[:200]}",
    }[fault]
    anchor_file.write_text(text)
    line = {"edited": 2, "first removed": 1, "reordered": 1, "torn": 2}.get(fault)
    with pytest.raises(StoreError, match="holds no anchor" if line is None else f"line {line}"):
        read_anchors(anchor_file)


@pytest.mark.parametrize("line", [0, 1])
def test_a_spoilt_byte_of_any_line_is_named(anchor_file: Path, line: int) -> None:
    """The first byte of the last line: it was passed over, and the anchor before it was the last."""
    whole = anchor_file.read_bytes().splitlines()
    # A digit of its time may be another digit: the line after it tells.
    said = r"anchors\.txt, line [12]" if line == 0 else r"anchors\.txt, line 2"
    for place in (0, 1, 2, 5, 9, 10, 40, 90, 150, -70, -2, -1):
        for byte in (b"z", b" ", b"\xff", b"\0", b">"):
            spoilt = bytearray(whole[line])
            spoilt[place : place + 1 or None] = byte
            lines = [bytes(spoilt) if number == line else one for number, one in enumerate(whole)]
            anchor_file.write_bytes(b"\n".join([*lines, b""]))
            with pytest.raises(StoreError, match=said):
                read_anchors(anchor_file)


def test_a_pipe_or_a_device_is_never_read_to_its_end(anchor_file: Path, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "empty").mkdir()
    for path in (tmp_path / "pipe", Path("/dev/zero"), tmp_path):
        with pytest.raises(StoreError, match="is no file"):
            read_anchors(path)
        with pytest.raises(archive_verifier.Wrong, match="no file with anchors"):
            archive_verifier.verify(tmp_path / "empty", [str(path)], [])


def test_a_line_that_a_crash_cut_off_does_not_stop_the_next(anchor_file: Path) -> None:
    whole = anchor_file.read_text()
    anchor_file.write_text(whole[:-100])
    append_to_file(anchor_file, *take_anchor())
    assert len(read_anchors(anchor_file).anchors) == 2
    assert anchor_file.read_text().splitlines()[0] == whole.splitlines()[0]


FULL = """
import resource, sys
from pathlib import Path
from entact.store.anchor import Anchor, append_to_file, digest_of
from entact.store.error import StoreError

def add(path, number):
    heads = {"study:mini": (number, "9" * 64)}
    fields = {"study": "mini", "environment": "rehearsal", "at": "2026-11-24T00:00:00+00:00", "seq": number}
    one = Anchor(**fields, hash="9" * 64, ledgers=1, entries=number, digest=digest_of(heads))
    append_to_file(path, one, heads)

path = Path(sys.argv[1])
add(path, 1)
before = path.read_bytes()
resource.setrlimit(resource.RLIMIT_FSIZE, (len(before) + 100, resource.RLIM_INFINITY))
try:
    add(path, 2)
except StoreError as error:
    print(error)
print(path.read_bytes() == before)
"""


def test_a_full_disk_takes_a_whole_line_or_none(tmp_path: Path) -> None:
    path = tmp_path / "anchors.txt"
    command = [sys.executable, "-c", FULL, str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout == f"cannot append to {path}: File too large\nTrue\n"
    assert len(read_anchors(path).anchors) == 1


@pytest.mark.requirement("R03")
@pytest.mark.parametrize("how", ["vanished", "set back", "rewritten"])
def test_r03_an_anchor_taken_after_the_deed_does_not_hide_it(
    anchor_file: Path, owner: Owner, how: str
) -> None:
    """What takes anchors every hour must not spoil the file in which the earlier ones stand."""
    before = anchor_file.read_text()
    anchor, heads = take_anchor()
    changed = {
        "vanished": {name: head for name, head in heads.items() if name != "participant:a"},
        "set back": heads | {"participant:a": (heads["participant:a"][0] - 1, "1" * 64)},
        "rewritten": heads | {"participant:a": (heads["participant:a"][0], "1" * 64)},
    }[how]
    known = {"vanished": "has 0", "set back": "has 7", "rewritten": "has others"}[how]
    with pytest.raises(StoreError, match=f"knows 8 entries of participant:a since .*, the record {known}"):
        append_to_file(anchor_file, anchor, changed)
    assert anchor_file.read_text() == before


APPENDS = """
import sys
from pathlib import Path
from entact.store import setup
from entact.cli.anchor import take

for _ in range(4):
    take(sys.argv[1], Path(sys.argv[2]), [], None)
"""


def test_two_that_anchor_at_once_take_turns(anchor_file: Path, database: str, make_entry: Any) -> None:
    command = [sys.executable, "-c", APPENDS, database, str(anchor_file)]
    both = [subprocess.Popen(command) for _ in range(2)]
    number = 20
    while any(one.poll() is None for one in both):
        number += 1
        store.append(make_entry("participant:b", number), received_at=NOW)
    assert [one.returncode for one in both] == [0, 0]
    assert len(read_anchors(anchor_file).anchors) == 2 + 8
    assert broken(anchor_file) == []


def test_a_file_is_of_one_study_and_environment(anchor_file: Path) -> None:
    anchor, heads = take_anchor()
    other = type(anchor)(
        **{name: getattr(anchor, name) for name in anchor.__struct_fields__} | {"study": "other"}
    )
    with pytest.raises(StoreError, match="anchors of mini, rehearsal: take another file"):
        append_to_file(anchor_file, other, heads)


class Received(socketserver.StreamRequestHandler):
    """As much of a mail server as a client needs; what is sent lands in the server's list."""

    def handle(self) -> None:
        def say(text: str) -> None:
            self.wfile.write(f"{text}\r\n".encode())

        say("220 test")
        while line := self.rfile.readline().decode().strip():
            verb = line.upper()
            if verb.startswith("RCPT") and "nobody@" in line:
                say("550 no such person")
            elif verb.startswith("DATA"):
                say("354 go on")
                lines = []
                while (part := self.rfile.readline()) != b".\r\n":
                    lines.append(part)
                self.server.messages.append(b"".join(lines))  # type: ignore[attr-defined]
                say("250 taken")
            elif verb.startswith("QUIT"):
                say("221 bye")
                return
            else:
                say("250 ok")


@pytest.fixture
def post() -> Iterator[tuple[str, list[bytes]]]:
    """Address of a mail server of the test's own, and what it has received."""
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Received) as server:
        server.daemon_threads = True
        server.messages = []  # type: ignore[attr-defined]
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"smtp://127.0.0.1:{server.server_address[1]}", server.messages  # type: ignore[attr-defined]
        server.shutdown()
        thread.join()


@pytest.mark.requirement("R03")
def test_r03_the_message_that_a_site_saved_names_what_was_rewritten(
    study_ledger: None, post: Post, tmp_path: Path, owner: Owner
) -> None:
    where, received = post
    anchor, _ = take_anchor()
    send(anchor_message(anchor, "record@example.org", ["one@example.org", "two@example.org"]), where)
    saved = tmp_path / "saved.eml"
    saved.write_bytes(received[0])
    message = email.message_from_bytes(received[0], policy=email.policy.default)
    assert isinstance(message, EmailMessage)
    assert message["To"] == "one@example.org, two@example.org"
    assert "SIMULATED DATA" in message["Subject"]
    assert "participant:" not in received[0].decode()
    for path in (saved, tmp_path / "attached.txt"):
        (attached,) = message.iter_attachments()
        (tmp_path / "attached.txt").write_text(attached.get_content())
        assert broken(path) == []
    last = store.ledgers("study:")[0].seq
    forge(owner, "study:mini", last, lambda kept: {"data": {"heads": {}}})
    assert Break(
        "study:mini",
        last,
        f"is not the entry that the anchor of {anchor.at} recorded: the tail was rewritten since",
    ) in broken(saved)


def test_a_mail_server_that_is_away_or_refuses_is_named(study_ledger: None, post: Post) -> None:
    anchor, _ = take_anchor()
    for to, where, said in (
        ("one@example.org", "smtp://127.0.0.1:1", r"127\.0\.0\.1:1 did not take the message"),
        ("nobody@example.org", post[0], "did not take the message: .*no such person"),
        ("one@example.org", "http://127.0.0.1", "is no mail server"),
    ):
        with pytest.raises(StoreError, match=said):
            send(anchor_message(anchor, "record@example.org", [to]), where)
    assert post[1] == []


TSA = """
[tsa]
default_tsa = here
[here]
serial = {folder}/serial
signer_cert = {folder}/signer.pem
signer_key = {folder}/signer.key
default_policy = 1.2.3.4.1
digests = sha256
signer_digest = sha256
ordering = yes
tsa_name = yes
ess_cert_id_chain = no
[req]
distinguished_name = name
[name]
[ca]
basicConstraints = critical,CA:TRUE
keyUsage = critical,keyCertSign
[stamping]
basicConstraints = CA:FALSE
keyUsage = critical,digitalSignature
extendedKeyUsage = critical,timeStamping
"""


def openssl(*arguments: str) -> None:
    subprocess.run(["openssl", *arguments], check=True, capture_output=True)


class Authority:
    """A time-stamping authority by OpenSSL, served over HTTP."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.roots = folder / "root.pem"
        config = folder / "tsa.cnf"
        config.write_text(TSA.format(folder=folder))
        (folder / "serial").write_text("01")
        new = ["-newkey", "rsa:2048", "-nodes", "-config", str(config)]
        root, signer = f"{folder}/root", f"{folder}/signer"
        made = ["-keyout", f"{root}.key", "-out", f"{root}.pem", "-subj", "/CN=root", "-days", "30"]
        openssl("req", "-x509", *new, *made, "-extensions", "ca")
        openssl("req", *new, "-keyout", f"{signer}.key", "-out", f"{signer}.csr", "-subj", "/CN=tsa")
        by = ["-CA", f"{root}.pem", "-CAkey", f"{root}.key", "-CAcreateserial", "-days", "20"]
        how = ["-extfile", str(config), "-extensions", "stamping"]
        openssl("x509", "-req", "-in", f"{signer}.csr", "-out", f"{signer}.pem", *by, *how)
        folder_ = folder

        class Answer(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                asked = self.rfile.read(int(self.headers["Content-Length"]))
                (folder_ / "asked.tsq").write_bytes(asked)
                openssl("ts", "-reply", "-config", str(config), "-queryfile", f"{folder_}/asked.tsq", "-out",
                        f"{folder_}/answer.tsr")  # fmt: skip
                self.send_response(200)
                self.send_header("Content-Type", "application/timestamp-reply")
                self.end_headers()
                self.wfile.write((folder_ / "answer.tsr").read_bytes())

            def log_message(self, format: str, *args: object) -> None: ...

        self.server = HTTPServer(("127.0.0.1", 0), Answer)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Authority]:
    assert shutil.which("openssl"), "these tests make a time-stamping authority with openssl"
    found = Authority(tmp_path_factory.mktemp("tsa"))
    thread = threading.Thread(target=found.server.serve_forever)
    thread.start()
    yield found
    found.server.shutdown()
    thread.join()
    found.server.server_close()


def test_a_stamp_says_when_and_by_whom(authority: Authority, tmp_path: Path) -> None:
    response = request_stamp(authority.url, b"a line")
    at = stamped_at(response, b"a line", authority.roots)
    assert abs(datetime.now(UTC) - at) < timedelta(minutes=2)
    with pytest.raises(StoreError, match="about another text"):
        stamped_at(response, b"another line", authority.roots)
    other = tmp_path / "other"
    other.mkdir()
    stranger = Authority(other)
    stranger.server.server_close()
    with pytest.raises(StoreError, match="is not signed by a certificate in"):
        stamped_at(response, b"a line", stranger.roots)
    with pytest.raises(StoreError, match="is no time stamp"):
        stamped_at(response[:-40], b"a line", authority.roots)
    with pytest.raises(StoreError, match="cannot be reached"):
        request_stamp("http://127.0.0.1:1", b"a line")


def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", "from entact.cli import main; main()", *arguments]
    return subprocess.run(
        command,
        capture_output=True,
        text=True,
        env={**os.environ, **environment, "COLUMNS": "200"},
        timeout=300,
    )


@pytest.mark.slow
def test_one_command_anchors_in_all_places_and_another_verifies(
    study_ledger: None,
    database: str,
    tmp_path: Path,
    authority: Authority,
    post: Post,
    owner: Owner,
) -> None:
    file = str(tmp_path / "anchors.txt")
    places = ["--file", file, "--mail", "one@example.org", "--timestamp", authority.url]
    done = run("anchor", "--database", database, *places)
    assert done.returncode == 2
    assert "--mail needs ENTACT_SMTP" in done.stderr
    done = run(
        "anchor", "--database", database, *places, "--json",
        ENTACT_SMTP=post[0], ENTACT_MAIL_FROM="record@example.org",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["mail"] == ["one@example.org"]
    assert told["stamped_at"] is not None
    assert len(post[1]) == 1
    against = ["verify", "--database", database, "--against", file, "--authority", str(authority.roots)]
    done = run(*against)
    assert done.returncode == 0, done.stderr
    assert "signed by a certificate given" in done.stdout
    assert "4 chains with" in done.stdout
    forge(owner, "study:mini", 5, lambda kept: {"data": {"heads": {}}})
    done = run(*against)
    assert done.returncode == 1
    assert "the tail was rewritten since" in done.stdout
    text = Path(file).read_text().replace('"token":"M', '"token":"N')
    Path(file).write_text(text)
    done = run(*against)
    assert done.returncode == 2
    assert "is no time stamp" in done.stderr


def test_anchors_at_intervals_go_on_when_a_place_fails(
    study_ledger: None, database: str, tmp_path: Path
) -> None:
    file = tmp_path / "anchors.txt"
    command = [sys.executable, "-c", "from entact.cli import main; main()", "anchor", "--database", database]
    command += ["--file", str(file), "--timestamp", "http://127.0.0.1:1", "--every", "1 s"]
    process = subprocess.Popen(
        command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True, env={**os.environ}
    )
    assert process.stderr is not None
    said = [process.stderr.readline() for _ in range(2)]
    process.terminate()
    process.communicate()
    assert all("cannot be reached" in line for line in said)
    assert len(read_anchors(file).anchors) >= 2


def test_what_is_asked_for_wrongly_is_said_before_anything_is_done(database: str, study_ledger: None) -> None:
    for arguments, said in (
        (["--timestamp", "http://127.0.0.1:1"], "say in which file, with --file"),
        (["--every", "soon"], "--every"),
    ):
        done = run("anchor", "--database", database, *arguments)
        assert done.returncode == 2
        assert said in done.stderr
        assert "Traceback" not in done.stderr


def test_a_study_without_a_release_has_no_anchor(database: str, make_chain: Any, stream: Any) -> None:
    chain: Ledger = make_chain("participant:a", 2)
    store.append_many(stream(chain))
    with pytest.raises(StoreError, match="no release"):
        take_anchor()


def test_a_server_takes_anchors_by_itself_and_both_page_and_verification_say_when(
    tmp_path: Path, study_ledger: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    from entact.cli.anchor import destinations_of_environment, keep_anchoring
    from entact.conduct.verification import check_now

    assert destinations_of_environment() is None
    monkeypatch.setenv("ENTACT_ANCHOR_FILE", str(tmp_path / "anchors"))
    monkeypatch.setenv("ENTACT_ANCHOR_EVERY", "1 s")
    destinations = destinations_of_environment()
    assert destinations is not None
    stop = threading.Event()
    thread = keep_anchoring(destinations, stop)
    patience = time.monotonic() + 60
    while time.monotonic() < patience and not check_now().anchored:
        time.sleep(0.05)
    stop.set()
    thread.join(30)
    assert len(read_anchors(tmp_path / "anchors").anchors) >= 1
    checked = check_now()
    assert list(checked.anchored) == [f"file {tmp_path / 'anchors'}"]
    assert checked.last_anchor is not None


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("EVERY", "soon", "ENTACT_ANCHOR_EVERY"),
        ("EVERY", "0 s", "at least a second"),
        ("MAIL", "a@b", "ENTACT_SMTP"),
    ],
)
def test_anchors_that_could_not_be_taken_by_themselves_are_refused_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, value: str, said: str
) -> None:
    from entact.cli.anchor import destinations_of_environment

    monkeypatch.delenv("ENTACT_SMTP", raising=False)
    monkeypatch.setenv("ENTACT_ANCHOR_FILE", str(tmp_path / "anchors"))
    monkeypatch.setenv(f"ENTACT_ANCHOR_{name}", value)
    with pytest.raises(StoreError, match=said):
        destinations_of_environment()
