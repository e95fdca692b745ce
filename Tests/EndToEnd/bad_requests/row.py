"""One bad request and its answer."""

import json
from dataclasses import dataclass, field

JSON = {"Content-Type": "application/json"}


@dataclass(frozen=True)
class Row:
    """`loc`: the path of a fault that must be among the listed ones; `statuses`: those that the contract allows."""

    name: str
    method: str
    path: str
    statuses: tuple[int, ...]
    codes: tuple[str, ...]
    body: bytes | None = None
    loc: tuple = ()
    headers: dict = field(default_factory=dict)

    def __str__(self) -> str:
        return self.name

    @property
    def openai_shape(self) -> bool:
        return self.path.startswith(("/v1/chat/completions", "/v1/models"))


def row(name: str, method: str, path: str, status, code, body=None, loc: tuple = (), headers: dict | None = None) -> Row:
    """`body`: bytes go as they are, anything else as JSON; None: no body."""
    data = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
    return Row(name, method, path, status if isinstance(status, tuple) else (status,),
               code if isinstance(code, tuple) else (code,), data, loc, headers or {})


INVALID = "VALIDATION_ERROR"
