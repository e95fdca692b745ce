// What runs inside the sandbox for JavaScript and TypeScript: waits for one request, runs one program, ends.
// What it needs after user code began is bound here, before: user code may change every prototype.

const isMusl = Deno.build.target.includes("musl");
const libc = Deno.dlopen(isMusl ? `libc.musl-${Deno.build.arch}.so.1` : "libc.so.6", {
  read: { parameters: ["i32", "buffer", "usize"], result: "isize" },
  readLater: { name: "read", parameters: ["i32", "buffer", "usize"], result: "isize", nonblocking: true },
  write: { parameters: ["i32", "buffer", "usize"], result: "isize" },
  _exit: { parameters: ["i32"], result: "void" },
  getauxval: { parameters: ["usize"], result: "usize" },
  getcontext: { parameters: ["buffer"], result: "i32", optional: true },
  madvise: { parameters: ["usize", "usize", "i32"], result: "i32" },
  malloc_trim: { parameters: ["usize"], result: "i32", optional: true },
}).symbols;

const PAGE = 4096n, DONTNEED = 4;

// The parts of Deno's own file that are only read, as [address, bytes]: what is executed, and the rest.
function readOnlyParts() {
  const [HEADERS, COUNT, LOAD, PROGRAM, WRITE, EXECUTE] = [3n, 5n, 1, 6, 2, 1];
  const at = BigInt(libc.getauxval(HEADERS)), count = Number(libc.getauxval(COUNT));
  const view = new DataView(Deno.UnsafePointerView.getArrayBuffer(Deno.UnsafePointer.create(at), count * 56));
  const headers = Array.from({ length: count }, (_, n) => ({ type: view.getUint32(n * 56, true),
    flags: view.getUint32(n * 56 + 4, true), address: view.getBigUint64(n * 56 + 16, true),
    bytes: view.getBigUint64(n * 56 + 40, true) }));
  const base = at - headers.find(({ type }) => type === PROGRAM).address;
  const parts = (isCode) => headers.filter(({ type, flags }) =>
    type === LOAD && !(flags & WRITE) && Boolean(flags & EXECUTE) === isCode)
    .map(({ address, bytes }) => [base + address / PAGE * PAGE, bytes / PAGE * PAGE]);
  return { code: parts(true), data: parts(false) };
}
const ownFile = readOnlyParts();
for (const name of ["ffi", "env", "run", "net", "sys", "import"]) Deno.permissions.revokeSync({ name });

const { parse, stringify } = JSON;
const encode = TextEncoder.prototype.encode.bind(new TextEncoder());
const decode = TextDecoder.prototype.decode.bind(new TextDecoder());
const { inspect, readFileSync: readFile, writeFileSync: writeFile, readDirSync: readFolder } = Deno;
const isError = Error.isError ?? ((value) => value instanceof Error);
const call = Function.prototype.call;
const bound = (method) => call.bind(method);
const [replaceAll, split, matchText, slice, startsWith, trim, search, charCode] = [
  String.prototype.replaceAll, String.prototype.split, String.prototype.match, String.prototype.slice,
  String.prototype.startsWith, String.prototype.trim, String.prototype.search,
  String.prototype.charCodeAt].map(bound);
const kindOf = bound(Object.prototype.toString);
const makeURL = URL.createObjectURL.bind(URL), MakeBlob = Blob, evaluate = globalThis.eval;
const fromBase64 = Uint8Array.fromBase64.bind(Uint8Array);
const FRAMES_KEPT = 50, TEXT_KEPT = 200, MESSAGE_KEPT = 8192, FRAME_MAX = 64 << 20;
// The host reads no deeper.
const DEPTH_MAX = 250;
Error.stackTraceLimit = FRAMES_KEPT;

// ---- frames: a length of four bytes, then JSON ----

function leave(code) {
  libc._exit(code);
}

function sendBytes(body) {
  const frame = new Uint8Array(4 + body.length);
  new DataView(frame.buffer).setUint32(0, body.length, true);
  frame.set(body, 4);
  for (let at = 0; at < frame.length;) {
    const rest = frame.subarray(at);
    const count = Number(libc.write(3, rest, BigInt(rest.length)));
    if (count <= 0) leave(0);
    at += count;
  }
}

const send = (message) => sendBytes(encode(stringify(message)));

function lengthOf(header) {
  const length = new DataView(header.buffer).getUint32(0, true);
  if (length > FRAME_MAX) leave(71);
  return length;
}

