# ---- one program ----

PIECES_OF_TEXT = (types.GeneratorType, types.AsyncGeneratorType)
FRAMES_KEPT, TEXT_KEPT, MESSAGE_KEPT = 50, 200, 8192
# The host reads no deeper.
DEPTH_MAX = 250
# Memory that is given back when there is none left, so that this can be told; no page of it is touched.
RESERVE = [bytes(1 << 20)]
OUT_OF_MEMORY = {"type": "error", "kind": "exception", "name": "MemoryError", "message": "", "frames": []}
TOKENS = re.compile(rb'"(?:[^"\\]|\\.)*"|([\[{])|[\]}]')


class Failed(BaseException):
    """Ends the program with an error of the sandbox's own."""

    def __init__(self, kind, name, message, **more):
        self.report = {"type": "error", "kind": kind, "name": name, "message": message, "frames": [], **more}


class PipeEnd:
    """What asyncio's self-pipe needs of a socket: there are no sockets here."""

    def __init__(self, fd):
        os.set_blocking(fd, False)
        self.fd = fd

    def fileno(self):
        return self.fd

    def recv(self, count):
        return os.read(self.fd, count)

    def send(self, data):
        return os.write(self.fd, data)

    def close(self):
        os.close(self.fd)


def make_self_pipe(loop):
    loop._ssock, loop._csock = map(PipeEnd, os.pipe())
    loop._internal_fds += 1
    loop._add_reader(loop._ssock.fileno(), loop._read_from_self)


