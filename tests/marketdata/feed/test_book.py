"""A book's changes gathered, and applied again on the other side."""

from typing import cast
from unittest.mock import sentinel

from redis import Redis

from marketdata.feed.book import BookChanges, TextBook
from matching.domain.values import Side
from tests.event_script import EventScript


def test_changes_keep_the_newest_total_of_each_level() -> None:
    script = EventScript(cast("Redis", sentinel.never_written))
    changes = BookChanges(1)
    changes.add(script.placed(price_ticks=100, level_lots=10))
    changes.add(script.placed(price_ticks=100, level_lots=25))
    changes.add(script.placed(price_ticks=101, level_lots=5, side=Side.SELL))
    assert (changes.first_update_id, changes.last_update_id) == (1, 3)
    assert (changes.bids, changes.asks) == ({100: 25}, {101: 5})


def test_trade_changes_the_side_of_its_maker() -> None:
    script = EventScript(cast("Redis", sentinel.never_written))
    changes = BookChanges(1)
    changes.add(script.trade(price=100, taker_side=Side.BUY, level_lots=7))
    changes.add(script.trade(price=99, taker_side=Side.SELL, level_lots=0))
    assert (changes.bids, changes.asks) == ({99: 0}, {100: 7})


def test_book_sorts_by_price_and_not_by_text() -> None:
    book = TextBook(1, bids=[("9.50", "1.0")], asks=[("101.00", "2.0")])
    book.apply(3, bids=[("10.00", "1.0"), ("9.50", "0")], asks=[("99.00", "4.0")])
    assert book.bids() == [("10.00", "1.0")]
    assert book.asks() == [("99.00", "4.0"), ("101.00", "2.0")]
    assert book.last_update_id == 3
