"""The daemon's door on the web: the pages behind the links in messages, and nothing else.

A link shows what it would do and waits for a person to confirm: whoever only looks, a scanner of mail for one, changes
nothing.
"""
