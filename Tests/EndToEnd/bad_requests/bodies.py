"""Bodies that are no JSON object, for every endpoint that takes one."""

from .row import INVALID, row

DEEP = 100_000
_BODIES = {
    "empty": b"",
    "blank": b" \n\t ",
    "array": b"[]",
    "string": b'"text"',
    "number": b"42",
    "null": b"null",
    "true": b"true",
    "truncated": b'{"name": "x", "model": "bot", "messages": [{"role": "us',
    "truncated after the colon": b'{"name":',
    "trailing text": b'{"name": "x"} extra',
    "two objects": b'{}{}',
    "trailing comma": b'{"name": "x",}',
    "single quotes": b"{'name': 'x'}",
    "bare key": b'{name: "x"}',
    "comment": b'{"name": "x" /* why */}',
    "not a number": b'{"name": NaN}',
    "infinity": b'{"name": Infinity}',
    "leading zero": b'{"name": 01}',
    "plus sign": b'{"name": +1}',
    "duplicate keys": b'{"name": "x", "name": "y", "model": "bot", "model": "bot"}',
    "lone high surrogate": b'{"name": "\\ud800", "model": "\\ud800"}',
    "lone low surrogate": b'{"name": "\\udc00x", "model": "\\udc00x"}',
    "swapped surrogates": b'{"name": "\\udc00\\ud800", "model": "\\udc00\\ud800"}',
    "broken escape": b'{"name": "\\x41"}',
    "short unicode escape": b'{"name": "\\u12"}',
    "raw NUL": b'{"name": "a\x00b"}',
    "raw line break in a string": b'{"name": "a\nb"}',
    "invalid UTF-8": b'{"name": "\xff\xfe"}',
    "overlong UTF-8": b'{"name": "\xc0\xaf"}',
    "UTF-8 surrogate": b'{"name": "\xed\xa0\x80"}',
    "cut UTF-8": b'{"name": "\xe6\x99"}',
    "UTF-16": '{"name": "x"}'.encode("utf-16"),
    "deep arrays": b"[" * DEEP,
    "deep arrays, closed": b"[" * DEEP + b"]" * DEEP,
    "deep objects": b'{"a":' * DEEP,
    "deep inside a field": b'{"name": "x", "metadata": ' + b"[" * DEEP + b"]" * DEEP + b"}",
}
_TYPES = ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "application/xml"]
_ENDPOINTS = [
    ("create", "POST", "/v1/agents"),
    ("update", "PUT", "/v1/agents/bot"),
    ("status", "PATCH", "/v1/agents/bot/status"),
    ("chat", "POST", "/v1/chat/completions"),
]

# All bodies at the two endpoints that matter most, a few at the others.
_FEW = {"empty", "array", "truncated", "invalid UTF-8", "deep arrays"}
ROWS = [
    row(f"{what}: {name}", method, path, 422, INVALID, body)
    for what, method, path in _ENDPOINTS
    for name, body in _BODIES.items()
    if what in ("create", "chat") or name in _FEW
]
ROWS += [
    row(f"{what}: content type {kind}", method, path, 415, "UNSUPPORTED_MEDIA_TYPE", b'{"name": "x"}',
        headers={"Content-Type": kind})
    for what, method, path in _ENDPOINTS
    for kind in (_TYPES if what == "create" else _TYPES[:2])
]
