"""Runs the migrations on the connection `crisiswatch.store.upgrade` hands over, inside its transaction."""

from alembic import context

from crisiswatch.store.schema import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
context.run_migrations()
