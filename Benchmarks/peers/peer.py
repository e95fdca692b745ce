"""The service a user would write for Apus's conversation agent: FastAPI, LangGraph and ChatOpenAI.

Tuned as far as its parts allow: one graph compiled once, one model client and connection pool, uvloop, httptools,
orjson, no access log, no tracing. OpenAI-shaped answers, plain and streamed; the token is checked; the system prompt
goes first, then the last ten messages. With a session the thread is kept in SQLite by LangGraph's own checkpointer.

Settings: RUNTIME_TOKEN, LLM_PROXY_URL, PORT, WORKERS, PEER_DATABASE, PEER_DURABILITY (sync, async or exit).
"""

import hmac
import os
import time
import uuid
from contextlib import asynccontextmanager

import httpx
import orjson
import uvicorn
from fastapi import FastAPI, Request, Response
from fastapi.responses import StreamingResponse
from langchain_core.messages import AIMessage, AnyMessage, HumanMessage, SystemMessage
from langchain_openai import ChatOpenAI
from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver
from langgraph.graph import END, START, MessagesState, StateGraph
from pydantic import BaseModel, Field, ValidationError

HISTORY_LENGTH = 10
TOKEN = os.environ["RUNTIME_TOKEN"].encode()
DURABILITY = os.environ.get("PEER_DURABILITY", "exit")
AGENTS = {"bench": "You are a helpful assistant."}
ROLES = {"system": SystemMessage, "user": HumanMessage, "assistant": AIMessage}


class Message(BaseModel):
    role: str
    content: str


class StreamOptions(BaseModel):
    include_usage: bool = False


class ChatRequest(BaseModel):
    model: str
    messages: list[Message] = Field(min_length=1)
    stream: bool = False
    stream_options: StreamOptions = StreamOptions()
    metadata: dict[str, str] = {}


def build_graph(llm: ChatOpenAI) -> StateGraph:
    async def generate(state: MessagesState, config) -> dict[str, list[AnyMessage]]:
        system = SystemMessage(config["configurable"]["system_prompt"])
        return {"messages": [await llm.ainvoke([system, *state["messages"][-HISTORY_LENGTH:]], config)]}

    graph = StateGraph(MessagesState)
    graph.add_node("generate", generate)
    graph.add_edge(START, "generate")
    graph.add_edge("generate", END)
    return graph


@asynccontextmanager
async def lifespan(app: FastAPI):
    limits = httpx.Limits(max_connections=None, max_keepalive_connections=2048, keepalive_expiry=60)
    async with (
        httpx.AsyncClient(limits=limits, timeout=60, trust_env=False) as client,
        AsyncSqliteSaver.from_conn_string(os.environ["PEER_DATABASE"]) as saver,
    ):
        llm = ChatOpenAI(
            model="default",
            base_url=os.environ["LLM_PROXY_URL"] + "/v1",
            api_key="none",
            http_async_client=client,
            stream_usage=True,
            max_retries=2,
        )
        graph = build_graph(llm)
        await saver.setup()
        # The same promise as Apus makes: what was acknowledged survives a power cut.
        await saver.conn.execute("PRAGMA journal_mode=WAL")
        await saver.conn.execute("PRAGMA synchronous=FULL")
        app.state.stateless = graph.compile()
        app.state.stored = graph.compile(checkpointer=saver)
        yield


app = FastAPI(lifespan=lifespan, docs_url=None, redoc_url=None, openapi_url=None)


def error(status: int, message: str) -> Response:
    body = {"error": {"message": message, "type": "invalid_request_error", "param": None, "code": None}}
    return Response(orjson.dumps(body), status, media_type="application/json")


def usage_of(message: AIMessage) -> dict | None:
    usage = message.usage_metadata
    return usage and {
        "prompt_tokens": usage["input_tokens"],
        "completion_tokens": usage["output_tokens"],
        "total_tokens": usage["total_tokens"],
    }


def completion(chat: ChatRequest, message: AIMessage) -> bytes:
    return orjson.dumps({
        "id": f"chatcmpl-{uuid.uuid4().hex}",
        "object": "chat.completion",
        "created": int(time.time()),
        "model": chat.model,
        "choices": [{
            "index": 0,
            "message": {"role": "assistant", "content": message.content},
            "finish_reason": message.response_metadata.get("finish_reason", "stop"),
            "logprobs": None,
        }],
        "usage": usage_of(message),
    })


async def events(chat: ChatRequest, graph, state: dict, config: dict, options: dict):
    """One server-sent event for each delta, in the order in which the model makes them."""
    base = {"id": f"chatcmpl-{uuid.uuid4().hex}", "object": "chat.completion.chunk", "created": int(time.time()),
            "model": chat.model}

    def event(delta: dict, finish: str | None = None) -> bytes:
        choice = {"index": 0, "delta": delta, "finish_reason": finish, "logprobs": None}
        return b"data: " + orjson.dumps({**base, "choices": [choice]}) + b"\n\n"

    usage, finish = None, "stop"
    yield event({"role": "assistant", "content": ""})
    async for chunk, _ in graph.astream(state, config, stream_mode="messages", **options):
        usage = usage_of(chunk) or usage
        finish = chunk.response_metadata.get("finish_reason") or finish
        if chunk.content:
            yield event({"content": chunk.content})
    yield event({}, finish)
    if chat.stream_options.include_usage:
        yield b"data: " + orjson.dumps({**base, "choices": [], "usage": usage}) + b"\n\n"
    yield b"data: [DONE]\n\n"


@app.get("/ping")
async def ping() -> dict[str, str]:
    return {"status": "ok", "message": "pong"}


@app.post("/v1/chat/completions")
async def chat_completions(request: Request) -> Response:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not hmac.compare_digest(token.encode(), TOKEN):
        return error(401, "invalid token")
    try:
        chat = ChatRequest.model_validate_json(await request.body())
    except ValidationError as fault:
        return error(422, str(fault))
    if chat.model not in AGENTS:
        return error(404, f"no agent '{chat.model}'")
    messages = [ROLES[message.role](message.content) for message in chat.messages if message.role in ROLES]
    config = {"configurable": {"system_prompt": AGENTS[chat.model]}}
    graph, options = app.state.stateless, {}
    if session := chat.metadata.get("session_id"):
        graph, options = app.state.stored, {"durability": DURABILITY}
        config["configurable"]["thread_id"] = f"{chat.model}:{session}"
    state = {"messages": messages}
    if chat.stream:
        stream = events(chat, graph, state, config, options)
        return StreamingResponse(stream, media_type="text/event-stream",
                                 headers={"Cache-Control": "no-cache", "X-Accel-Buffering": "no"})
    result = await graph.ainvoke(state, config, **options)
    return Response(completion(chat, result["messages"][-1]), media_type="application/json")


if __name__ == "__main__":
    workers = int(os.environ.get("WORKERS", "1"))
    uvicorn.run(
        "peer:app" if workers > 1 else app, host="127.0.0.1", port=int(os.environ["PORT"]), workers=workers,
        loop="uvloop", http="httptools", access_log=False, log_level="error", backlog=4096, timeout_keep_alive=60)
