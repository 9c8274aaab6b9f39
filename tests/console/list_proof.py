"""What the page says that proves a list in a browser, without a browser."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.console.deno import DENO

import entact.conduct

SCRIPT = Path(entact.conduct.__file__).parent / "static" / "proof.js"
Proof = dict[str, Any]


def check_all(given: Sequence[tuple[Any, str]]) -> list[dict[str, list[str]]]:
    """What the script says of each proof, beside the root that the page knows."""
    path = json.dumps(str(SCRIPT))
    body = (
        f"const it = new Function(await Deno.readTextFile({path}) + '; return checkProof')();"
        "const given = JSON.parse(await new Response(Deno.stdin.readable).text());"
        "console.log(JSON.stringify(given.map(([proof, root]) => it(proof, root))));"
    )
    command = [str(DENO), "eval", "--no-remote", "--no-config", body]
    done = subprocess.run(command, input=json.dumps(given), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return list(json.loads(done.stdout))


def check(proof: Any, root: str = "") -> dict[str, list[str]]:
    return check_all([(proof, root)])[0]
