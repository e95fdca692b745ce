"""What waits costs memory: printed, and bounded far above what it is."""

import os

import pytest

import idle_memory


@pytest.mark.skipif(os.geteuid() != 0, reason="workers are other users: only root may look")
def test_idle_memory(binary):
    with idle_memory.start(binary) as supervisor:
        if supervisor.hello["isolation"] == "none":
            pytest.skip(f"this machine allows no isolation: {supervisor.hello['reason']}")
        rows = idle_memory.table(supervisor)
    kib = sum(row[1] for row in rows.values())
    print(f"{kib} KiB: {rows}")
    assert [rows[name][0] for name in ("python, waiting", "deno, waiting")] == [8, 4]
    assert kib < 100 * 1024