function receive() {
  const take = (count) => {
    const bytes = new Uint8Array(count);
    for (let at = 0; at < count;) {
      const more = Number(libc.read(0, bytes.subarray(at), BigInt(count - at)));
      if (more <= 0) leave(0);
      at += more;
    }
    return bytes;
  };
  return parse(decode(take(lengthOf(take(4)))));
}

async function receiveLater() {
  const take = async (count) => {
    const bytes = new Uint8Array(count);
    for (let at = 0; at < count;) {
      const more = Number(await libc.readLater(0, bytes.subarray(at), BigInt(count - at)));
      if (more <= 0) leave(0);
      at += more;
    }
    return bytes;
  };
  return parse(decode(await take(lengthOf(await take(4)))));
}

// ---- the model ----

class ModelError extends Error {
  name = "ModelError";
}

function makeModel(allowed) {
  const open = new Map();
  let last = 0, reading = false;
  async function readAll() {
    reading = true;
    while (open.size > 0) {
      const reply = await receiveLater(), waiting = open.get(reply.id);
      open.delete(reply.id);
      if (!waiting) continue;
      if ("error" in reply) waiting.reject(new ModelError(reply.error));
      else waiting.resolve(reply.value);
    }
    reading = false;
  }
  return {
    // Calls the model and resolves with {content, role, tool_calls?, finish_reason, usage}.
    async chat(messages, options = {}) {
      if (!allowed) throw new ModelError("this call has no model: llm is not available");
      if (typeof messages === "string") messages = [{ role: "user", content: messages }];
      const id = ++last;
      send({ type: "llm_call", id, messages, options });
      const reply = new Promise((resolve, reject) => open.set(id, { resolve, reject }));
      if (!reading) readAll();
      return await reply;
    },
  };
}

// ---- errors in the user's words ----

class Failed {
  constructor(kind, name, message, more = {}) {
    this.report = { type: "error", kind, name, message, frames: [], ...more };
  }
}

let request, lines = [], file = "main.js", url = "main.js";

