"""The second wall between workspaces: composite foreign keys, so that a row cannot point into another workspace.

Django has no such key, so it is a constraint of its own:

    class Meta:
        constraints = [SameWorkspace("account", to="channels.AdAccount")]

The target needs `WorkspaceKey()` among its constraints (unique workspace_id, id). With `within`, another foreign key that
both tables have must agree too: one key instead of two, and a stricter one.

        constraints = [SameWorkspace("campaign", to="channels.PlatformCampaign", within="account")]
"""

from typing import Any

from django.apps import apps
from django.db import models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.backends.ddl_references import Statement, Table


class WorkspaceKey(models.UniqueConstraint):
    """Unique (workspace, id), or (workspace, `within`, id): what a SameWorkspace constraint points at."""

    def __init__(self, *, within: str = "", name: str = "") -> None:
        self.within = within
        fields = ["workspace", within, "id"] if within else ["workspace", "id"]
        super().__init__(fields=fields, name=name or f"%(app_label)s_%(class)s_{within or 'workspace'}_key")

    def deconstruct(self) -> tuple[str, tuple[Any, ...], dict[str, Any]]:
        within = {"within": self.within} if self.within else {}
        return "mops.lib.tenancy.WorkspaceKey", (), {**within, "name": self.name}

    def clone(self) -> "WorkspaceKey":
        return WorkspaceKey(within=self.within, name=self.name)


class SameWorkspace(models.BaseConstraint):
    """FOREIGN KEY (workspace_id[, within], field) REFERENCES target (workspace_id[, within], id), checked at commit."""

    def __init__(self, field: str, *, to: str, within: str = "", name: str = "") -> None:
        self.field, self.to, self.within = field, to, within
        super().__init__(name=name or f"%(app_label)s_%(class)s_{field}_ws")

    def _sql(self, model: type[models.Model]) -> str:
        target = apps.get_model(self.to)._meta.db_table
        shared = ["workspace", self.within] if self.within else ["workspace"]
        columns = [_column(model, field) for field in (*shared, self.field)]
        keys = [*columns[:-1], "id"]
        return (
            f'CONSTRAINT "{self.name}" FOREIGN KEY ({_quoted(columns)}) REFERENCES "{target}" ({_quoted(keys)}) '
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
        within = {"within": self.within} if self.within else {}
        return "mops.lib.tenancy.SameWorkspace", (self.field,), {"to": self.to, **within, "name": self.name}

    def __eq__(self, other: object) -> bool:
        return isinstance(other, SameWorkspace) and self.deconstruct() == other.deconstruct()

    def __hash__(self) -> int:
        return hash((self.field, self.to, self.within, self.name))


def _column(model: type[models.Model], field: str) -> str:
    return str(model._meta.get_field(field).column)  # type: ignore[union-attr]  # a foreign key of ours


def _quoted(columns: list[str]) -> str:
    return ", ".join(f'"{column}"' for column in columns)
