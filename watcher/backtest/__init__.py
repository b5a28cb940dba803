"""Backtests: rules over past days, as the desk would have lived through them, and what they would have been worth.

::

    days → turns by what was known on each, or by hindsight → alerts → messages, budget, score → page
"""
