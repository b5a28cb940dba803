"""The only place that knows SQL: SQLite by default, PostgreSQL by its address."""
