"""The tables that tidy.py checks against: change a rule here."""

import re

FILE_LINES_MAX = 300
FUNCTION_LINES_MAX = 40

FORBIDDEN_CALLS = [
    (re.compile(r"\btry!"), "try! stops the process: handle the error"),
    (re.compile(r"\bfatalError\("), "fatalError stops the process: throw, or use precondition for a broken invariant"),
    (re.compile(r"\bas!"), "as! stops the process: use as? and handle nil"),
]
# Allowed with a comment on the line before, or at the line's end, that gives the reason.
CALLS_WITH_A_REASON = [
    (re.compile(r"(?<![.\w])Task(?:\.detached)?\s*(?:\([^)]*\)\s*)?\{"), "an unstructured Task needs a comment before it: why"),
    (re.compile(r"@unchecked\s+Sendable\b"), "@unchecked Sendable needs a comment before it: why it is safe"),
    (re.compile(r"\bnonisolated\(unsafe\)"), "nonisolated(unsafe) needs a comment before it: why it is safe"),
]
FORBIDDEN_WORDS = re.compile(r"\b(?:TODO|FIXME|XXX)\b")

# Written in pieces, so that this file does not break its own rule.
_HOSTS = [
    "pypi" + r"\.org", "pythonhosted" + r"\.org", "npmjs" + r"\.(?:org|com)", "crates" + r"\.io",
    "deb" + r"\.debian\.org", "docker" + r"\.io", "hub\\." + "docker" + r"\.com", "gh" + r"cr\.io", "quay" + r"\.io",
]
FORBIDDEN_TEXT = [
    (re.compile("|".join(_HOSTS)), "a package registry's host: name the package only"),
    (re.compile(r"(?<![\w.)}\]~-])/(?:work|root|opt/swift[\w-]*|home/\w+)/[\w.]"), "a path of one machine: use a relative one"),
]

IMPORT = re.compile(
    r"^[ \t]*(?:@\w+(?:\([^)]*\))?[ \t]+)*(?:(?:public|package|internal|private|fileprivate)[ \t]+)?"
    r"import[ \t]+(?:(?:struct|class|enum|protocol|func|var|let|typealias)[ \t]+)?(?P<module>\w+)", re.M)

# Where a third-party module, or a kernel interface, may be imported: each in one target.
_HOMES = [
    (re.compile(r"AsyncHTTPClient"), {"AgentHTTP"}),
    (re.compile(r"GRDB\w*"), {"AgentSQLite"}),
    (re.compile(r"Subprocess"), {"AgentMCP", "AgentSandbox"}),
    (re.compile(r"CLibPQ"), {"AgentPostgres"}),
    (re.compile(r"Hummingbird\w*|NIOSSL|NIOHTTPTypes\w*|HTTPTypes"), {"AgentServer"}),
    (re.compile(r"ArgumentParser|Configuration|Yams"), {"apus"}),
    (re.compile(r"Testing|XCTest"), {"AgentTesting"}),
    (re.compile(r"NIO(?!Core)\w*"), {"AgentHTTP", "AgentSandbox", "AgentServer", "apus"}),
    (re.compile(r"NIOCore"), {"AgentHTTP", "AgentLLM", "AgentMCP", "AgentSandbox", "AgentServer", "apus"}),
]
_NO_FOUNDATION = {"AgentJSON"}
# What each of our targets may import of ours; the executable may import all. Siblings never import each other.
_BASE = {"AgentJSON", "AgentGraph", "AgentRuntime"}
_OURS = {
    "AgentJSON": set(),
    "AgentGraph": {"AgentJSON"},
    "AgentRuntime": {"AgentJSON", "AgentGraph"},
    "AgentHTTP": set(),
    "AgentLLM": _BASE | {"AgentHTTP"},
    "AgentMCP": _BASE | {"AgentHTTP"},
    "AgentTelemetry": _BASE | {"AgentHTTP"},
    "AgentTools": _BASE | {"AgentHTTP"},
}


def import_fault(target: str, module: str) -> str | None:
    """Why this target may not import this module; None where it may."""
    if module.startswith("Foundation") and target in _NO_FOUNDATION:
        return f"{target} does without Foundation"
    for pattern, homes in _HOMES:
        if pattern.fullmatch(module) and target not in homes:
            return f"{module} is imported in {' and '.join(sorted(homes))} only"
    if module.startswith("Agent") and target != "apus" and module not in _OURS.get(target, _BASE):
        return f"{target} must not import {module}: siblings do not know each other, arrows go up only"
    return None
