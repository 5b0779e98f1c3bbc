"""The book of record in the Django admin: to be searched and read, and nothing else."""

from collections.abc import Callable

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from ledger.models import Checkpoint, OpenedOrder
from tests.event_script import MAKER, EventScript
from tests.ledger.conftest import WriterThread
from tests.polling import wait_until

FACT_PAGES = ["trade", "openedorder", "orderrecord", "funding", "notice", "batch"]
PAGES = [*FACT_PAGES, "checkpoint", "reconcilerun"]


@pytest.fixture
def staff(script: EventScript, start_writer: Callable[[], WriterThread], client: Client) -> Client:
    """A superuser, before a ledger with one row of each kind; the seller is called Mia."""
    script.append(script.funds(), script.trade(), script.filled(client_order_id="mine"))
    script.append(script.placed(), script.limits())
    start_writer()
    wait_until(
        lambda: Checkpoint.objects.filter(sequence=script.sequence).exists(), "all is written"
    )
    User.objects.create(pk=MAKER, username="Mia")
    User.objects.create_superuser("boss", password="a long enough password", pk=1_000)
    client.force_login(User.objects.get(username="boss"))
    return client


@pytest.mark.parametrize("page", PAGES)
def test_lists_and_rows_can_be_read(staff: Client, page: str) -> None:
    answer = staff.get(f"/admin/ledger/{page}/")
    assert answer.status_code == 200
    assert b"100000 results" not in answer.content, "nothing was counted"


def test_times_are_exact(staff: Client) -> None:
    assert b"2023-11-14 22:13:20.000000" in staff.get("/admin/ledger/trade/").content


@pytest.mark.parametrize("page", PAGES)
def test_nothing_can_be_added(staff: Client, page: str) -> None:
    assert staff.get(f"/admin/ledger/{page}/add/").status_code == 403


@pytest.mark.parametrize("page", FACT_PAGES)
def test_row_can_be_read_and_not_changed(staff: Client, page: str) -> None:
    row = staff.get(f"/admin/ledger/{page}/").context["cl"].result_list[0]
    url = f"/admin/ledger/{page}/{row.pk}/"
    assert staff.get(f"{url}change/").status_code == 200
    assert staff.post(f"{url}change/", {"shard": "1"}).status_code == 403
    assert staff.post(f"{url}delete/", {"post": "yes"}).status_code == 403
    form = {"action": "delete_selected", "_selected_action": str(row.pk), "post": "yes"}
    staff.post(f"/admin/ledger/{page}/", form)
    assert type(row).objects.filter(pk=row.pk).exists()


@pytest.mark.parametrize(
    ("page", "words", "found"),
    [
        ("trade", "1", True),
        ("trade", "999", False),
        ("trade", "99999999999999999999", False),
        ("trade", "not-a-number", False),
        ("trade", "BTC-USD", True),
        ("trade", "BTC-USD 2", True),
        ("trade", "ETH-USD 2", False),
        ("trade", "mia", True),
        ("trade", "boss", False),
        ("orderrecord", "1 mine", True),
        ("orderrecord", "mine Mia", True),
        ("orderrecord", "2 mine", False),
        ("orderrecord", "mine", False),  # no index answers that
        ("funding", "1 opening", True),
        ("funding", "1 BTC", False),
    ],
)
def test_search_matches_whole_words(staff: Client, page: str, words: str, *, found: bool) -> None:
    answer = staff.get(f"/admin/ledger/{page}/", {"q": words})
    assert answer.status_code == 200
    assert bool(answer.context["cl"].result_list) is found


def test_order_that_came_to_rest_is_found_by_its_id(staff: Client) -> None:
    order = OpenedOrder.objects.get()
    answer = staff.get("/admin/ledger/openedorder/", {"q": str(order.order_id)})
    assert list(answer.context["cl"].result_list) == [order]


@pytest.mark.parametrize("words", ["", "1", "BTC-USD", "1 mine", "Mia"])
@pytest.mark.parametrize("page", FACT_PAGES)
def test_an_index_answers_every_query_on_facts(staff: Client, page: str, words: str) -> None:
    with CaptureQueriesContext(connection) as asked:
        answer = staff.get(f"/admin/ledger/{page}/", {"q": words})
    table = answer.context["cl"].model._meta.db_table
    queries = [query["sql"] for query in asked if f'FROM "{table}"' in query["sql"]]
    assert queries or words, "a list without a search asks for its latest rows"
    with connection.cursor() as cursor:
        cursor.execute("SET enable_seqscan = off")  # a small table is read whole where it may be
        for query in queries:
            assert "COUNT(" not in query
            cursor.execute(f"EXPLAIN {query}")
            plan = "\n".join(line for (line,) in cursor.fetchall())
            assert "Seq Scan" not in plan, plan
        cursor.execute("RESET enable_seqscan")
