"""The console's modules without a browser: run by deno, with what a test hands in."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import entact.conduct

CONSOLE = Path(entact.conduct.__file__).parent / "session" / "console"
DENO = Path(sys.executable).with_name("deno")


def run(module: str, body: str, given: Any = None) -> Any:
    """What `body` returns, a function's body that knows the module's exports as `it` and `given`."""
    script = (
        f"import * as it from {json.dumps((CONSOLE / module).as_uri())};\n"
        "const given = JSON.parse(await new Response(Deno.stdin.readable).text());\n"
        f"const answer = await (async () => {{ {body} }})();\n"
        "console.log(JSON.stringify(answer ?? null));\n"
    )
    command = [str(DENO), "eval", "--no-remote", "--no-config", script]
    done = subprocess.run(command, input=json.dumps(given), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)
