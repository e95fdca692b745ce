"""Waiting for what will come true, instead of sleeping."""

import threading
import time
from collections.abc import Callable


def eventually(condition: Callable[[], object], what: str, timeout: float = 10):
    """Waits until `condition` is truthy and returns its value; fails with `what` after the timeout."""
    deadline = time.monotonic() + timeout
    while True:
        if value := condition():
            return value
        assert time.monotonic() < deadline, f"not within {timeout} s: {what}"
        time.sleep(0.01)


class Background:
    """A call in another thread, whose result or exception is taken later."""

    def __init__(self, call: Callable[[], object]):
        self._call = call
        self._value, self._error = None, None
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        try:
            self._value = self._call()
        except Exception as error:  # Raised again where the result is taken.
            self._error = error

    @property
    def done(self) -> bool:
        return not self._thread.is_alive()

    def result(self, timeout: float = 30):
        self._thread.join(timeout)
        assert self.done, f"the call did not end within {timeout} s"
        if self._error is not None:
            raise self._error
        return self._value
