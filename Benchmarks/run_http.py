"""Measures Apus over HTTP beside others in one run: the model server itself, nginx as a plain pass-through, a bare
Hummingbird pass-through, and the service that a user would write. scripts/bench-http.sh builds what is needed and
calls this. Prints one JSON line a case, then the tables; a whole run also writes them to docs/benchmarks.md.
"""

import argparse
import os
import resource
import shutil
import signal
import sys
import tempfile
from pathlib import Path

from harness import cases, report
from harness.processes import Failure
from harness.sides import NAMES, PEERS, ROOT, Binaries

NEEDS = {"nginx": "nginx", "passthrough": "passthrough", "apus": "apus", "peer": "python", "peer_2": "python"}


def choice(allowed: list[str]):
    def parse(text: str) -> list[str]:
        chosen = [name for name in text.split(",") if name]
        if not chosen or (unknown := [name for name in chosen if name not in allowed]):
            raise argparse.ArgumentTypeError(f"{unknown if chosen else 'nothing'} named; possible: {','.join(allowed)}")
        return [name for name in allowed if name in chosen]
    return parse


def positive(text: str) -> int:
    if not text.isdigit() or not 1 <= int(text) <= 600:
        raise argparse.ArgumentTypeError(f"'{text}' is not a whole number from 1 to 600")
    return int(text)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="scripts/bench-http.sh", description=__doc__)
    parser.add_argument("--sides", type=choice(NAMES), default=NAMES, metavar="A,B", help=f"of {','.join(NAMES)}")
    parser.add_argument("--cases", type=choice(cases.CASE_NAMES), default=cases.CASE_NAMES, metavar="A,B",
                        help=f"of {','.join(cases.CASE_NAMES)}")
    parser.add_argument("--rounds", type=positive, help="of each case on each side; the median counts (default 3)")
    parser.add_argument("--seconds", type=positive, help="of load in each round (default 3)")
    parser.add_argument("--quick", action="store_true", help="1 round of 1 second, no peer on the paced "
                        "streams: does it work, not how fast is it")
    parser.add_argument("--docs", type=Path, help="where the tables go, whatever was run "
                        "(default: docs/benchmarks.md, after a whole run that is not --quick)")
    parser.add_argument("--keep", action="store_true", help="keep the run's folder: databases, logs, configurations")
    for name in ("apus", "passthrough", "nginx"):
        parser.add_argument(f"--{name}", type=Path, default=getattr(Binaries, name), metavar="BINARY")
    return parser.parse_args()


def check_binaries(binaries: Binaries, sides: list[str]) -> None:
    for name in ["model", "load", *(NEEDS[side] for side in sides if side in NEEDS)]:
        path = getattr(binaries, name)
        if not os.access(path, os.X_OK):
            raise Failure(f"'{path}' is missing: run scripts/bench-http.sh without --no-build, or leave its side out "
                          f"with --sides")


def run(plan: cases.Plan) -> tuple[report.Results, list[dict]]:
    results: report.Results = {}
    lines = []

    def done(case: str, sides: dict) -> None:
        results[case] = sides
        lines.append(report.case_line(case, sides))
        report.print_line(lines[-1])

    for paced in (False, True):
        for case, sides in cases.run_loads(plan, paced):
            done(case, sides)
    if cases.START_CASE in plan.cases:
        done(cases.START_CASE, cases.run_start(plan))
    return results, lines


def faulty(results: report.Results) -> list[str]:
    """Cases with a wrong or missing answer. A peer may fail to carry a thousand streams; that is a finding."""
    return [f"{case}: {name}" for case, sides in results.items() for name, figures in sides.items()
            if any(figures.get(fault) for fault in cases.FAULTS) and not (case == "paced_1000" and name in PEERS)]


def main() -> int:
    options = arguments()
    rounds = options.rounds or (1 if options.quick else 3)
    seconds = options.seconds or (1 if options.quick else 3)
    # The working folder of each side is its own: the paths must not depend on ours.
    binaries = Binaries(apus=options.apus.resolve(), passthrough=options.passthrough.resolve(),
                        nginx=options.nginx.resolve())
    try:
        check_binaries(binaries, options.sides)
    except Failure as failure:
        print(f"error: {failure}", file=sys.stderr)
        return 1
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    # Beside the build, not in the system's temporary folder: that may be memory, where a database's sync costs nothing.
    (ROOT / ".build-bench").mkdir(exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="run-", dir=ROOT / ".build-bench"))
    keep = options.keep
    try:
        results, lines = run(cases.Plan(options.sides, options.cases, rounds, seconds, options.quick, folder,
                                           binaries))
    except Failure as failure:
        keep = True
        print(f"error: {failure}\n(the run's files are kept in {folder.relative_to(ROOT)})", file=sys.stderr)
        return 1
    finally:
        if not keep:
            shutil.rmtree(folder, ignore_errors=True)
    whole = options.sides == NAMES and options.cases == cases.CASE_NAMES and not options.quick
    settings = (f"{rounds} round{'s' if rounds > 1 else ''} of {seconds} s a case and side, interleaved, medians; "
                f"{cases.TURNS_PER_SESSION} turns a stored session")
    text = report.markdown(results, lines, " ".join(["scripts/bench-http.sh", *sys.argv[1:]]), settings)
    print("\n" + text)
    if faults := faulty(results):
        print("error: wrong or missing answers, the figures do not count: " + ", ".join(faults), file=sys.stderr)
        return 1
    if options.docs or whole:
        report.write_docs(options.docs or ROOT / "docs/benchmarks.md", text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
