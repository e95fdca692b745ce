"""Just enough of Swift's grammar for tidy.py: where code is, and how long each function is."""

import re
from collections.abc import Iterator

# A comment, or a string literal: raw or not, of one line or several. No two branches of a repetition match the same
# character: otherwise an unclosed quote takes time beyond measure.
_NOT_CODE = re.compile(
    r"//[^\n]*|/\*.*?\*/"
    r'|(?P<many>#+)""".*?"""(?P=many)|(?P<one>#+)"[^\n]*?"(?P=one)'
    r'|"""(?:\\.|[^\\])*?"""|"(?:\\.|[^"\\\n])*"', re.S)
_DECLARATION = re.compile(
    r"\bfunc[ \t]+(?P<name>`?[\w]+`?|[^\s\w(]+)|(?<![.\w])(?P<init>init|deinit|subscript)\b(?=[?!]?\s*[<({])")


def blank_out(text: str) -> str:
    """The text with comments and string literals replaced by blanks; lines and columns stay."""
    return _NOT_CODE.sub(lambda match: re.sub(r"[^\n]", " ", match[0]), text)


def functions(text: str) -> Iterator[tuple[str, int]]:
    """Each function's name and its lines, from its first to its closing brace."""
    code = blank_out(text)
    for match in _DECLARATION.finditer(code):
        opening = _body(code, match.end())
        if opening is None:
            continue
        closing = _matching(code, opening)
        yield match["name"] or match["init"], code.count("\n", match.start(), closing) + 1


def _body(code: str, start: int) -> int | None:
    """The brace that opens the body; None for a requirement without one."""
    depth = 0
    for index in range(start, len(code)):
        character = code[index]
        if character in "([":
            depth += 1
        elif character in ")]":
            depth -= 1
            if depth < 0:
                return None
        elif depth == 0 and character == "{":
            return index
        elif depth == 0 and character == "}":
            return None
        elif depth == 0 and character == "\n" and _ends_declaration(code, index):
            return None
    return None


def _ends_declaration(code: str, index: int) -> bool:
    """Whether nothing after this line break goes on with the signature."""
    before = code[:index].rstrip()[-1:]
    after = code[index:].lstrip()
    return before not in {",", ">"} and before != "-" and not re.match(r"(?:where|throws|async|->|\{|\()", after)


def _matching(code: str, opening: int) -> int:
    depth = 0
    for match in re.compile(r"[{}]").finditer(code, opening):
        depth += 1 if match[0] == "{" else -1
        if depth == 0:
            return match.start()
    return len(code)
