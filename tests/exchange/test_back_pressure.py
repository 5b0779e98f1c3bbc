"""What the front door says of new orders while the ledger is too far behind."""

from collections.abc import Iterator

import pytest
from redis import Redis

from kalency.stack.addresses import Address
from matching.domain.intake import IntakeBounds
from matching.event_log import last_sequence, save_checkpoint
from tests.accounts.rest import Answer, Rest
from tests.exchange.trading import limit
from tests.polling import wait_until
from tests.running_worker import running_worker

LEDGER = "ledger"
MOST_EVENTS = 20
ORDER = limit("BUY", "60000.00", "0.0001")


@pytest.fixture
def matching(
    hot: Redis, bus: Redis, hot_server: Address, bus_server: Address, background_client: None
) -> Iterator[None]:
    """Shard 0 is matched, but nobody writes the ledger, which may be a few events behind."""
    bounds = IntakeBounds(ledger_backlog=MOST_EVENTS)
    with running_worker(hot_server, bus_server, consumers=(LEDGER,), bounds=bounds):
        yield


def an_order(person: Rest) -> Answer:
    return person.post("orders", ORDER)


def test_past_the_ledger_s_backlog_only_new_orders_are_refused(ann: Rest, hot: Redis) -> None:
    order_id = an_order(ann).ok(201)["orderId"]
    wait_until(lambda: an_order(ann).status != 201, "the ledger is too far behind")
    refused = an_order(ann)
    assert (refused.status, refused.code) == (503, "LEDGER_BACKLOG")
    assert refused.response["Retry-After"] == "1"
    assert ann.delete(f"orders/{order_id}").ok()["status"] == "CANCELED"
    save_checkpoint(hot, shard=0, consumer=LEDGER, sequence=last_sequence(hot, shard=0))
    wait_until(lambda: an_order(ann).status == 201, "the ledger has caught up")


def test_in_a_batch_cancels_work_beside_refused_orders(ann: Rest) -> None:
    order_id = an_order(ann).ok(201)["orderId"]
    wait_until(lambda: an_order(ann).status != 201, "the ledger is too far behind")
    items = [{"op": "place"} | ORDER, {"op": "cancel", "orderId": order_id}]
    refused, canceled = ann.post("orders/batch", {"orders": items}).ok()["results"]
    assert refused["error"]["code"] == "LEDGER_BACKLOG"
    assert canceled["status"] == "CANCELED"
