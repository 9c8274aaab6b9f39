"""`python -m benchmarks [NAME …]`: every benchmark, or those named."""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path

NAMES = sorted(path.stem for path in Path(__file__).parent.glob("[a-z]*.py"))


def main(names: list[str]) -> int:
    """Runs the benchmarks; 1 when a value is out of its limits, 2 for a name that is not known."""
    for name in names:
        if name not in NAMES:
            print(f"benchmarks: {name!r} is not known; known: {', '.join(NAMES)}", file=sys.stderr)
            return 2
    out = 0
    for name in names or NAMES:
        module = import_module(f"benchmarks.{name}")
        if hasattr(module, "main"):
            out += module.main() or 0
    return min(out, 1)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
