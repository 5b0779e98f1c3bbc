"""The JSON plumbing of every front door: forms, bodies, and how a request becomes a form."""
