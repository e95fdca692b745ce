"""What comes out: a JSON line a case, the tables, the targets."""

import datetime

from harness.report import machine, table

from .cases import DEADLINE_CALLERS, DEADLINE_MS, NAMES, OTHERS, SUSTAINED_MS, WARM, Figures, Plan, Results, Sides
from .sides import POOL

TITLES = {"python": "Python", "javascript": "JavaScript", "typescript": "TypeScript"}
LABELS = {
    "contract": "Apus, at the contract", "contract_cold": "the same, no worker waits",
    "http": "Apus, over HTTP", "http_cold": "the same, no worker waits", "plain": "no sandbox",
    "bubblewrap": "bubblewrap", "sandlock": "sandlock", "pydantic-monty": "pydantic-monty ¹",
    "smolagents": "smolagents' local executor ²", "RestrictedPython": "RestrictedPython ²",
    "mini-racer": "mini-racer ³", "quickjs": "quickjs ³", "echo": "`echo` of the result",
}
PLAIN = {"python": "`python3 -c`, no sandbox", "javascript": "`deno run`, no permission",
         "typescript": "`deno run`, no permission"}
NOTES = """¹ An interpreter of its own for a part of Python, in processes that serve one call after another, without
namespaces or a seccomp filter. ² In the caller's own process: by its authors' words no isolation against hostile code.
³ A JavaScript engine in the caller's own process: no file or network is offered, nothing but the engine isolates."""

# title, case, side, figure, "<=" or ">=", the limit
TARGETS = [
    ("Python, warm, at the contract: p50, ms", "python_paused_1", "contract", "p50_ms", "<=", 1),
    ("the same: p99, ms", "python_paused_1", "contract", "p99_ms", "<=", 4),
    ("TypeScript, warm, at the contract: p50, ms", "typescript_paused_1", "contract", "p50_ms", "<=", 3.5),
    ("the same: p99, ms", "typescript_paused_1", "contract", "p99_ms", "<=", 8),
    *((f"{title}: added by HTTP, p50, ms", f"{language}_paused_1", "http", "added_p50_ms", "<=", 0.6)
      for language, title in TITLES.items()),
    *((f"{title}, 4 callers, {where}: calls/s", f"{language}_sustained_4", side, "rps", ">=", limit)
      for language, title, limit in (("python", "Python", 200), ("javascript", "JavaScript", 45),
                                     ("typescript", "TypeScript", 45))
      for side, where in (("contract", "at the contract"), ("http", "over HTTP"))),
    (f"the idle pool of {POOL[0]} + {POOL[1]}: PSS, MB", "idle_pool", "contract", "pss_mb", "<=", 80),
    *((f"{title}, endless loops, deadline of {DEADLINE_MS} ms: longest overshoot, ms", f"{language}_deadline",
       "contract", "overshoot_max_ms", "<=", 50) for language, title in TITLES.items()),
]


def add_differences(case: str, sides: dict[str, Figures]) -> None:
    """What the way through HTTP adds to the contract's time."""
    if not case.endswith("_paused_1"):
        return
    for mine, base in (("http", "contract"), ("http_cold", "contract_cold")):
        if mine in sides and base in sides:
            for key in ("p50_ms", "p99_ms"):
                sides[mine][f"added_{key}"] = round(sides[mine][key] - sides[base][key], 4)


def case_line(case: str, sides: dict[str, Figures]) -> dict:
    """A case as one flat object."""
    line: dict = {"case": case}
    for name in [name for name in NAMES if name in sides]:
        line |= {f"{name.lower().replace('-', '_')}_{key}": value for key, value in sides[name].items()}
    return line


def target_rows(results: Results) -> list[list[str]]:
    rows = []
    for title, case, side, key, sign, limit in TARGETS:
        value = results.get(case, {}).get(side, {}).get(key)
        if value is not None:
            met = value >= limit if sign == ">=" else value <= limit
            rows.append([title, f"{'at least' if sign == '>=' else 'at most'} {limit:g}", f"{value:,.2f}",
                         "yes" if met else "NO"])
    return rows


