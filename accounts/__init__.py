"""Users, API keys, tokens, permissions and the opening deposit. Knows nothing of order books.

The front door (`exchange`) authenticates through `authentication`; whatever changes an account goes
through `services` and `funds`.
"""