def user_frames(error, lines):
    """The frames of the user's own file, outermost first; of very many the first and the last."""
    found, trace = collections.deque(maxlen=FRAMES_KEPT), error.__traceback__
    first = []
    while trace:
        code, line = trace.tb_frame.f_code, trace.tb_lineno
        if code.co_filename == USER_FILE and line:
            frame = {"line": line, "function": getattr(code, "co_qualname", code.co_name)}
            if hasattr(code, "co_positions"):
                column = next(itertools.islice(code.co_positions(), trace.tb_lasti // 2, None), (None,) * 4)[2]
                if column is not None:
                    frame["column"] = column + 1
            if 0 < line <= len(lines):
                frame["text"] = lines[line - 1].strip()[:TEXT_KEPT]
            (first if len(first) < FRAMES_KEPT else found).append(frame)
        trace = trace.tb_next
    return first + list(found)


def is_too_deep(body):
    depth = 0
    for token in TOKENS.finditer(body):
        if token[0][0] != 34:
            depth += 1 if token[1] else -1
            if depth > DEPTH_MAX:
                return True
    return False


def told(error):
    try:
        return str(error)[:MESSAGE_KEPT]
    except BaseException:
        return "(its message cannot be read)"


def syntax_report(error):
    return {"line": getattr(error, "lineno", None) or 1, "column": getattr(error, "offset", None) or 1,
            "message": getattr(error, "msg", None) or told(error)}


def compiled(source, mode="exec", flags=0):
    """The code of a text or of a tree."""
    try:
        return compile(source, USER_FILE, mode, flags, dont_inherit=True)
    except (SyntaxError, ValueError, RecursionError, MemoryError, OverflowError) as error:
        name = type(error).__name__ if isinstance(error, SyntaxError) else "SyntaxError"
        raise Failed("syntax", name, **syntax_report(error)) from None


def parsed(source, flags=0):
    return compiled(source, "exec", flags | ast.PyCF_ONLY_AST)


class Program:
    def __init__(self, channel, request):
        self.channel, self.source = channel, request["source"]
        self.lines = self.source.splitlines()
        self.result_max, self.text_left = request.get("result_bytes_max", 8 << 20), request.get("text_bytes_max", 8 << 20)
        self.files_max = request.get("keep_files_bytes", 0)
        self.is_interpreter, self.entry = request.get("interpreter", False), request.get("entry_point") or "main"
        self.input = request.get("input")
        self.module = types.ModuleType("__main__" if self.is_interpreter else "main")
        self.module.__file__ = USER_FILE
        llm = Model(channel, request.get("llm", False))
        self.module.llm = sys.modules["llm"] = llm
        sys.modules["main"] = sys.modules["__main__"] = self.module
        linecache.cache[USER_FILE] = (len(self.source), None, self.source.splitlines(True), USER_FILE)
        for name, content in (request.get("files") or {}).items():
            with open("/tmp/work/" + os.path.basename(name), "wb") as file:
                file.write(base64.b64decode(content))

    def value(self):
        if self.is_interpreter:
            return self.interpreted()
        exec(compiled(self.source), self.module.__dict__)
        function = self.module.__dict__.get(self.entry)
        if not callable(function):
            raise Failed("entry_point", "NameError", f"there is no function named {self.entry}")
        return self.finished(function(self.input))

    def finished(self, value):
        """Waits for what is to be awaited, and hands on what a generator yields."""
        if isinstance(value, types.AsyncGeneratorType):
            return asyncio.run(self.stream_async(value))
        if inspect.isawaitable(value):
            return self.finished(asyncio.run(self.awaited(value)))
        if isinstance(value, types.GeneratorType):
            return self.stream(value)
        return value

    async def awaited(self, value):
        value = await value
        if isinstance(value, types.AsyncGeneratorType):
            return await self.stream_async(value)
        return value

    def stream(self, generator):
        while True:
            try:
                piece = next(generator)
            except StopIteration as end:
                return end.value
            self.send_text(piece)

    async def stream_async(self, generator):
        async for piece in generator:
            self.send_text(piece)

    def send_text(self, piece):
        if not isinstance(piece, str):
            raise Failed("unserializable", "TypeError",
                         f"{self.entry} yielded {type(piece).__name__}: the pieces of a stream must be str")
        self.text_left -= len(piece.encode("utf-8", "replace"))
        if self.text_left < 0:
            raise Failed("result_too_large", "OverflowError", "more text was yielded than is allowed")
        self.channel.send({"type": "text", "text": piece})

    def interpreted(self):
        flags = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
        tree, last = parsed(self.source, flags), None
        if tree.body and isinstance(tree.body[-1], ast.Expr):
            last = compiled(ast.Expression(tree.body.pop().value), "eval", flags)
        body = compiled(tree, "exec", flags)
        value = None
        with asyncio.Runner() if hasattr(asyncio, "Runner") else contextlib.nullcontext() as runner:
            for code in (body, last):
                if code is not None:
                    value = eval(code, self.module.__dict__)
                    if code.co_flags & inspect.CO_COROUTINE:
                        value = runner.run(value) if runner else asyncio.run(value)
        return None if value is None else repr(value)

    def serialized(self, value):
        try:
            body = self.channel.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()
            if body.count(b"[") + body.count(b"{") > DEPTH_MAX and is_too_deep(body):
                raise RecursionError
            return body
        except UnicodeEncodeError:
            raise Failed("unserializable", "UnicodeEncodeError", "the result has half a surrogate pair") from None
        except ValueError as error:
            cyclic = "Circular reference" in told(error)
            message = "the result contains itself" if cyclic else f"the result cannot be JSON: {told(error)}"
            raise Failed("cyclic" if cyclic else "unserializable", "ValueError", message) from None
        except RecursionError:
            raise Failed("unserializable", "RecursionError", "the result is nested too deeply") from None
        except (TypeError, OverflowError) as error:
            raise Failed("unserializable", type(error).__name__, f"the result cannot be JSON: {told(error)}") from None

    def kept_files(self):
        if self.files_max <= 0:
            return b""
        found, left = {}, self.files_max
        with os.scandir("/tmp/work") as entries:
            for entry in sorted(entries, key=lambda entry: entry.name):
                if not entry.is_file(follow_symlinks=False):
                    continue
                left -= entry.stat(follow_symlinks=False).st_size
                if left < 0:
                    raise Failed("result_too_large", "OverflowError",
                                 f"the files are larger than the {self.files_max} bytes that are kept")
                with open(entry.path, "rb") as file:
                    found[entry.name] = base64.b64encode(file.read()).decode()
        return b',"files":' + self.channel.dumps(found).encode()

    def run(self):
        """The last frame, as bytes."""
        try:
            body = self.serialized(self.value())
            if len(body) > self.result_max:
                raise Failed("result_too_large", "OverflowError",
                             f"the result has {len(body)} bytes; {self.result_max} are allowed")
            return b'{"type":"result","value":' + body + self.kept_files() + b"}"
        except Failed as failed:
            report = failed.report
        except SystemExit as leaving:
            if self.is_interpreter and leaving.code in (None, 0):
                return b'{"type":"result","value":null' + self.kept_files() + b"}"
            report = self.exception(leaving)
        except BaseException as error:
            report = self.exception(error)
        return self.channel.dumps(report).encode()

    def exception(self, error):
        RESERVE.clear()
        try:
            report = {"type": "error", "kind": "exception", "name": type(error).__name__, "message": told(error),
                      "frames": user_frames(error, self.lines)}
            if isinstance(error, MemoryError):
                traceback.clear_frames(error.__traceback__)
            return report
        except MemoryError:
            return OUT_OF_MEMORY
