"""How the crowd decides. Pure: the clock stays outside, and chance comes in as a seeded generator.

Floats describe the fair price, which nobody owns; orders and money are integers.
"""
