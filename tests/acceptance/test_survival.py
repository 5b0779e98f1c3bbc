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

Ledger = psycopg.Connection[Any]

SUMS = """
    SELECT asset, sum(units)::bigint
    FROM (
        SELECT asset, amount_units FROM funding WHERE user_id = %(user)s
        UNION ALL
        SELECT 'TEST', base_units - buyer_fee_units FROM trade_ledger WHERE buyer_user_id = %(user)s
        UNION ALL
        SELECT 'USD', -quote_units FROM trade_ledger WHERE buyer_user_id = %(user)s
        UNION ALL
        SELECT 'TEST', -base_units FROM trade_ledger WHERE seller_user_id = %(user)s
        UNION ALL
        SELECT 'USD', quote_units - seller_fee_units FROM trade_ledger
        WHERE seller_user_id = %(user)s
    ) AS movement (asset, units)
    GROUP BY asset
"""


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
        except httpx.ConnectError:
            return  # nothing was sent
        except httpx.TransportError:
            self.unknown += 1
            return
        if answer.status_code == httpx.codes.CREATED:
            self.acks.append(answer.json())
        elif answer.status_code != httpx.codes.SERVICE_UNAVAILABLE:
            self.refused.append(answer.text)
        elif answer.json()["error"]["code"] == "UNKNOWN_OUTCOME":
            self.unknown += 1


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
        file = stack.layout.pid_file(victim)
        wait_until(lambda: file.exists() and stack.pid(victim) != before, f"{victim} runs again")
        with psycopg.connect(database_url(stack), autocommit=True) as ledger:
            check_orders(load, [seller, buyer], ledger)
            for person in (seller, buyer):
                check_wallet(person, ledger)


def check_orders(load: LightLoad, people: list[Person], ledger: Ledger) -> None:
    """Every acknowledged order exists, and no order was made that nobody sent."""
    acknowledged = {ack["orderId"] for ack in load.acks}
    # Some are with orders that the people of an earlier test left resting.
    trades = {fill["tradeId"] for ack in load.acks for fill in ack["fills"]}
    resting = {order["orderId"] for person in people for order in person.open_orders()}
    user_ids = [person.user_id() for person in people]
    wait_until(
        lambda: trades <= ledger_trades(ledger),
        "every trade is in the ledger",
        deadline_s=RECOVERY_S,
    )
    wait_until(
        lambda: acknowledged <= resting | ended_orders(ledger, user_ids),
        "every acknowledged order is open or ended",
        deadline_s=RECOVERY_S,
    )
    existing = resting | ended_orders(ledger, user_ids)
    assert len(load.acks) <= len(existing) <= len(load.acks) + load.unknown


def check_wallet(person: Person, ledger: Ledger) -> None:
    """A wallet is, to the last unit, what deposits, trades and fees in the ledger add up to."""
    user_id = person.user_id()
    # Amounts have all of their asset's decimals, so that their digits count units.
    held = {
        asset: sum(int(amount.replace(".", "")) for amount in amounts)
        for asset, amounts in person.wallet().items()
    }
    wait_until(
        lambda: dict(ledger.execute(SUMS, {"user": user_id}).fetchall()) == held,
        f"the ledger adds up to {held}",
        deadline_s=RECOVERY_S,
    )


def test_a_hung_matching_worker_is_named(stack: RunningStack) -> None:
    with Person.admin(stack) as admin, Person.new(stack) as person:
        admin.list_quiet_market()
        worker = stack.pid("matching-0")
        os.kill(worker, signal.SIGSTOP)
        try:
            answer = person.place("BUY", "1", "1.00")
            assert answer.json()["error"]["code"] == "UNKNOWN_OUTCOME"
            wait_until(lambda: broken_parts(stack) == ["matching"], "the part is named")
        finally:
            os.kill(worker, signal.SIGCONT)
        wait_until(lambda: broken_parts(stack) == [], "all parts work again")
        assert len(person.open_orders()) == 1


def broken_parts(stack: RunningStack) -> list[str]:
    parts = httpx.get(f"{stack.base_url}/readyz").json()["parts"]
    return [name for name, works in parts.items() if not works]


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


def ledger_trades(ledger: Ledger) -> set[str]:
    return {str(row[0]) for row in ledger.execute("SELECT trade_id FROM trade_ledger")}


def ended_orders(ledger: Ledger, user_ids: list[int]) -> set[str]:
    query = "SELECT order_id FROM order_history WHERE user_id = ANY(%s)"
    return {str(row[0]) for row in ledger.execute(query, [user_ids])}
