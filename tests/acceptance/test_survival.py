"""Processes die without warning, and the stack stops and starts: nothing acknowledged is lost."""

import os
import signal
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest

from tests.acceptance.people import Person
from tests.polling import wait_until
from tests.running_stack import RunningStack

pytestmark = pytest.mark.acceptance

ORDERS_BEFORE = 40
ORDERS_AFTER = 40
RECOVERY_S = 60


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningStack]:
    """A stack of its own, without a crowd: what is in it came from the test."""
    with RunningStack(tmp_path_factory.mktemp("survival"), simulator="off") as running:
        running.wait_ready()
        yield running


class LightLoad:
    """Somebody sells one lot at a time and somebody buys it, as fast as answers come."""

    def __init__(self, seller: Person, buyer: Person) -> None:
        self._seller, self._buyer = seller, buyer
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self.acks: list[dict[str, Any]] = []
        self.unknown = 0
        self.refused: list[str] = []

    def __enter__(self) -> "LightLoad":
        self._thread.start()
        return self

    def __exit__(self, *failure: object) -> None:
        self._stopping.set()
        self._thread.join()

    def wait_for(self, orders: int) -> None:
        goal = len(self.acks) + orders
        wait_until(
            lambda: len(self.acks) >= goal or self.refused,
            f"{orders} more orders",
            deadline_s=RECOVERY_S,
        )
        assert self.refused == []

    def _run(self) -> None:
        while not self._stopping.is_set() and not self.refused:
            self._place(self._seller, "SELL")
            self._place(self._buyer, "BUY")

    def _place(self, person: Person, side: str) -> None:
        try:
            answer = person.place(side, "0.0001", "100.00")
        except httpx.TransportError:
            self.unknown += 1
            return
        if answer.status_code == httpx.codes.CREATED:
            self.acks.append(answer.json())
        elif answer.status_code == httpx.codes.SERVICE_UNAVAILABLE:
            self.unknown += 1
        else:
            self.refused.append(answer.text)


@pytest.mark.parametrize("victim", ["matching-0", "valkey-hot", "ledger", "valkey-bus", "web"])
def test_a_killed_process_loses_and_doubles_nothing(stack: RunningStack, victim: str) -> None:
    with Person.admin(stack) as admin, Person.new(stack) as seller, Person.new(stack) as buyer:
        admin.list_quiet_market()
        admin.give(seller.username, "TEST", "2")
        before = stack.pid(victim)
        with LightLoad(seller, buyer) as load:
            load.wait_for(ORDERS_BEFORE)
            os.kill(before, signal.SIGKILL)
            load.wait_for(ORDERS_AFTER)
        wait_until(lambda: stack.pid(victim) != before, f"{victim} runs again")
        check_acknowledged_orders(load.acks, [*seller.open_orders(), *buyer.open_orders()], stack)


def check_acknowledged_orders(
    acks: list[dict[str, Any]], open_orders: list[dict[str, Any]], stack: RunningStack
) -> None:
    """Every acknowledged order is there once; every trade of an ack is one row of the ledger."""
    ids = [ack["orderId"] for ack in acks]
    assert len(set(ids)) == len(ids)
    trades = {fill["tradeId"] for ack in acks for fill in ack["fills"]}
    resting = {order["orderId"] for order in open_orders}
    with psycopg.connect(database_url(stack), autocommit=True) as ledger:
        wait_until(
            lambda: trades <= set(ledger_trades(ledger)),
            "every trade is in the ledger",
            deadline_s=RECOVERY_S,
        )
        in_ledger = ledger_trades(ledger)
        assert len(set(in_ledger)) == len(in_ledger)
        wait_until(
            lambda: set(ids) <= resting | ended_orders(ledger),
            "every acknowledged order is open or ended",
            deadline_s=RECOVERY_S,
        )


def test_a_stop_and_a_start_change_nothing(tmp_path: Path) -> None:
    with RunningStack(tmp_path, simulator="off") as stack:
        stack.wait_ready()
        with Person.admin(stack) as admin, Person.new(stack) as person:
            admin.list_quiet_market()
            admin.give(person.username, "TEST", "5")
            person.placed("SELL", "1", "100.00")
            person.placed("BUY", "2", "90.00")
            before = picture(stack, person)
        pids = [int(file.read_text()) for file in (tmp_path / "run").glob("*.pid")]
        assert stack.stop(signal.SIGINT) == 0
        assert [pid for pid in pids if Path(f"/proc/{pid}").exists()] == []
        stack.start()
        stack.wait_ready()
        with Person(stack, person.username, "correct-horse-battery-9") as person_again:
            assert picture(stack, person_again) == before


def picture(stack: RunningStack, person: Person) -> tuple[object, ...]:
    book = httpx.get(f"{stack.base_url}/v1/markets/TEST-USD/book").json()
    return person.wallet(), person.open_orders(), book


def database_url(stack: RunningStack) -> str:
    return (stack.data_dir / "secrets" / "database_url").read_text().strip()


def ledger_trades(ledger: psycopg.Connection[Any]) -> list[str]:
    return [str(row[0]) for row in ledger.execute("SELECT trade_id FROM trade_ledger")]


def ended_orders(ledger: psycopg.Connection[Any]) -> set[str]:
    return {str(row[0]) for row in ledger.execute("SELECT order_id FROM order_history")}
