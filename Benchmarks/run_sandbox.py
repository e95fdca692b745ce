"""Measures the sandbox: request to result of a small program, at the `Sandbox` contract and through the whole service,
beside what else runs code on this machine. Benchmarks/sandbox/README.md describes the sides. scripts/bench-sandbox.sh
builds what is needed and calls this. Prints one JSON line a case, then the tables; a whole run of the release build also
writes them to docs/benchmarks.md.
"""

import argparse
import shutil
import signal
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

from harness.processes import Failure
from harness.report import print_line, write_docs
from harness.sides import ROOT
from sandbox import cases, report
from sandbox.sides import LANGUAGES, Tools


def choice(allowed: list[str]):
    def parse(text: str) -> list[str]:
        chosen = [name for name in text.split(",") if name]
        if not chosen or (unknown := [name for name in chosen if name not in allowed]):
            raise argparse.ArgumentTypeError(f"{unknown if chosen else 'nothing'} named; possible: {','.join(allowed)}")
        return [name for name in allowed if name in chosen]
    return parse


def rounds(text: str) -> int:
    if not text.isdigit() or not 1 <= int(text) <= 20:
        raise argparse.ArgumentTypeError(f"'{text}' is not a whole number from 1 to 20")
    return int(text)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="scripts/bench-sandbox.sh", description=__doc__)
    parser.add_argument("--sides", type=choice(cases.NAMES), default=cases.NAMES, metavar="A,B",
                        help=f"of {','.join(cases.NAMES)}")
    parser.add_argument("--languages", type=choice(LANGUAGES), default=LANGUAGES, metavar="A,B",
                        help=f"of {','.join(LANGUAGES)}")
    parser.add_argument("--rounds", type=rounds, help="of each case on each side; the median counts (default 2)")
    parser.add_argument("--quick", action="store_true", help="1 round, a fifth of the calls: does it work, not how fast "
                        "is it")
    parser.add_argument("--docs", type=Path, help="where the tables go, whatever was run (default: docs/benchmarks.md, "
                        "after a whole run of the release build that is not --quick)")
    parser.add_argument("--keep", action="store_true", help="keep the run's folder: databases, logs, programs")
    parser.add_argument("--binary", type=Path, default=Tools.apus, help="the service; apus-sandbox and bench-sandbox "
                        "are beside it (default: the release build)")
    for name in ("python", "deno"):
        parser.add_argument(f"--{name}", type=Path, default=getattr(Tools, name), metavar="BINARY")
    return parser.parse_args()


def measure(plan: cases.Plan, command: str) -> str:
    """Runs all cases; returns the text for the documentation."""
    results: cases.Results = {}
    with ExitStack() as stack:
        sides = cases.Sides(plan, stack)
        for case, figures in cases.run(plan, sides):
            report.add_differences(case, figures)
            results[case] = figures
            print_line(report.case_line(case, figures))
    return report.markdown(results, plan, sides, command)


def main() -> int:
    options = arguments()
    # The working folder of each side is its own: the paths must not depend on ours.
    tools = Tools(apus=options.binary.resolve(), python=options.python.absolute(), deno=options.deno.absolute())
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    # Beside the build, not in the system's temporary folder: that may be memory, where a database's sync costs nothing.
    (ROOT / ".build-bench").mkdir(exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="run-", dir=ROOT / ".build-bench"))
    plan = cases.Plan(options.sides, options.languages, options.rounds or (1 if options.quick else 2), options.quick,
                      folder, tools)
    keep = options.keep
    try:
        cases.check(plan)
        text = measure(plan, " ".join(["scripts/bench-sandbox.sh", *sys.argv[1:]]))
    except Failure as failure:
        keep = keep or any(folder.iterdir())
        kept = f"\n(the run's files are kept in {folder.relative_to(ROOT)})" if keep else ""
        print(f"error: {failure}{kept}", file=sys.stderr)
        return 1
    finally:
        if not keep:
            shutil.rmtree(folder, ignore_errors=True)
    print("\n" + text)
    whole = options.sides == cases.NAMES and options.languages == LANGUAGES and not options.quick
    if options.docs or whole and tools.apus == Tools.apus.resolve():
        write_docs(options.docs or ROOT / "docs/benchmarks.md", text, "bench-sandbox")
    return 0


if __name__ == "__main__":
    sys.exit(main())
