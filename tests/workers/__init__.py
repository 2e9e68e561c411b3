"""Several machines on one PostgreSQL: real workers, real HTTP, real kills."""
