"""What a slow socket skips, what it may not skip, and when it is given up."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from exchange.sockets import outbox as outbox_module
from exchange.sockets.outbox import Outbox
from tests.polling import until

LONG = "x" * 100


class SlowSocket:
    """Takes frames only while it is let; counts how often it was found too slow."""

    def __init__(self) -> None:
        self.open = asyncio.Event()
        self.taken: list[str] = []
        self.given_up = 0
        self.outbox = Outbox(
            send=self._take, snapshot_of=lambda channel: f"snapshot {channel}", too_slow=self._end
        )

    async def _take(self, text: str) -> None:
        await self.open.wait()
        self.taken.append(text)

    def _end(self) -> None:
        self.given_up += 1


@pytest.fixture
async def slow(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[SlowSocket]:
    """A socket with little room, which takes nothing yet."""
    monkeypatch.setattr(outbox_module, "CONFLATE_ABOVE_CHARS", 1_000)
    monkeypatch.setattr(outbox_module, "MAX_WAITING_CHARS", 5_000)
    socket = SlowSocket()
    sender = asyncio.create_task(socket.outbox.run())
    yield socket
    sender.cancel()


async def test_order_is_kept(slow: SlowSocket) -> None:
    slow.open.set()
    for number in range(5):
        slow.outbox.put(str(number))
    await until(lambda: slow.taken == ["0", "1", "2", "3", "4"], "all were sent")


async def test_skipped_pushes_are_made_up_for_by_one_snapshot(slow: SlowSocket) -> None:
    for _ in range(100):
        slow.outbox.push("book.A", LONG, skippable=True)
    slow.outbox.push("book.B", "first of B", skippable=True)
    assert not slow.given_up
    slow.open.set()
    await until(lambda: len(slow.taken) >= 13, "everything that waited was sent")
    assert slow.taken[:-2] == [LONG] * 11
    assert sorted(slow.taken[-2:]) == ["snapshot book.A", "snapshot book.B"]


async def test_updates_go_on_after_the_snapshot(slow: SlowSocket) -> None:
    for _ in range(100):
        slow.outbox.push("book.A", LONG, skippable=True)
    slow.open.set()
    await until(lambda: slow.taken[-1:] == ["snapshot book.A"], "the snapshot was sent")
    slow.outbox.push("book.A", "next", skippable=True)
    await until(lambda: slow.taken[-1] == "next", "the update was sent")


async def test_forgotten_channel_gets_no_snapshot(slow: SlowSocket) -> None:
    for _ in range(100):
        slow.outbox.push("book.A", LONG, skippable=True)
    slow.outbox.forget("book.A")
    slow.open.set()
    await until(lambda: len(slow.taken) == 11, "what had waited was sent")
    assert "snapshot book.A" not in slow.taken


async def test_trades_are_never_skipped(slow: SlowSocket) -> None:
    for number in range(40):
        slow.outbox.push("trades.A", f"{number:0100}", skippable=False)
    assert not slow.given_up
    slow.open.set()
    await until(lambda: len(slow.taken) == 40, "all were sent")


async def test_socket_that_cannot_take_its_trades_is_given_up(slow: SlowSocket) -> None:
    for _ in range(60):
        slow.outbox.push("trades.A", LONG, skippable=False)
    assert slow.given_up


async def test_socket_that_is_stuck_is_given_up(
    slow: SlowSocket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox_module, "SEND_PATIENCE_S", 0.05)
    slow.outbox.put("stuck")
    await asyncio.sleep(0.1)
    slow.outbox.push("book.A", "next", skippable=True)
    slow.outbox.put("another")
    assert slow.given_up
