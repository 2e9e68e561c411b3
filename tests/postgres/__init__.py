"""A PostgreSQL for tests: its binaries come with pip, and it lives exactly as long as the test session."""
