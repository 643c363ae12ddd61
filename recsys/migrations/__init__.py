"""How the database schema came to be, one Alembic revision per change."""
