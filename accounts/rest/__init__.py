"""The JSON plumbing of every front door: forms and bodies (`wire`), and how a request becomes one.
