"""Hot Redis loses its disk under a running stack: Postgres alone makes all of it again."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import httpx
import pytest

from kalency.stack.layout import PROJECT_DIR
from tests.acceptance.people import Person
from tests.polling import wait_until
from tests.running_stack import RunningStack

pytestmark = pytest.mark.acceptance

RECOVERY_S = 60
Seen = dict[str, Any]


@pytest.fixture
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningStack]:
    """A stack of its own, without a crowd: what is in it came from the test."""
    with RunningStack(tmp_path_factory.mktemp("lost-disk"), simulator="off") as running:
        running.wait_ready()
        yield running


@pytest.fixture
def people(stack: RunningStack) -> Iterator[tuple[Person, Person, Person]]:
    """The admin, a seller and a buyer."""
    with ExitStack() as leaving:
        admin, seller, buyer = (
            leaving.enter_context(person)
            for person in (Person.admin(stack), Person.new(stack), Person.new(stack))
        )
        admin.list_quiet_market()
        admin.give(seller.username, "TEST", "100")
        yield admin, seller, buyer


def test_a_stack_that_lost_its_disk_goes_on_from_postgres(
    stack: RunningStack, people: tuple[Person, Person, Person]
) -> None:
    admin, seller, buyer = people
    resting = seller.placed("SELL", "5", "100.00", clientOrderId="resting")
    buyer.placed("BUY", "2", "100.00")
    buyer.placed("BUY", "3", "90.00")
    wait_until(lambda: reconciled(admin)["ledgerLag"] == 0, "all is in the ledger")
    before = [seen(stack, person) for person in (seller, buyer)]

    lose_disk(stack)
    wait_until(lambda: is_lost(stack), "the loss is noticed", deadline_s=RECOVERY_S)
    assert buyer.wallet() == {}
    made_again = rebuild(stack)
    assert made_again.returncode == 0, made_again.stderr
    assert "Reconciled: all that must hold does." in made_again.stdout

    assert [seen(stack, person) for person in (seller, buyer)] == before
    again = {"side": "SELL", "qty": "5", "price": "100.00", "clientOrderId": "resting"}
    # The web process notices by its first command that it lost its connection.
    wait_until(lambda: seller.place(**again).is_success, "the front door is back")
    assert seller.placed(**again) == resting
    bought = buyer.placed("BUY", "1", None)
    assert (bought["status"], bought["avgPrice"]) == ("FILLED", "100.000000")
    wait_until(lambda: all(parts(stack).values()), "all is ready", deadline_s=RECOVERY_S)
    wait_until(lambda: reconciled(admin)["ledgerLag"] == 0, "the ledger goes on")
    assert reconciled(admin)["clean"]


def reconciled(admin: Person) -> Seen:
    found: Seen = admin.http.get("/admin/reconcile").raise_for_status().json()
    return found


def parts(stack: RunningStack) -> dict[str, bool]:
    found: dict[str, bool] = httpx.get(f"{stack.base_url}/readyz").json()["parts"]
    return found


def seen(stack: RunningStack, person: Person) -> Seen:
    """What somebody sees of the exchange."""
    market = "/markets/TEST-USD"
    trades = person.http.get(f"{market}/trades").raise_for_status().json()["items"]
    return {
        "wallet": person.wallet(),
        "orders": person.open_orders(),
        "book": person.http.get(f"{market}/book").raise_for_status().json(),
        "trades": trades,
    }


def lose_disk(stack: RunningStack) -> None:
    shutil.rmtree(stack.layout.valkey("valkey-hot") / "appendonlydir")
    os.kill(stack.pid("valkey-hot"), signal.SIGKILL)


def is_lost(stack: RunningStack) -> bool:
    """Tell whether hot Redis is back, and the stack says that the ledger is ahead of it."""
    found = parts(stack)
    return found["hot"] and not found["ledger"]


def rebuild(stack: RunningStack) -> subprocess.CompletedProcess[str]:
    """Run the command as a person at a terminal would."""
    return subprocess.run(
        [sys.executable, "manage.py", "rebuild_shard", "--force"],
        cwd=PROJECT_DIR,
        env=stack.environment,
        capture_output=True,
        text=True,
        check=False,
    )
