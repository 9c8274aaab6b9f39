"""Documents of USDM that others published: read, written to the byte, and made into study files that pass.

`USDM_EXAMPLES` names a folder with documents (JSON), as CDISC publishes five with the model; without it the
shipped studies alone are given out and read again.
"""

from __future__ import annotations

import os
import tempfile
import time
from pathlib import Path

from entact.exchange.kept import study_file
from entact.exchange.usdm import UsdmError, read_usdm, study_of, usdm_of, write_usdm
from entact.protocol import StudyError, load_study, shipped_studies


def main() -> int:
    """Prints a line for each document; 1 when one is not read, not written as it was, or makes no study."""
    wrong = 0
    for name in shipped_studies():
        release = load_study(name).newest
        wrong += _tried(name, write_usdm(usdm_of(release, version="bench")), release.digest)
    folder = os.environ.get("USDM_EXAMPLES")
    for path in sorted(Path(folder).rglob("*.json")) if folder else ():
        wrong += _tried(path.name, path.read_bytes(), None)
    return min(wrong, 1)


def _tried(name: str, raw: bytes, digest: str | None) -> int:
    began = time.perf_counter()
    try:
        document = read_usdm(raw)
        made = study_of(document)
        with tempfile.TemporaryDirectory() as place:
            folder = Path(place) / str(made.data["study"])
            folder.mkdir()
            (folder / "study.yaml").write_text(study_file(made), encoding="utf-8")
            release = load_study(str(folder)).newest
    except (UsdmError, StudyError) as error:
        print(f"{name}: {str(error).splitlines()[0]}")
        return 1
    same = write_usdm(document).rstrip() == raw.rstrip()
    told = f"{len(release.visits)} visits, {len(release.forms)} forms, {len(made.prose)} in words alone"
    print(f"{name}: {told}; to the byte: {same}; {time.perf_counter() - began:.1f} s")
    return 0 if same and digest in (None, release.digest) else 1
