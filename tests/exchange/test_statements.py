"""Statements that add up by hand, from the command line and in the admin."""

import csv
import json
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone
from redis import Redis

from accounts.models import User
from exchange import admin as exchange_admin
from exchange.statements import Agreement, user_statement
from ledger import statement as ledger_statement
from matching import keys
from tests.accounts.rest import PASSWORD, Rest
from tests.exchange.trading import limit, market


@pytest.fixture
def traded(ann: Rest, bob: Rest, ledger: None) -> None:
    """Bob buys 1 BTC of Ann at 60,000, sells her 0.4 at 63,000, and would buy more."""
    ann.post("orders", limit("SELL", "60000.00", "1.0000")).ok(201)
    bob.post("orders", market("BUY", "1.0000")).ok(201)
    bob.post("orders", limit("SELL", "63000.00", "0.4000")).ok(201)
    ann.post("orders", market("BUY", "0.4000")).ok(201)
    bob.post("orders", limit("BUY", "60000.00", "0.1000")).ok(201)
    bob.get("fills").ok()  # has waited for the ledger


def printed(*options: str) -> str:
    out = StringIO()
    call_command("statement", "bob", *options, stdout=out, stderr=StringIO())
    return out.getvalue()


def rows(*options: str) -> list[dict[str, str]]:
    return list(csv.DictReader(StringIO(printed("--csv", *options))))


def short(row: dict[str, str]) -> tuple[str, ...]:
    return row["kind"], row["asset"], row["amount"], row["balance"]


def test_a_period_may_be_said_from_anywhere(traded: None) -> None:
    everything = rows("--from", "2001-01-01T00:00+23:59", "--to", "9999-12-31T23:59-23:59")
    assert [short(row) for row in everything] == [short(row) for row in rows()]


def test_every_line_adds_up_by_hand(traded: None) -> None:
    assert [short(row) for row in rows()] == [
        ("opening", "BTC", "", "0.00000000"),
        ("opening", "USD", "", "0.000000"),
        ("deposit", "USD", "100000.000000", "100000.000000"),
        ("deposit", "BTC", "10.00000000", "10.00000000"),
        # 1 BTC at 60,000; the taker's fee of 5 bps is 0.0005 BTC.
        ("trade", "USD", "-60000.000000", "40000.000000"),
        ("trade", "BTC", "1.00000000", "11.00000000"),
        ("fee", "BTC", "-0.00050000", "10.99950000"),
        # 0.4 BTC at 63,000 are 25,200; the maker's fee of 1 bp is 2.52 USD.
        ("trade", "USD", "25200.000000", "65200.000000"),
        ("trade", "BTC", "-0.40000000", "10.59950000"),
        ("fee", "USD", "-2.520000", "65197.480000"),
        ("closing", "BTC", "", "10.59950000"),
        ("closing", "USD", "", "65197.480000"),
    ]


def test_a_period_opens_where_the_one_before_it_closed(traded: None) -> None:
    whole = [row for row in rows() if row["time"]]
    for cut in {row["time"] for row in whole}:
        before, after = rows("--to", cut), rows("--from", cut)
        closing = [row["balance"] for row in before if row["kind"] == "closing"]
        opening = {row["asset"]: row["balance"] for row in after if row["kind"] == "opening"}
        assert closing == [opening[row["asset"]] for row in before if row["kind"] == "closing"]
        ends = {"opening", "closing"}
        assert [row for row in before + after if row["kind"] not in ends] == whole


def test_one_asset_alone(traded: None) -> None:
    usd = [short(row) for row in rows("--asset", "USD") if row["kind"] != "opening"]
    assert usd == [
        short(row) for row in rows() if row["asset"] == "USD" and row["kind"] != "opening"
    ]