function cleaned(text) {
  // deno-lint-ignore no-control-regex
  const plain = replaceAll(String(text), /\x1b\[[0-9;]*m/g, "");
  return slice(replaceAll(replaceAll(plain, url, file), /blob:null\/[-0-9a-f]{36}/g, file), 0, MESSAGE_KEPT);
}

function framesOf(stack) {
  const frames = [];
  for (const text of split(cleaned(stack), "\n")) {
    const found = matchText(text, /^\s+at (?:async )?(?:(.*?) \()?(?:async )?(?:main\.[jt]s, <anonymous>|main\.[jt]s):(\d+):(\d+)\)?$/);
    if (!found) continue;
    const line = Number(found[2]), name = replaceAll(found[1] ?? "<module>", /^(?:async )?(?:Module\.)?|^eval$/g, "");
    frames.unshift({ line, column: Number(found[3]), function: name || "<module>",
      text: slice(trim(lines[line - 1] ?? ""), 0, TEXT_KEPT) });
  }
  return frames;
}

function exceptionReport(error) {
  const report = { type: "error", kind: "exception", name: "Error", message: "", frames: [] };
  try {
    const known = isError(error) || (typeof error === "object" && error !== null && "stack" in error);
    report.name = known ? cleaned(error.name ?? "Error") : kindOf(error).slice(8, -1);
    report.message = cleaned(known ? error.message : typeof error === "string" ? error : inspect(error));
    if (known) report.frames = framesOf(error.stack);
  } catch {
    report.message = "(its message cannot be read)";
  }
  return report;
}

// A fault of the source itself, told by whoever parsed or linked it; null where it is another error.
function syntaxFault(error) {
  try {
    const text = cleaned(error.message);
    const inParser = error.name === "TypeError" && startsWith(text, "SyntaxError: ");
    if (!inParser && error.name !== "SyntaxError") return null;
    const place = matchText(text, /at (?:main\.[jt]s|file:\S*):(\d+):(\d+)\s*$/);
    if (!place) return null;
    const first = split(text, "\n")[0];
    const message = replaceAll(replaceAll(first, /^SyntaxError: /g, ""), / at \S+:\d+:\d+$/g, "");
    return { line: Number(place[1]), column: Number(place[2]), message };
  } catch {
    return null;
  }
}

// ---- one program ----

const blobURL = (text, type) => makeURL(new MakeBlob([text], { type }));
const typeOf = () => request.language === "typescript" ? "application/typescript" : "application/javascript";

async function load(source) {
  url = blobURL(source, typeOf());
  try {
    return await import(url);
  } catch (error) {
    const fault = syntaxFault(error);
    throw fault ? new Failed("syntax", "SyntaxError", fault.message, fault) : error;
  }
}

let textLeft = 0;
function sendText(piece) {
  if (typeof piece !== "string") {
    throw new Failed("unserializable", "TypeError",
      `${request.entry_point} yielded ${typeof piece}: the pieces of a stream must be strings`);
  }
  textLeft -= encode(piece).length;
  if (textLeft < 0) throw new Failed("result_too_large", "RangeError", "more text was yielded than is allowed");
  send({ type: "text", text: piece });
}

async function finished(value) {
  value = await value;
  const kind = kindOf(value);
  if (kind !== "[object Generator]" && kind !== "[object AsyncGenerator]") return value;
  while (true) {
    const step = await value.next();
    if (step.done) return step.value;
    sendText(step.value);
  }
}

async function entryValue() {
  const loaded = await load(request.source), name = request.entry_point;
  if (typeof loaded[name] !== "function") {
    throw new Failed("entry_point", "ReferenceError", `the module has no exported function named ${name}`);
  }
  return await finished(loaded[name](request.input));
}

// The last statement as an expression, where it is one: from its lines, the shortest end that parses.
function splitLast(source) {
  const all = split(source, "\n"), AsyncFunction = (async () => {}).constructor;
  for (let at = all.length - 1; at >= 0 && at > all.length - 60; at--) {
    const tail = replaceAll(all.slice(at).join("\n"), /;?\s*$/g, "");
    if (trim(tail) === "" || search(tail, /^\s*(function|async\s+function|class|\{|import\s|export|let\b|\.)/) >= 0) continue;
    try {
      new AsyncFunction(`return (${tail}\n)`);
      return `${all.slice(0, at).join("\n")}${at > 0 ? "\n" : ""}export default (${tail}\n)`;
    } catch { /* not yet an expression */ }
  }
  return null;
}

async function interpretedValue() {
  let source = request.source;
  if (request.language === "typescript") {
    try {
      source = (await import("node:module")).stripTypeScriptTypes(source, { mode: "strip" });
    } catch { /* what cannot be stripped goes to the module loader, which transforms */ }
  }
  if (search(source, /\b(import|export|await)\b/) < 0) {
    try {
      return evaluate(`${source}\n//# sourceURL=${file}`);
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
    }
  }
  const whole = splitLast(source);
  if (whole !== null) {
    try {
      return (await load(whole)).default;
    } catch (error) {
      if (!(error instanceof Failed) || error.report.kind !== "syntax") throw error;
    }
  }
  await load(request.source);
  return undefined;
}

function isTooDeep(text) {
  let depth = 0, quoted = false;
  for (let at = 0; at < text.length; at++) {
    const code = charCode(text, at);
    if (quoted) {
      if (code === 92) at++;
      else if (code === 34) quoted = false;
    } else if (code === 34) quoted = true;
    else if (code === 91 || code === 123) {
      if (++depth > DEPTH_MAX) return true;
    } else if (code === 93 || code === 125) depth--;
  }
  return false;
}

function serialized(value) {
  let text;
  try {
    text = stringify(value === undefined ? null : value);
  } catch (error) {
    const message = cleaned(error?.message);
    if (startsWith(message, "Converting circular")) throw new Failed("cyclic", "TypeError", "the result contains itself");
    throw new Failed("unserializable", cleaned(error?.name ?? "Error"), `the result cannot be JSON: ${message}`);
  }
  if (typeof text !== "string") throw new Failed("unserializable", "TypeError", `the result is a ${typeof value}`);
  if (isTooDeep(text)) throw new Failed("unserializable", "RangeError", "the result is nested too deeply");
  if (search(text, /(?:^|[^\\])(?:\\\\)*\\ud[89a-f]/) >= 0) {
    throw new Failed("unserializable", "TypeError", "the result has half a surrogate pair");
  }
  return encode(text);
}

function keptFiles() {
  const files = {};
  let left = request.keep_files_bytes ?? 0;
  if (left <= 0) return null;
  for (const entry of readFolder("/tmp/work")) {
    if (!entry.isFile) continue;
    const bytes = readFile(`/tmp/work/${entry.name}`);
    left -= bytes.length;
    if (left < 0) {
      throw new Failed("result_too_large", "RangeError",
        `the files are larger than the ${request.keep_files_bytes} bytes that are kept`);
    }
    files[entry.name] = bytes.toBase64();
  }
  return files;
}

async function lastFrame() {
  try {
    const value = request.interpreter ? await interpretedValue() : await entryValue();
    const shown = request.interpreter ? (value === undefined ? null : inspect(await value)) : value;
    const body = serialized(shown), max = request.result_bytes_max ?? 8 << 20;
    if (body.length > max) {
      throw new Failed("result_too_large", "RangeError", `the result has ${body.length} bytes; ${max} are allowed`);
    }
    const files = keptFiles(), tail = encode(files ? `,"files":${stringify(files)}}` : "}");
    const head = encode('{"type":"result","value":'), frame = new Uint8Array(head.length + body.length + tail.length);
    frame.set(head, 0), frame.set(body, head.length), frame.set(tail, head.length + body.length);
    return frame;
  } catch (error) {
    return encode(stringify(error instanceof Failed ? error.report : exceptionReport(error)));
  }
}

// ---- looking at a program without running it ----

// A module that throws is evaluated first: what comes after it is parsed and linked, and never runs.
async function check() {
  const bare = blobURL("throw 42", "application/javascript");
  const name = request.interpreter ? null : request.entry_point;
  url = blobURL(request.source, typeOf());
  const wanted = name ? `{${name}} from ` : "";
  const text = `import ${stringify(bare)}; import ${wanted}${stringify(url)};`;
  try {
    await import(blobURL(text, "application/javascript"));
  } catch (error) {
    if (error === 42) return [];
    const message = cleaned(error.message);
    if (name && search(message, /does not provide an export named/) >= 0) {
      return [{ message: `the module has no exported function named ${name}` }];
    }
    const place = matchText(message, /main\.[jt]s:(\d+):(\d+)/);
    return [syntaxFault(error) ?? { line: Number(place?.[1] ?? 1), column: Number(place?.[2] ?? 1),
      message: split(message, "\n")[0] }];
  }
  return [];
}

// It is ended from outside, once it was looked at what it took; a host that is gone ends it, too.
function endWithFrame(frame) {
  sendBytes(frame);
  const ignored = new Uint8Array(4096);
  while (Number(libc.read(0, ignored, BigInt(ignored.length))) > 0);
  leave(0);
}

const endWith = (report) => endWithFrame(encode(stringify(report)));

addEventListener("unhandledrejection", (event) => {
  event.preventDefault();
  endWith(exceptionReport(event.reason));
});
addEventListener("error", (event) => {
  event.preventDefault();
  endWith(exceptionReport(event.error));
});
addEventListener("beforeunload", () => {
  endWith({ type: "error", kind: "exception", name: "Error", message: "its promise never settles", frames: [] });
});

// Gives memory back that only the start needed: of Deno's file, which the page cache keeps, and of the stack below.
function forget(parts) {
  for (const [address, bytes] of parts) libc.madvise(address, bytes, DONTNEED);
  // Where getcontext puts the stack pointer.
  const place = { x86_64: 160, aarch64: 432 }[Deno.build.arch], registers = new DataView(new ArrayBuffer(8192));
  if (!place || libc.getcontext?.(registers) !== 0) return;
  const [margin, most] = [1n << 16n, 1n << 20n];
  libc.madvise(registers.getBigUint64(place, true) / PAGE * PAGE - margin - most, most, DONTNEED);
}

forget(ownFile.code);
// Once through all of it, so that the first program does not pay for it, and what it needs is there again.
request = { language: "typescript", entry_point: "main", input: parse(decode(encode('{"a":[1,"b"]}'))),
  source: "export async function main(x: number): Promise<number> { return await x }" };
await lastFrame();
lengthOf(new Uint8Array(4));
// A program needs little of the rest again.
for (const [address, bytes] of ownFile.data) libc.madvise(address, bytes, DONTNEED);
libc.malloc_trim?.(0n);
libc.write(1, new Uint8Array([1]), 1n);
request = receive();
file = request.language === "typescript" ? "main.ts" : "main.js";
lines = split(request.source, "\n");
textLeft = request.text_bytes_max ?? 8 << 20;
globalThis.llm = makeModel(request.llm ?? false);
if (request.type === "check") {
  check().then((faults) => endWith({ type: "checked", faults }));
} else {
  for (const [name, content] of Object.entries(request.files ?? {})) {
    writeFile(`/tmp/work/${split(name, "/").pop()}`, fromBase64(content));
  }
  lastFrame().then(endWithFrame);
}
