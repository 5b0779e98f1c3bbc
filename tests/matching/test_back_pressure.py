"""Under pressure a shard refuses new orders, and nothing else; what it took in it matches."""

import asyncio
import contextlib
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from redis import Redis
from redis.exceptions import OutOfMemoryError

from kalency.stack.addresses import Address
from matching import client as client_module
from matching import keys
from matching.client import MatchingClient
from matching.domain import intake
from matching.domain.commands import AnyCommand, PlaceOrder
from matching.domain.errors import ErrorCode, ExchangeError
from matching.domain.events import OrderCanceled, OrderPlaced
from matching.domain.intake import Intake, IntakeBounds
from matching.event_log import last_sequence, save_checkpoint
from matching.intake_watch import IntakeWatch
from tests.matching.shard import ALICE, SHARD, Shard, buy, cancel, cancel_all
from tests.polling import DEADLINE_S, until
from tests.running_worker import running_worker

ROOM_BYTES = 6_000_000
JUNK_BYTES = 50_000
LEDGER = "ledger"


@pytest.fixture
def limited(hot: Redis) -> Iterator[Redis]:
    """The matching store may take a few megabytes more than it does now."""
    hot.config_set("maxmemory", hot.info("memory")["used_memory"] + ROOM_BYTES)
    yield hot
    hot.config_set("maxmemory", 0)


@pytest.fixture
def ledger_watched(
    hot: Redis, bus: Redis, hot_server: Address, bus_server: Address
) -> Iterator[None]:
    """Shard 0 is matched while the ledger, which nobody writes, is at most ten events behind."""
    bounds = IntakeBounds(ledger_backlog=10)
    with running_worker(hot_server, bus_server, consumers=(LEDGER,), bounds=bounds):
        yield


def fill(hot: Redis) -> None:
    """Use up the server's memory, with junk until it refuses more."""
    number = 0
    with contextlib.suppress(OutOfMemoryError):
        while True:
            hot.set(f"junk:{number}", b"x" * JUNK_BYTES)
            number += 1
    # There may be room left for something small.
    hot.config_set("maxmemory", hot.info("memory")["used_memory"] - 2 * JUNK_BYTES)


def fill_to(hot: Redis, share: float) -> None:
    """Use up a share of the server's memory."""
    memory, number = hot.info("memory"), 0
    while memory["used_memory"] < share * memory["maxmemory"]:
        hot.set(f"junk:{number}", b"x" * JUNK_BYTES)
        memory, number = hot.info("memory"), number + 1


def watch(hot: Redis, bus: Redis, directory: Path | None = None, **bounds: int) -> IntakeWatch:
    return IntakeWatch(
        hot=hot,
        bus=bus,
        shard=SHARD,
        consumers=(),
        bounds=IntakeBounds(**bounds),
        directory=directory,
    )


async def answer(client: MatchingClient, command: AnyCommand) -> ExchangeError | None:
    """Return why a command was refused or not answered, None where it took effect."""
    try:
        await client.submit(command)
    except ExchangeError as error:
        return error
    return None


async def code(client: MatchingClient, command: AnyCommand) -> ErrorCode | None:
    error = await answer(client, command)
    return None if error is None else error.code


async def placed(client: MatchingClient, order: PlaceOrder) -> int:
    """Place an order that must be taken in; return its id."""
    (event,) = await client.submit(order)
    assert isinstance(event, OrderPlaced)
    return event.order_id


async def refused(client: MatchingClient, word: Intake) -> None:
    """Send orders until one is refused for that reason."""
    async with asyncio.timeout(DEADLINE_S):
        while (error := await answer(client, buy(ALICE, 90, 1))) is None:
            pass
    assert error.message == intake.refusal(word).message


async def taken(client: MatchingClient) -> None:
    """Wait until the client has heard that orders are taken, and send one."""
    await heard(client, Intake.OPEN)
    assert await code(client, buy(ALICE, 90, 1)) is None


async def heard(client: MatchingClient, word: Intake) -> None:
    await until(lambda: client._intakes[SHARD]._word is word, f"the client hears {word!r}")


def test_with_no_memory_left_what_was_taken_in_is_matched(funded: Shard, limited: Redis) -> None:
    first = funded.place(buy(ALICE, 90, 1))
    funded.send([buy(ALICE, 91, 1), cancel(ALICE, first.order_id)])
    fill(limited)
    (second,), (gone,) = funded.match()
    assert isinstance(second, OrderPlaced)
    assert isinstance(gone, OrderCanceled)
    assert funded.ladder() == ["1 | 91 |"]


@pytest.mark.usefixtures("matching")
async def test_short_of_memory_only_new_orders_are_refused(
    funded: Shard, limited: Redis, client: MatchingClient
) -> None:
    order_id = await placed(client, buy(ALICE, 90, 1))
    fill_to(limited, 0.9)
    await refused(client, Intake.MEMORY_SHORT)
    assert await code(client, cancel(ALICE, order_id)) is None
    limited.flushdb()
    await taken(client)


