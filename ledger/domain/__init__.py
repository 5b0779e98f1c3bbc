"""The ledger without servers: rows, the hash chain, positions, what must agree. No clock either."""
