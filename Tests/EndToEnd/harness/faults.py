"""Faults of a model service, each with what a caller must see of it and how often the service is asked."""

import time
from dataclasses import dataclass

from . import behaviours as does
from .behaviours import Behaviour
from .exchange import Exchange

# Rounds of one request, where nothing else can be asked.
ATTEMPTS = 3


@dataclass
class Fault:
    """A way to fail before the first token."""

    name: str
    behave: Behaviour
    status: int = 502
    code: str = "LLM_UNAVAILABLE"
    # How often the service is asked, where no other one is there.
    attempts: int = ATTEMPTS
    retry_after: int | None = None
    # Requests on the wire for one attempt, at most: one that met a kept connection (as of a probe), which closes without
    # a byte, is sent once more.
    sent_max: int = 1

    @property
    def goes_on(self) -> bool:
        """Whether another service may do better: not where the request itself is at fault."""
        return self.status not in (400, 413, 422)


def refused(status: int, code: str) -> Fault:
    return Fault(str(status), does.fail(status, f"scripted {status}"), status, code, attempts=1)


def for_good(status: int) -> Fault:
    return Fault(str(status), does.fail(status, f"scripted {status}"), attempts=1)


def cut_within_an_answer(exchange: Exchange) -> None:
    """Sends half of a plain answer, then cuts the connection."""
    exchange.raw(b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{"id": "chatc')
    # What was sent shall arrive before the reset overtakes it.
    time.sleep(0.1)
    exchange.cut()


LIMITED = {"status": 429, "code": "RATE_LIMIT_EXCEEDED"}

BEFORE = [
    Fault("reset", does.cut, sent_max=2),
    refused(400, "VALIDATION_ERROR"), for_good(401), for_good(403), for_good(404),
    *(Fault(str(status), does.fail(status)) for status in (408, 409)),
    refused(413, "PAYLOAD_TOO_LARGE"), refused(422, "VALIDATION_ERROR"),
    Fault("429", does.fail(429), **LIMITED, retry_after=1),
    Fault("429 with Retry-After", does.fail(429, headers={"Retry-After": "1"}), **LIMITED, retry_after=1),
    Fault("429 for an hour", does.fail(429, headers={"Retry-After": "3600"}), **LIMITED, attempts=1, retry_after=3600),
    *(Fault(str(status), does.fail(status)) for status in (500, 502, 503)),
    Fault("503 for an hour", does.fail(503, headers={"Retry-After": "3600"}), attempts=1),
    Fault("not HTTP", does.garbage, attempts=1),
    Fault("a redirect", does.plain(b"", 307), attempts=1),
    Fault("no JSON", does.plain(b"{broken"), attempts=1),
    Fault("an empty body", does.plain(b""), attempts=1),
    Fault("half a character", does.plain('{"id":"日'.encode()[:-1] + b'"}'), attempts=1),
    Fault("an error for an answer", does.plain(b'{"error":{"message":"overloaded","code":500}}')),
]

PLAIN = BEFORE + [
    Fault("cut within the answer", cut_within_an_answer),
    Fault("another content type", does.plain(b"<html>a proxy's page</html>", content_type="text/html"), attempts=1),
]

STREAMED = BEFORE + [
    Fault("another content type", does.plain(b"<html>a proxy's page</html>", content_type="text/html")),
    Fault("cut before a token", does.cut_after()),
    Fault("an end without [DONE]", does.end_without_done()),
    Fault("error event", does.error_event_after()),
    Fault("an event within a character", does.half_a_character_after(), attempts=1),
    Fault("an event that is no JSON", does.broken_event_after(b"{broken"), attempts=1),
]

# Ways to fail after the tokens "t0 " and "t1 ".
TOKENS = ["t0 ", "t1 "]
AFTER = {
    "cut": does.cut_after(*TOKENS),
    "an end without [DONE]": does.end_without_done(*TOKENS),
    "error event": does.error_event_after(*TOKENS),
    "an event within a character": does.half_a_character_after(*TOKENS),
    "an event that is no JSON": does.broken_event_after(b"{broken", *TOKENS),
    "an event that is no chunk": does.broken_event_after(b"[1, 2]", *TOKENS),
}
