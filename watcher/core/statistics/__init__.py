"""The statistics behind an alert, in pure Python: tails, rates compared, and what a series predicts."""
