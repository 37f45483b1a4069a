from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

from tracking import buyers
from tracking.blind_index import Indexer


def index_customers(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Give the customers that are there their blind indexes and their profiles."""
    customers = apps.get_model("tracking", "Customer").objects
    for workspace_id in customers.values_list("workspace_id", flat=True).distinct().order_by():
        indexer = Indexer(workspace_id)
        for customer in customers.filter(workspace_id=workspace_id).iterator():
            customers.filter(pk=customer.pk).update(**buyers.indexes(indexer, customer.key))
        with schema_editor.connection.cursor() as cursor:
            cursor.execute(buyers.RELINK.format(which=""), [workspace_id])


class Migration(migrations.Migration):
    dependencies = [("tracking", "0012_people_of_orders")]

    operations = [migrations.RunPython(index_customers, migrations.RunPython.noop)]
