"""Shows the facts as double entry: every transfer, and the two postings of each.

Views, not rows: the facts say it all, and the writer has only them to write. An account is a user's
id; 0 collects the fees, and -1 is the world outside, which owes what it has put in.

A trade is four transfers and a movement of funds two, numbered by `leg`; those of nothing (no fee; a
deposit is no withdrawal) are left out at the top, and not where they come from: PostgreSQL then
looks into each table by its indexes, in the order that is asked for.
"""

from django.db import migrations

LEGS = """
    SELECT event_id, 1::smallint AS leg, shard, sequence, executed_at AS at,
           'trade'::text AS kind, symbol, split_part(symbol, '-', 2) AS asset, quote_units AS units,
           buyer_user_id AS debit_account, seller_user_id AS credit_account,
           trade_id::text AS reference
      FROM trade_ledger
UNION ALL
    SELECT event_id, 2::smallint, shard, sequence, executed_at,
           'trade'::text, symbol, split_part(symbol, '-', 1), base_units,
           seller_user_id, buyer_user_id, trade_id::text
      FROM trade_ledger
UNION ALL
    SELECT event_id, 3::smallint, shard, sequence, executed_at,
           'fee'::text, symbol, split_part(symbol, '-', 1), buyer_fee_units,
           buyer_user_id, 0::bigint, trade_id::text
      FROM trade_ledger
UNION ALL
    SELECT event_id, 4::smallint, shard, sequence, executed_at,
           'fee'::text, symbol, split_part(symbol, '-', 2), seller_fee_units,
           seller_user_id, 0::bigint, trade_id::text
      FROM trade_ledger
UNION ALL
    SELECT event_id, 1::smallint, shard, sequence, moved_at,
           'deposit'::text, ''::text, asset, greatest(amount_units, 0),
           (-1)::bigint, user_id, reference
      FROM funding
UNION ALL
    SELECT event_id, 2::smallint, shard, sequence, moved_at,
           'withdrawal'::text, ''::text, asset, greatest(-amount_units, 0),
           user_id, (-1)::bigint, reference
      FROM funding
"""
TRANSFERS = "CREATE VIEW ledger_transfers AS SELECT * FROM ({legs}) AS leg WHERE units <> 0"
# `account` is the one whose balance `units` changes, `other_account` that of the other posting.
POSTINGS = """
CREATE VIEW ledger_postings AS SELECT * FROM (
    SELECT event_id, leg, shard, sequence, at, kind, symbol, asset,
           -units AS units, debit_account AS account, credit_account AS other_account, reference
      FROM ({legs}) AS debit
UNION ALL
    SELECT event_id, leg, shard, sequence, at, kind, symbol, asset,
           units, credit_account, debit_account, reference
      FROM ({legs}) AS credit
) AS posting WHERE units <> 0
"""


class Migration(migrations.Migration):
    dependencies = [("ledger", "0004_hash_chain")]

    operations = [
        migrations.RunSQL(TRANSFERS.format(legs=LEGS), "DROP VIEW ledger_transfers"),
        migrations.RunSQL(POSTINGS.format(legs=LEGS), "DROP VIEW ledger_postings"),
    ]