def language_table(language: str, results: Results) -> str:
    """A row a side: one caller who pauses, then callers who ask again at once."""
    cases = {callers: results.get(f"{language}_sustained_{callers}", {}) for callers in (1, 4, 16)}
    paused = results[f"{language}_paused_1"]
    rows = [["", "p50 ms", "p99 ms", "cold", "1 caller: calls/s",
             *(title for callers in (4, 16) for title in (f"{callers} callers: calls/s", "p50 ms", "p99 ms"))]]

    def cells(figures: Figures, *keys: tuple[str, int]) -> list[str]:
        return [f"{figures[key]:,.{digits}f}" if key in figures else "" for key, digits in keys]

    for name in [name for name in NAMES if name in paused]:
        label = PLAIN[language] if name == "plain" else LABELS[name]
        row = [label, *cells(paused[name], ("p50_ms", 2), ("p99_ms", 2), ("cold_starts", 0))]
        row += cells(cases[1].get(name, {}), ("rps", 0))
        for callers in (4, 16):
            row += cells(cases[callers].get(name, {}), ("rps", 0), ("p50_ms", 2), ("p99_ms", 2))
        rows.append(row)
    return table(rows)


def settings(plan: Plan, sides: Sides) -> str:
    """How it was measured, in a paragraph."""
    counts = {name: f"{plan.shorter(count)} calls {pause} ms apart" for name, (count, pause) in
              {"python": WARM["python"], "deno": WARM["typescript"], "other": OTHERS}.items()}
    text = (f"{plan.rounds} round{'s' if plan.rounds > 1 else ''}, the sides in turns, medians. p50 and p99: request to "
            f"result of one caller, a round {counts['python']} (Python) or {counts['deno']} (JavaScript, TypeScript) "
            f"where workers wait, {counts['other']} elsewhere; cold: of all its calls those that found no worker waiting. "
            f"Callers: each asks again at once, {SUSTAINED_MS / 1000:g} s a round. Deadlines: {DEADLINE_CALLERS} endless "
            f"loops at once.")
    if about := sides.about:
        limits = ", ".join(f"{name} by {what}" for name, what in about["limits"].items())
        text += (f" Isolation: {about['isolation']}; limits: {limits}. Python {about['versions'].get('python')}, Deno "
                 f"{about['versions'].get('javascript')}.")
    if sides.versions:
        text += " " + ", ".join(f"{name} {version}" for name, version in sides.versions.items()) + "."
    return text


def extras(results: Results) -> str:
    """The deadlines and the pool."""
    rows = [["endless loops", "calls", "late p50 ms", "late at most ms", "of that by the supervisor's clock ms"]]
    for language, title in TITLES.items():
        if figures := results.get(f"{language}_deadline", {}).get("contract"):
            rows.append([title, str(figures["complete"]), *(f"{figures[f'overshoot_{key}']:.2f}"
                                                            for key in ("p50_ms", "max_ms", "wall_max_ms"))])
    return table(rows) if len(rows) > 1 else ""


def markdown(results: Results, plan: Plan, sides: Sides, command: str) -> str:
    date = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d")
    parts = [f"{date}, {machine()}. `{command}`: {settings(plan, sides)}"]
    if targets := target_rows(results):
        parts.append(table([["target", "required", "measured", "met"], *targets]))
    for language in [language for language in TITLES if results.get(f"{language}_paused_1")]:
        parts.append(f"**{TITLES[language]}**\n\n{language_table(language, results)}")
    if text := extras(results):
        parts.append(text)
    if (idle := results.get("idle_pool", {}).get("contract")) and idle["pss_mb"] is not None:
        parts.append(f"The idle pool: {idle['processes']} processes, the supervisor and what it forks from included, "
                     f"{idle['pss_mb']} MB PSS in all.")
    if sides.versions:
        parts.append(NOTES)
    if sides.missing:
        parts.append("Not measured: " + "; ".join(f"{name} ({why})" for name, why in sides.missing.items()) + ".")
    return "\n\n".join(parts) + "\n"
