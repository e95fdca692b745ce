"""What ran, in which superstep and place: read by nodes from their config, then put in the order of task paths."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from langgraph.pregel._algo import task_path_str

_enclosing: ContextVar[str | None] = ContextVar("enclosing task", default=None)


def task_id(config: dict) -> str:
    return config["metadata"]["langgraph_checkpoint_ns"].rsplit(":", 1)[1]


@dataclass
class Started:
    """A task that began in this scenario step."""

    node: str
    parent: str | None
    superstep: int
    path: str


class Journal:
    """All starts of one scenario step, and counts of starts over the whole file."""

    def __init__(self) -> None:
        self.total: Counter[str] = Counter()
        self.begin()

    def begin(self) -> None:
        self.counts: Counter[str] = Counter()
        self.started: dict[str, Started] = {}

    def start(self, node: str, config: dict) -> int:
        """Notes the start of a node; gives how often it was started so far, this start included."""
        self.total[node] += 1
        self.counts[node] += 1
        metadata = config["metadata"]
        path = task_path_str(tuple(metadata["langgraph_path"])[:3])
        short = node.rsplit("/", 1)[-1]
        self.started[task_id(config)] = Started(short, _enclosing.get(), metadata["langgraph_step"], path)
        return self.total[node]

    @contextmanager
    def inside(self, config: dict) -> Iterator[None]:
        """Everything started within belongs to this task."""
        token = _enclosing.set(task_id(config))
        try:
            yield
        finally:
            _enclosing.reset(token)

    def _rank(self, task: Started) -> int:
        """Which of its graph's supersteps in this scenario step, from 1: engines may number theirs as they like."""
        steps = {other.superstep for other in self.started.values() if other.parent == task.parent}
        return sorted(steps).index(task.superstep) + 1

    def _place(self, identifier: str | None) -> list[tuple[int, str, str]]:
        task = self.started.get(identifier or "")
        if task is None:
            return []
        return [*self._place(task.parent), (self._rank(task), task.path, task.node)]

    def updates(self, finished: dict[str, dict[str, Any]]) -> list[dict]:
        """Writes of the finished tasks that began in this scenario step, in the order of task paths."""
        placed = [(self._place(identifier), writes) for identifier, writes in finished.items()]
        ordered = sorted((item for item in placed if item[0]), key=lambda item: [part[:2] for part in item[0]])
        return [{"at": [[rank, node] for rank, _, node in place], "wrote": writes} for place, writes in ordered]
