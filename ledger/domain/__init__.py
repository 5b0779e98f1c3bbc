"""Pure values of the ledger: rows and ended orders. No Django, no Postgres, no clock."""
