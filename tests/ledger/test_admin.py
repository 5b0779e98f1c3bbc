"""The book of record in the Django admin: to be searched and read, and nothing else."""

from collections.abc import Callable

import pytest
from django.test import Client

from accounts.models import User
from ledger.models import Checkpoint
from tests.event_script import EventScript
from tests.ledger.conftest import WriterThread
from tests.polling import wait_until

PAGES = ["trade", "orderrecord", "funding", "checkpoint"]


@pytest.fixture
def staff(script: EventScript, start_writer: Callable[[], WriterThread], client: Client) -> Client:
    """A superuser, before a ledger with one row of each kind."""
    script.append(script.funds(), script.trade(), script.filled(client_order_id="mine"))
    start_writer()
    wait_until(lambda: Checkpoint.objects.filter(sequence=3).exists(), "all is written")
    client.force_login(User.objects.create_superuser("boss", password="a long enough password"))
    return client


@pytest.mark.parametrize("page", PAGES)
def test_lists_and_rows_can_be_read(staff: Client, page: str) -> None:
    assert staff.get(f"/admin/ledger/{page}/").status_code == 200


@pytest.mark.parametrize("page", PAGES)
def test_nothing_can_be_added(staff: Client, page: str) -> None:
    assert staff.get(f"/admin/ledger/{page}/add/").status_code == 403


def test_row_can_be_read_and_not_changed(staff: Client) -> None:
    row = "/admin/ledger/trade/128/"  # event 2 of shard 0
    assert staff.get(f"{row}change/").status_code == 200
    assert staff.post(f"{row}change/", {"qty_lots": "1"}).status_code == 403
    assert staff.post(f"{row}delete/", {"post": "yes"}).status_code == 403


@pytest.mark.parametrize(
    ("page", "words", "found"),
    [
        ("trade", "1", True),
        ("trade", "999", False),
        ("trade", "not-a-number", False),
        ("orderrecord", "mine", True),
        ("orderrecord", "1 mine", True),
        ("orderrecord", "2 mine", False),
        ("funding", "opening", True),
    ],
)
def test_search_matches_whole_words(staff: Client, page: str, words: str, *, found: bool) -> None:
    answer = staff.get(f"/admin/ledger/{page}/", {"q": words})
    assert answer.status_code == 200
    assert bool(answer.context["cl"].result_list) is found
