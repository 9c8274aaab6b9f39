"""The command line, ready to be run: one process has imported all of it, and forks for each command.

A page's commands are run in a shell, each as a process of its own with its own arguments, folder, environment
and streams. What they do not do is import everything again, which takes longer than most of them. The shell
finds `entact` in a folder that this module fills: a few lines that hand their streams over, and wait for the
exit code.
"""

from __future__ import annotations

import array
import atexit
import importlib
import json
import os
import pkgutil
import signal
import socket
import subprocess
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any, NoReturn

STREAMS = (0, 1, 2)

ENTACT = """#!{python} -IS
import array, json, os, socket, sys
server = socket.socket(socket.AF_UNIX)
server.connect({address!r})
told = json.dumps([sys.argv[1:], os.getcwd(), dict(os.environ)]).encode()
streams = array.array("i", [0, 1, 2])
server.sendmsg([len(told).to_bytes(4, "big")], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, streams)])
server.sendall(told)
said = server.recv(1)
sys.exit(said[0] if said else "entact ended without an exit code")
"""


@contextmanager
def ready(folder: Path) -> Iterator[Path]:
    """Keeps the process while it is needed; gives the folder in which a shell finds `entact`."""
    address = str(folder / "commands.socket")
    script = folder / "entact"
    script.write_text(ENTACT.format(python=sys.executable, address=address))
    script.chmod(0o700)
    words = [sys.executable, "-m", "tests.commands", address]
    process = subprocess.Popen(words, cwd=Path(__file__).parents[1], stdout=subprocess.PIPE)
    assert process.stdout is not None
    try:
        assert process.stdout.readline() == b"ready\n"
        yield folder
    finally:
        process.terminate()
        process.wait()
        process.stdout.close()


def serve(address: str) -> NoReturn:
    import entact.cli.commands

    for module in pkgutil.walk_packages(entact.cli.__path__, "entact.cli."):
        importlib.import_module(module.name)
    for name in ("altair", "entact.report.document", "entact.analysis", "entact.pharmacology"):
        importlib.import_module(name)
    _stretch_little()
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(address)
        server.listen()
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for what answers for itself
        print("ready", flush=True)
        while True:
            client, _ = server.accept()
            if os.fork() == 0:
                signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                server.close()
                _run(client)
            client.close()


def _stretch_little() -> None:
    """How long a passphrase is stretched is no page's subject: store/test_passphrase.py shows how long."""
    from nacl import pwhash

    from entact.store import passphrase

    passphrase.OPSLIMIT, passphrase.MEMLIMIT = pwhash.argon2id.OPSLIMIT_MIN, pwhash.argon2id.MEMLIMIT_MIN


def _run(client: socket.socket) -> NoReturn:
    """One command, in a process of its own."""
    head, others, _, _ = client.recvmsg(4, socket.CMSG_LEN(len(STREAMS) * array.array("i").itemsize))
    streams = array.array("i", others[0][2])
    size, told = int.from_bytes(head, "big"), b""
    while len(told) < size:
        told += client.recv(size - len(told))
    words, folder, environment = json.loads(told)
    for stream, given in zip(STREAMS, streams, strict=True):
        os.dup2(given, stream)
        os.close(given)
    sys.stdin, sys.stdout = os.fdopen(0, closefd=False), os.fdopen(1, "w", closefd=False)
    sys.stderr = os.fdopen(2, "w", buffering=1, errors="backslashreplace", closefd=False)
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    sys.argv = ["entact", *words]
    sys.modules["__main__"] = ModuleType("__main__")  # workers that it starts do not begin with this module
    code = _exit_code()
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    client.sendall(bytes([code]))
    os._exit(0)


def _exit_code() -> int:
    from entact.cli import main

    try:
        main()
    except SystemExit as end:
        said: Any = end.code
        return said if isinstance(said, int) else int(said is not None)
    except BaseException:  # noqa: BLE001  what Python does at the end of a program
        traceback.print_exc()
        return 1
    return 0


if __name__ == "__main__":
    serve(sys.argv[1])
