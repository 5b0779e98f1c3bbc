"""Users, API keys, tokens, permissions and the opening deposit. Knows nothing of order books.

The front door (`exchange`) authenticates through `authentication`; whatever changes an account goes
through `services` and `funds`. `rest` is the JSON plumbing of every view, here as well because all
layers but `matching` import it, and this is the lowest of them: imports point one way,
`kalency > exchange > (ledger | marketdata) > accounts > matching`.
"""