@pytest.mark.usefixtures("matching")
async def test_with_no_memory_left_cancels_still_work(
    funded: Shard, limited: Redis, client: MatchingClient
) -> None:
    wallet = funded.wallet(ALICE)
    ids = [await placed(client, buy(ALICE, 90 + n, 1)) for n in range(5)]
    fill(limited)
    # Before the worker has seen it: the server itself refuses, and cancels of the same turn pass.
    outcomes = await client.submit_all([buy(ALICE, 80, 1), cancel(ALICE, ids[0])])
    assert isinstance(outcomes[0], ExchangeError)
    assert outcomes[0].message == intake.refusal(Intake.MEMORY_SHORT).message
    assert not isinstance(outcomes[1], ExchangeError)
    await refused(client, Intake.MEMORY_SHORT)
    assert await code(client, cancel(ALICE, ids[1])) is None
    assert await code(client, cancel_all(ALICE)) is None
    assert funded.ladder() == []
    assert funded.wallet(ALICE) == wallet


async def test_a_worker_starts_with_no_memory_left(
    funded: Shard, limited: Redis, client: MatchingClient, hot_server: Address, bus_server: Address
) -> None:
    order = funded.place(buy(ALICE, 90, 1))
    fill(limited)
    with running_worker(hot_server, bus_server):
        assert await code(client, cancel(ALICE, order.order_id)) is None


@pytest.mark.usefixtures("ledger_watched")
async def test_new_orders_wait_for_the_ledger_and_cancels_do_not(
    funded: Shard, client: MatchingClient, hot: Redis
) -> None:
    save_checkpoint(hot, shard=SHARD, consumer=LEDGER, sequence=last_sequence(hot, shard=SHARD))
    await taken(client)
    await refused(client, Intake.LEDGER_BEHIND)
    assert await code(client, buy(ALICE, 90, 1)) is ErrorCode.LEDGER_BACKLOG
    assert await code(client, cancel_all(ALICE)) is None
    save_checkpoint(hot, shard=SHARD, consumer=LEDGER, sequence=last_sequence(hot, shard=SHARD))
    await taken(client)


async def test_while_commands_wait_too_long_only_orders_are_refused(
    client: MatchingClient, hot: Redis, bus: Redis
) -> None:
    hot.xadd(keys.commands(SHARD), {"x": "y"}, id=f"{round(time.time() * 1e3) - 2_000}-0")
    watching = watch(hot, bus)
    watching.look()
    await heard(client, Intake.MATCHING_BEHIND)
    await refused(client, Intake.MATCHING_BEHIND)
    assert await code(client, cancel_all(ALICE)) is ErrorCode.UNKNOWN_OUTCOME
    assert int(hot.xlen(keys.commands(SHARD))) == 2
    hot.set(keys.cursor(SHARD), "9999999999999-0")
    watching.look()
    await heard(client, Intake.OPEN)


async def test_short_of_disk_space_orders_are_refused(
    client: MatchingClient, hot: Redis, bus: Redis, tmp_path: Path
) -> None:
    watch(hot, bus, tmp_path, disk_reserve=2**60).look()
    await heard(client, Intake.DISK_SHORT)
    await refused(client, Intake.DISK_SHORT)


async def test_a_disk_that_cannot_be_watched_stops_nobody(
    client: MatchingClient, hot: Redis, bus: Redis, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    watching = watch(hot, bus, tmp_path / "gone", disk_reserve=2**60)
    for _ in range(3):
        watching.look()
    await heard(client, Intake.OPEN)
    assert len(caplog.messages) == 1


async def test_orders_are_not_sent_to_a_silent_worker(
    client: MatchingClient, hot: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(intake, "SILENT_AFTER_S", 0.0)
    await refused(client, Intake.SILENT)
    assert await code(client, cancel_all(ALICE)) is ErrorCode.UNKNOWN_OUTCOME
    assert int(hot.xlen(keys.commands(SHARD))) == 1


async def test_what_waits_for_an_answer_is_bounded_and_cancels_have_room(
    client: MatchingClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client_module, "MAX_WAITING_WITH_ORDERS", 2)
    monkeypatch.setattr(client_module, "MAX_WAITING", 4)
    commands: list[AnyCommand] = [*[buy(ALICE, 90, 1)] * 3, *[cancel(ALICE, 1)] * 3]
    outcomes = await client.submit_all(commands)
    codes = [outcome.code for outcome in outcomes if isinstance(outcome, ExchangeError)]
    sent, unsent = ErrorCode.UNKNOWN_OUTCOME, ErrorCode.UNAVAILABLE
    assert codes == [sent, sent, unsent, sent, sent, unsent]
