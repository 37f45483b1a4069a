"""The audit log stays append only, but entries older than three years may go: retention is a duty too (Art. 5(1)(e) GDPR)."""

from django.db import migrations

FORGET = """
CREATE OR REPLACE FUNCTION workspaces_audit_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        IF OLD.at < now() - interval '1095 days' THEN
            RETURN OLD;
        END IF;
    END IF;
    RAISE EXCEPTION 'The audit log is append only: % refused', TG_OP USING ERRCODE = 'insufficient_privilege';
END $$;
"""
NEVER_FORGET = """
CREATE OR REPLACE FUNCTION workspaces_audit_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'The audit log is append only: % refused', TG_OP USING ERRCODE = 'insufficient_privilege';
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("workspaces", "0003_key_dies_with_its_maker")]
    operations = [migrations.RunSQL(FORGET, NEVER_FORGET)]
