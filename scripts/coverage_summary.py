"""Sums up llvm-cov's JSON (on standard input) by target: covered lines, all lines, percent."""

import json
import sys
from collections import defaultdict
from pathlib import Path


def main() -> None:
    sources = Path(sys.argv[1])
    covered: dict[str, int] = defaultdict(int)
    count: dict[str, int] = defaultdict(int)
    for file in json.load(sys.stdin)["data"][0]["files"]:
        path = Path(file["filename"])
        if not path.is_relative_to(sources):
            continue
        target = path.relative_to(sources).parts[0]
        covered[target] += file["summary"]["lines"]["covered"]
        count[target] += file["summary"]["lines"]["count"]
    for target in sorted(count):
        print(f"{target:<20} {covered[target]:>6} of {count[target]:>6} lines  {100 * covered[target] / count[target]:5.1f} %")
    total = sum(count.values())
    if total:
        print(f"{'all':<20} {sum(covered.values()):>6} of {total:>6} lines  {100 * sum(covered.values()) / total:5.1f} %")


if __name__ == "__main__":
    main()
