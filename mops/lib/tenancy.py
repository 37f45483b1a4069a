"""The second wall between workspaces: composite foreign keys, so that a row cannot point into another workspace.

Django has no such key, so it is a constraint of its own:

    class Meta:
        constraints = [SameWorkspace("account", to="channels.AdAccount")]

The target needs `WorkspaceKey()` among its constraints (unique workspace_id, id).
"""

from typing import Any

from django.apps import apps
from django.db import models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.backends.ddl_references import Statement, Table


class WorkspaceKey(models.UniqueConstraint):
    """Unique (workspace, id): what a SameWorkspace constraint points at."""

    def __init__(self, *, name: str = "%(app_label)s_%(class)s_workspace_key") -> None:
        super().__init__(fields=["workspace", "id"], name=name)

    def deconstruct(self) -> tuple[str, tuple[Any, ...], dict[str, Any]]:
        return "mops.lib.tenancy.WorkspaceKey", (), {"name": self.name}

    def clone(self) -> "WorkspaceKey":
        return WorkspaceKey(name=self.name)


class SameWorkspace(models.BaseConstraint):
    """FOREIGN KEY (workspace_id, <field>_id) REFERENCES target (workspace_id, id), checked at commit."""

    def __init__(self, field: str, *, to: str, name: str = "") -> None:
        self.field, self.to = field, to
        super().__init__(name=name or f"%(app_label)s_%(class)s_{field}_ws")

    def _sql(self, model: type[models.Model]) -> str:
        target = apps.get_model(self.to)._meta.db_table
        column = model._meta.get_field(self.field).column  # type: ignore[union-attr]  # a foreign key of ours
        return (
            f'CONSTRAINT "{self.name}" FOREIGN KEY ("workspace_id", "{column}") REFERENCES "{target}" ("workspace_id", "id") '
            "DEFERRABLE INITIALLY DEFERRED"
        )

    # The overrides below differ from BaseConstraint's types as Django's own constraints do.
    def constraint_sql(self, model: type[models.Model], schema_editor: BaseDatabaseSchemaEditor) -> str:  # type: ignore[override]
        self.create_sql(model, schema_editor)
        return ""

    def create_sql(self, model: type[models.Model], schema_editor: BaseDatabaseSchemaEditor) -> str:  # type: ignore[override]
        """Added when the migration ends: the key it points at may be made later in the same migration."""
        statement = Statement("ALTER TABLE %(table)s ADD " + self._sql(model).replace("%", "%%"),
                              table=Table(model._meta.db_table, schema_editor.quote_name))  # fmt: skip
        schema_editor.deferred_sql.append(statement)
        return ""

    def remove_sql(self, model: type[models.Model], schema_editor: BaseDatabaseSchemaEditor) -> Statement:  # type: ignore[override]
        return Statement(f'ALTER TABLE %(table)s DROP CONSTRAINT "{self.name}"',
                         table=Table(model._meta.db_table, schema_editor.quote_name))  # fmt: skip

    def validate(self, *args: Any, **kwargs: Any) -> None:
        """The database checks at commit; forms cannot pick a foreign row because their querysets are scoped."""

    def deconstruct(self) -> tuple[str, tuple[Any, ...], dict[str, Any]]:
        return "mops.lib.tenancy.SameWorkspace", (self.field,), {"to": self.to, "name": self.name}

    def __eq__(self, other: object) -> bool:
        return isinstance(other, SameWorkspace) and self.deconstruct() == other.deconstruct()

    def __hash__(self) -> int:
        return hash((self.field, self.to, self.name))
