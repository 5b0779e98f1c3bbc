"""The one error of the stack. `kalency.stack.__main__` prints it and ends with a failure."""


class StackError(Exception):
    """Why the stack cannot run, in one plain sentence for the person at the terminal."""
