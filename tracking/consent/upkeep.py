"""What the ledger needs every night: say what ran out, forget what was never confirmed, throw old peppers away."""

from tracking.consent import double_opt_in, evidence, ledger
from workspaces.models import Workspace

MOST_ROUNDS = 1_000  # of ledger.expire_due, each a transaction of its own


def run() -> None:
    for workspace in Workspace.objects.all():
        for _round in range(MOST_ROUNDS):
            if not ledger.expire_due(workspace):
                break
    double_opt_in.forget_unconfirmed()
    evidence.drop_old_peppers()
