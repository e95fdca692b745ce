"""A program at a terminal: a pty, and what its screen shows."""

import fcntl
import os
import re
import struct
import subprocess
import termios
import threading
import time
import unicodedata
from collections.abc import Callable
from pathlib import Path

SEQUENCE = re.compile(r"\x1b\[([0-9;]*)([A-Za-z])")


def width(character: str) -> int:
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


class Screen:
    """As much of a terminal as programs here use. What scrolls away at its top stays in `lines`."""

    def __init__(self, columns: int, rows: int):
        self.columns, self.rows = columns, rows
        self.cells: list[list[str]] = [[]]
        self.row = self.column = 0
        self.top = 0  # the first line that is on the screen

    @property
    def lines(self) -> list[str]:
        return ["".join(line).rstrip() for line in self.cells]

    def feed(self, text: str) -> None:
        at = 0
        while at < len(text):
            if text[at] == "\x1b":
                sequence = SEQUENCE.match(text, at)
                assert sequence, f"no sequence that is known: {text[at:at + 20]!r}"
                self._obey(sequence[2], int(sequence[1] or 0) if sequence[2] != "m" else 0)
                at = sequence.end()
                continue
            self._write(text[at])
            at += 1

    def _obey(self, command: str, number: int) -> None:
        if command == "A":
            self.row = max(self.top, self.row - max(number, 1))
        elif command == "K":
            del self.cells[self.row][self.column:]
        elif command == "J":
            del self.cells[self.row][self.column:]
            del self.cells[self.row + 1:]
        else:
            assert command == "m", f"an unknown command {command}"

    def _write(self, character: str) -> None:
        if character == "\r":
            self.column = 0
        elif character == "\n":
            self._down()
        elif character >= " ":
            if self.column + width(character) > self.columns:
                self.column = 0
                self._down()
            line = self.cells[self.row]
            line += [" "] * (self.column - len(line))
            line[self.column:self.column + width(character)] = [character, ""][:max(width(character), 1)]
            self.column += width(character)

    def _down(self) -> None:
        self.row += 1
        if self.row == len(self.cells):
            self.cells.append([])
        self.top = max(self.top, self.row - self.rows + 1)


class Terminal:
    """A running program; it is ended with the `with` block."""

    def __init__(self, command: list, directory: Path, environment: dict[str, str], columns: int = 80, rows: int = 24):
        self.screen, self.raw = Screen(columns, rows), ""
        self._changed = threading.Condition()
        self._controller, terminal = os.openpty()
        fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        self.process = subprocess.Popen(
            command, cwd=directory, env=environment, stdin=terminal, stdout=terminal, stderr=terminal,
            start_new_session=True, preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0))
        os.close(terminal)
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def __enter__(self) -> "Terminal":
        return self

    def __exit__(self, *_) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self._reader.join(5)
        os.close(self._controller)

    def _read(self) -> None:
        pending = b""
        while True:
            try:
                pending += os.read(self._controller, 65536)
            except OSError:
                return  # the program has ended
            # A character or a sequence that is cut waits for its rest.
            text = pending.decode(errors="ignore")
            rest = re.search(r"\x1b(\[[0-9;]*)?$", text)
            text = text[:rest.start()] if rest else text
            pending = pending[len(text.encode()):]
            with self._changed:
                self.raw += text
                self.screen.feed(text)
                self._changed.notify_all()

    def type(self, text: str) -> None:
        os.write(self._controller, text.encode())

    @property
    def lines(self) -> list[str]:
        with self._changed:
            return self.screen.lines

    def wait_for(self, pattern: str) -> list[str]:
        """The lines as soon as one of them matches."""
        return self._wait(lambda lines: any(re.search(pattern, line) for line in lines), pattern)

    def answer(self, prompt: str, text: str) -> None:
        """Types a line as soon as the program waits for one."""
        self._wait(lambda lines: lines[-1] == prompt, prompt)
        self.type(text + "\n")

    def _wait(self, found: Callable[[list[str]], bool], what: str, seconds: float = 20) -> list[str]:
        deadline = time.monotonic() + seconds
        with self._changed:
            while not found(self.screen.lines):
                left = deadline - time.monotonic()
                assert left > 0, f"{what!r} is not there:\n" + "\n".join(self.screen.lines)
                self._changed.wait(left)
            return self.screen.lines

    def wait(self, seconds: float = 20) -> int:
        """The program's exit code, with all that it wrote on the screen."""
        code = self.process.wait(seconds)
        self._reader.join(seconds)
        return code
