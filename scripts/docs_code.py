"""Checks that the Swift code of the engine's guides is code that is compiled and run.

Each block of a guide must stand, line for line but for indentation, in a test of Tests/AgentGraphTests/Guides or in an
example; so must a block of README.md that imports AgentGraph. With the module's symbols, every public type must have its
place on the landing page.

usage: docs_code.py [SYMBOLS.json]
"""

import json
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CATALOGUE = ROOT / "Sources" / "AgentGraph" / "AgentGraph.docc"
COMPILED = ["Tests/AgentGraphTests/Guides/*.swift", "Examples/*/Sources/*/*.swift", "Examples/*/Package.swift"]
BLOCK = re.compile(r"^```swift\n(.*?)^```$", re.S | re.M)


def plain(text: str) -> str:
    """The lines without indentation; empty ones do not count."""
    lines = (line.strip() for line in text.splitlines())
    return "\n" + "\n".join(line for line in lines if line) + "\n"


def compiled_texts() -> list[str]:
    return [plain(path.read_text()) for pattern in COMPILED for path in sorted(ROOT.glob(pattern))]


def block_faults() -> list[str]:
    texts, faults = compiled_texts(), []
    for page in [*sorted(CATALOGUE.glob("*.md")), ROOT / "README.md"]:
        source = page.read_text()
        for match in BLOCK.finditer(source):
            block = match[1]
            if page.name == "README.md" and "import AgentGraph" not in block:
                continue
            if not any(plain(block) in text for text in texts):
                line = source.count("\n", 0, match.start()) + 1
                faults.append(f"{page.relative_to(ROOT)}:{line}: no test or example has this code: {first_line(block)}")
    return faults


def first_line(block: str) -> str:
    return next((line.strip() for line in block.splitlines() if line.strip()), "")


def topic_faults(symbols: Path) -> list[str]:
    page = CATALOGUE / "AgentGraph.md"
    topics = page.read_text().split("## Topics", 1)[1]
    named = set(re.findall(r"^- ``([\w]+)(?:-[\w.]+)?``$", topics, re.M))
    top = (symbol["pathComponents"] for symbol in json.loads(symbols.read_text())["symbols"])
    public = {path[0] for path in top if len(path) == 1}
    name = page.relative_to(ROOT)
    faults = [f"{name}: ``{missing}`` has no place under Topics" for missing in sorted(public - named)]
    return faults + [f"{name}: ``{gone}`` is not a public type" for gone in sorted(named - public)]


def main() -> int:
    faults = block_faults()
    if len(sys.argv) > 1:
        faults += topic_faults(Path(sys.argv[1]))
    for fault in faults:
        print(fault)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
