"""A stdio server of the stateful protocol without any library, that misbehaves as its argument says.

old: behaves.  dies: ends at the first call.  garbage: noise around its answers.  silent: never answers a call.
unknown: answers ids that nobody asked for, and floods with news.  huge: a line of 40 MB.  changing: its list grows.
"""

import json
import sys

MODE = sys.argv[1]
lists = 0


def send(message: dict) -> None:
    sys.stdout.write(json.dumps(message) + "\n")
    sys.stdout.flush()


def tools() -> list:
    global lists
    lists += 1
    names = ["echo"] + [f"more_{number}" for number in range(lists - 1 if MODE == "changing" else 0)]
    return [{"name": name, "inputSchema": {"type": "object"}} for name in names] + [
        {"name": "broken", "inputSchema": {"type": "nothing"}}, {"inputSchema": {}}]


def call(identifier: int, parameters: dict) -> None:
    if MODE == "dies":
        sys.exit(3)
    if MODE == "garbage":
        sys.stdout.write("this is no JSON\n{\"half\": \n\xff\n[1,2]\n")
    if MODE == "unknown":
        for number in range(1000):
            send({"jsonrpc": "2.0", "id": 900_000 + number, "result": {}})
            send({"jsonrpc": "2.0", "method": "notifications/progress", "params": {}})
        send({"jsonrpc": "2.0", "id": 77, "method": "ping"})
        send({"jsonrpc": "2.0", "id": 78, "method": "sampling/createMessage", "params": {}})
    if MODE == "huge":
        sys.stdout.write("x" * 40_000_000 + "\n")
        sys.stdout.flush()
    if MODE == "changing":
        send({"jsonrpc": "2.0", "method": "notifications/tools/list_changed"})
    if MODE == "silent":
        return
    send({"jsonrpc": "2.0", "id": identifier, "result": {
        "content": [{"type": "text", "text": json.dumps(parameters)}, {"type": "image", "mimeType": "image/png"}]}})


for line in sys.stdin:
    message = json.loads(line)
    method, identifier = message.get("method"), message.get("id")
    if method == "initialize":
        send({"jsonrpc": "2.0", "id": identifier, "result": {
            "protocolVersion": "2025-06-18", "serverInfo": {"name": "scripted", "version": "1"},
            "capabilities": {"tools": {"listChanged": True}}}})
    elif method == "tools/list":
        send({"jsonrpc": "2.0", "id": identifier, "result": {"tools": tools()}})
    elif method == "tools/call":
        call(identifier, message["params"])
    elif identifier is not None and method:
        send({"jsonrpc": "2.0", "id": identifier, "error": {"code": -32601, "message": "no such method"}})
