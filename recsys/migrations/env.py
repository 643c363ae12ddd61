"""Run by Alembic for every upgrade, on the connection and in the transaction of `recsys.database.migrate`."""

from alembic import context

from recsys.database import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
