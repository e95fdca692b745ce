"""The input data of all tasks, from one seed, and the check of what came out; the definitions are in README.md."""

import zlib
from typing import Any

SEED = 42
MULTIPLIER, INCREMENT, MASK = 6364136223846793005, 1442695040888963407, (1 << 64) - 1


def text(stream: int, length: int) -> str:
    """`length` lowercase letters; every stream has its own."""
    x = (SEED + stream) & MASK
    letters = bytearray()
    for _ in range(length):
        x = (x * MULTIPLIER + INCREMENT) & MASK
        letters.append(97 + (x >> 33) % 26)
    return letters.decode()


def subjects(count: int = 100) -> list[str]:
    return [text(1000 + index, 5000) for index in range(count)]


def query(turn: int) -> str:
    return text(2000 + turn, 36) * 100


def tool_result(asked: str) -> str:
    return f"result for query: {asked}" * 10


def wide_text(draw: int, length: int) -> str:
    return text(3000 + draw, length)


def wide_message(outer: int, inner: int) -> dict[str, Any]:
    leaf = ["hi?" * 10, True, 1, 6327816386138, None] * 5
    return {str(i) * 10: {str(j) * 10: list(leaf) for j in range(inner)} for i in range(outer)}


def turn_text(turn: int, part: int) -> str:
    return text(4000 + 3 * turn + part, 400)


def check(lines: list[str]) -> str:
    """CRC-32 of the lines joined by newlines, as eight hexadecimal digits."""
    return f"{zlib.crc32(chr(10).join(lines).encode()):08x}"
