"""Alerts on political-violence indicators: two clocks, rates instead of thresholds, facts with states."""
