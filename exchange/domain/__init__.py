"""Pure translation between the contract's decimal text and matching's integers."""