def test_reads_make_no_difference(traded: None, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = rows()
    for size in (1, 2, 3):
        monkeypatch.setattr(ledger_statement, "LINES_PER_READ", size)
        assert rows() == whole


def test_json_says_the_same(traded: None) -> None:
    found = json.loads(printed("--json"))
    assert found["username"] == "bob"
    assert found["wallet"] == "equal"
    assert found["opening"][1] == {"asset": "USD", "balance": "0.000000"}
    assert found["closing"][1] == {"asset": "USD", "balance": "65197.480000"}
    ends = {"opening", "closing"}
    assert found["postings"] == [row for row in rows() if row["kind"] not in ends]


def test_a_period_that_is_over_is_compared_with_nothing(traded: None) -> None:
    bob = User.objects.get(username="bob")
    assert user_statement(bob, end=timezone.now()).agreement is None
    assert user_statement(bob).agreement is Agreement.EQUAL


def test_what_happens_meanwhile_makes_no_difference(
    traded: None, ann: Rest, bob: Rest, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ledger and wallet are never at the same event; they are compared at one all the same."""
    checkpoints_now = ledger_statement.checkpoints_now

    def trade_after_reading() -> list[int]:
        found = checkpoints_now()
        ann.post("orders", limit("SELL", "60000.00", "0.1000")).ok(201)
        bob.post("orders", market("BUY", "0.1000")).ok(201)
        return found

    monkeypatch.setattr("exchange.statements.checkpoints_now", trade_after_reading)
    found = user_statement(User.objects.get(username="bob"))
    assert found.agreement is Agreement.EQUAL
    assert found.closing()[1].balance == "65197.480000"


def test_a_ledger_that_is_behind_is_said_to_be(ann: Rest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ledger.wallet_as_of.MAX_EVENTS_BEHIND", 1)
    assert user_statement(User.objects.get(username="ann")).agreement is Agreement.BEHIND
    with pytest.raises(CommandError, match="not caught up") as refused:
        call_command("statement", "ann", stdout=StringIO())
    assert refused.value.returncode == 2


def test_a_wallet_that_differs_is_said_to(traded: None, hot: Redis) -> None:
    bob = User.objects.get(username="bob")
    hot.hincrby(keys.wallet(0, bob.pk), "USD.available", 1)
    with pytest.raises(CommandError, match="something else") as refused:
        printed()
    assert refused.value.returncode == 1
    assert rows("--asset", "BTC")


@pytest.mark.parametrize(
    "options",
    [["nobody"], ["bob", "--asset", "XYZ"], ["bob", "--from", "2026-01-02", "--to", "2026-01-01"]],
)
def test_what_makes_no_sense_is_refused(bob: Rest, options: list[str]) -> None:
    with pytest.raises(CommandError):
        call_command("statement", *options, stdout=StringIO())


@pytest.fixture
def staff() -> Client:
    """A browser in which a superuser is logged in."""
    client = Client()
    client.force_login(User.objects.create_superuser("root", password=PASSWORD))
    return client


def page(name: str) -> str:
    return f"/admin/accounts/user/{User.objects.get(username=name).pk}/statement/"


def test_the_page_shows_what_the_command_prints(traded: None, staff: Client) -> None:
    assert page("bob") in staff.get(page("bob").replace("statement", "change")).content.decode()
    answer = staff.get(page("bob"))
    assert [tuple(row) for row in answer.context["rows"]] == [tuple(row.values()) for row in rows()]
    assert "The wallet holds the same" in answer.content.decode()


def test_the_file_has_what_the_page_has_no_room_for(
    traded: None, staff: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exchange_admin, "MAX_SHOWN", 3)
    answer = staff.get(page("bob"))
    assert [row.kind for row in answer.context["rows"][2:5]] == [
        "deposit",
        "deposit",
        "trade",
    ]
    assert "5 more are in the file" in answer.content.decode()
    file: Any = staff.get(page("bob"), {"csv": "1"})
    assert file["Content-Disposition"] == 'attachment; filename="statement-bob.csv"'
    content = b"".join(file.streaming_content).decode()
    assert list(csv.DictReader(StringIO(content))) == rows()


@pytest.mark.parametrize("query", [{"begin": "soon"}, {"asset": "XYZ"}])
def test_a_page_without_a_sensible_question_says_so(
    bob: Rest, staff: Client, query: dict[str, str]
) -> None:
    answer = staff.get(page("bob"), query)
    assert answer.status_code == 200
    assert "rows" not in answer.context
    assert answer.context["form"].errors


def test_only_staff_may_look(traded: None, bob: Rest) -> None:
    visitor = Client()
    assert visitor.get(page("bob")).status_code == 302
    clerk = User.objects.create_user("clerk", password=PASSWORD, is_staff=True)
    visitor.force_login(clerk)
    assert visitor.get(page("bob")).status_code == 403
    assert visitor.get("/admin/accounts/user/999999/statement/").status_code in {403, 404}
