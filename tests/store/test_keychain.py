"""The file with participants' keys: added to by many, and written anew when one goes."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.core.management import call_command
from django.db import connection

from entact import store
from entact.store import StoreError, server
from entact.store.keychain import Keychain

KEYS = {f"participant:{number}": bytes([number]) * 32 for number in range(1, 6)}


@pytest.fixture
def chain(tmp_path: Path) -> Keychain:
    chain = Keychain(tmp_path / "keys")
    chain.add(KEYS)
    return chain


def test_only_its_owner_reads_it(chain: Keychain) -> None:
    assert chain.path.stat().st_mode & 0o077 == 0
    assert chain.folder.stat().st_mode & 0o077 == 0
    chain.remove(["participant:1"])
    assert chain.path.stat().st_mode & 0o077 == 0


def test_what_goes_is_gone_and_its_bytes_are_overwritten(chain: Keychain) -> None:
    with chain.path.open("rb") as before:
        chain.remove(["participant:2", "participant:9"])
        assert set(before.read()) == {0}
    assert chain.all() == {name: key for name, key in KEYS.items() if name != "participant:2"}
    assert KEYS["participant:2"].hex().encode() not in chain.path.read_bytes()
    assert sorted(path.name for path in chain.folder.iterdir()) == ["keys.jsonl", "lock"]


def test_a_key_that_was_set_aside_does_not_come_back_by_being_added(chain: Keychain) -> None:
    name = "participant:2"
    chain.set_aside([name], datetime(2026, 3, 2, tzinfo=UTC))
    chain.add({name: KEYS[name]})
    assert chain.get(name) is None
    assert KEYS[name].hex().encode() not in chain.path.read_bytes()
    chain.bring_back(name)
    assert chain.get(name) == KEYS[name]


def test_another_process_sees_what_was_added_and_removed(chain: Keychain) -> None:
    other = Keychain(chain.folder)
    assert other.get("participant:3") == KEYS["participant:3"]
    chain.remove(["participant:3"])
    assert other.get("participant:3") is None
    other.add({"participant:6": b"6" * 32})
    assert chain.get("participant:6") == b"6" * 32


def test_a_line_that_a_crash_cut_off_was_never_there(chain: Keychain) -> None:
    whole = chain.path.read_bytes()
    chain.path.write_bytes(whole[:-20])
    assert set(chain.all()) == set(list(KEYS)[:-1])
    chain.add({"participant:7": b"7" * 32})
    assert set(Keychain(chain.folder).all()) == {*list(KEYS)[:-1], "participant:7"}


def test_a_file_that_was_altered_is_named_with_its_line(chain: Keychain) -> None:
    lines = chain.path.read_text().splitlines(keepends=True)
    chain.path.write_text("".join([lines[0], "{}\n", *lines[2:]]))
    with pytest.raises(StoreError, match=r"keys\.jsonl, line 2 holds no key"):
        chain.all()


def test_processes_that_add_at_once_lose_nothing(chain: Keychain) -> None:
    code = (
        "import sys; from pathlib import Path; from entact.store.keychain import Keychain\n"
        "chain = Keychain(Path(sys.argv[1]))\n"
        "for number in range(20): chain.add({f'participant:{sys.argv[2]}-{number}': bytes(32)})"
    )
    writers = [
        subprocess.Popen([sys.executable, "-c", code, str(chain.folder), name]) for name in ("a", "b", "c")
    ]
    for number in range(1, 6):
        chain.remove([f"participant:{number}"])
    assert [writer.wait() for writer in writers] == [0, 0, 0]
    assert set(chain.all()) == {f"participant:{name}-{number}" for name in "abc" for number in range(20)}


def test_keys_that_an_earlier_version_kept_in_the_database_move_out_of_it(template: str) -> None:
    name = f"{template}_earlier"
    connection.close()
    with server.maintenance_connection(apart_from=name) as maintenance:
        maintenance.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        maintenance.execute(f"CREATE DATABASE {name}")
    connection.settings_dict["NAME"] = name
    with server.acting_as_owner():
        call_command("migrate", "store", "0002", verbosity=0)
        with connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO store_installation (id, environment, study) VALUES (1, 'rehearsal', 'mini')"
            )
            cursor.execute("INSERT INTO store_key VALUES ('participant:1', %s)", [KEYS["participant:1"]])
        connection.close()
    store.setup(database=name)
    assert store.key_of("participant:1") == KEYS["participant:1"]
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_regclass('public.store_key')")
        assert cursor.fetchone() == (None,)
    connection.close()


@pytest.mark.parametrize("act", ["add", "remove", "set_aside"])
def test_a_full_disk_is_said_in_words_and_loses_no_key(chain: Keychain, act: str) -> None:
    """A limit on the size of a file stands for the disk: it can grow by a few bytes, not by a line."""
    before = dict(chain.all())
    code = (
        "import resource, signal, sys; from datetime import UTC, datetime; from pathlib import Path\n"
        "from entact.store import StoreError\n"
        "from entact.store.keychain import Keychain\n"
        "chain = Keychain(Path(sys.argv[1]))\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "size = 40 if sys.argv[2] != 'add' else chain.path.stat().st_size + 40\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))\n"
        "acts = {'add': lambda: chain.add({'participant:9': bytes(32)}),\n"
        "    'remove': lambda: chain.remove(['participant:1']),\n"
        "    'set_aside': lambda: chain.set_aside(['participant:1'], datetime.now(UTC))}\n"
        "try: acts[sys.argv[2]]()\n"
        "except StoreError as error: print(error)"
    )
    words = [sys.executable, "-c", code, str(chain.folder), act]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.stderr == ""
    assert f"the keys in {chain.folder} cannot be written: File too large" in done.stdout
    assert Keychain(chain.folder).all() == before
    chain.add({"participant:8": b"8" * 32})
    assert Keychain(chain.folder).all() == before | {"participant:8": b"8" * 32}
    assert Keychain(chain.folder).aside() == {}


def test_files_that_others_could_read_are_made_private_before_a_key_lies_in_them(chain: Keychain) -> None:
    chain.folder.chmod(0o755)
    for path in chain.folder.iterdir():
        path.chmod(0o644)
    chain.add({"participant:8": b"8" * 32})
    chain.set_aside(["participant:8"], datetime.now(UTC))
    chain.path_aside.chmod(0o644)
    chain.remove(["participant:8"])
    assert chain.folder.stat().st_mode & 0o077 == 0
    assert {path.name for path in chain.folder.iterdir() if path.stat().st_mode & 0o077} <= {"lock"}
