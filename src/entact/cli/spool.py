"""Where the rows of an export wait: in parts, in a folder beside what it writes, until all are there."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from types import TracebackType
from typing import TextIO

from entact.datasets.sdtm.part import Part, unpacked
from entact.datasets.sdtm.table import Packed


class Spooled:
    """A folder of parts that is gone when the export is done, or broke off.

    Args:
        out: the folder that the export is written into; parts lie beside it, on the same disk.
    """

    def __init__(self, out: Path) -> None:
        self._out = out
        self._folder: TemporaryDirectory[str] | None = None
        self._parts: dict[str, list[Path]] = {}
        self._lines: dict[str, TextIO] = {}

    def __enter__(self) -> Spooled:
        """The folder is made with the first part: a small export needs none."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Takes the folder away."""
        for file in self._lines.values():
            file.close()
        if self._folder is not None:
            self._folder.cleanup()

    def __getstate__(self) -> dict[str, object]:
        """What another process reads what waits by; whoever made the folder takes it away."""
        return {"_out": self._out, "_folder": None, "_parts": self._parts, "_lines": {}}

    def keep(self, dataset: str, part: Packed) -> None:
        """Keeps the next part of a dataset."""
        kept = self._parts.setdefault(dataset, [])
        kept.append(self._place() / f"{dataset}-{len(kept)}.part")
        kept[-1].write_bytes(part.raw)

    def write(self, name: str, line: str) -> None:
        """Adds a line to a file that waits as well."""
        if name not in self._lines:
            self._lines[name] = (self._place() / f"{name}.lines").open("w", encoding="utf-8")
        self._lines[name].write(line)

    def files(self) -> Iterator[tuple[str, Path]]:
        """The files of lines that wait, complete."""
        for name, file in self._lines.items():
            file.close()
            yield name, Path(file.name)

    def _place(self) -> Path:
        if self._folder is None:
            beside = self._out.resolve().parent
            beside.mkdir(parents=True, exist_ok=True)
            self._folder = TemporaryDirectory(dir=beside, prefix=f".{self._out.name}-")  # for its owner alone
        return Path(self._folder.name)

    def parts(self, dataset: str, names: Sequence[str]) -> Iterator[Part]:
        """What was kept of it, part by part; only what of them some columns need."""
        return (unpacked(path.read_bytes(), names) for path in self._parts[dataset])
