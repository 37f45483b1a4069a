"""A plain process that does all that connectors do: check, list accounts, pull a week of every report. No Django.

Usage: python -m tests.channels.connectors.pull_everything '<json of endpoints and credentials>'
"""

import json
import sys
from datetime import date

from channels.connectors import PLATFORMS
from channels.connectors.base import ConnectorError, Credentials, Endpoint, PullRequest


def main() -> None:
    given = json.loads(sys.argv[1])
    for platform in PLATFORMS.values():
        connector = platform.connect(Endpoint(**given[platform.key]["endpoint"]), Credentials(**given[platform.key]["credentials"]))
        connector.check()
        rows = 0
        for account in connector.accounts():
            for report in platform.reports:
                request = PullRequest(account, report, date(2026, 11, 2), date(2026, 11, 9), {"conversion": platform.goal})
                rows += sum(len(batch.rows) for batch in connector.pull(request))
        print(platform.key, rows)
        refused = platform.connect(
            Endpoint(**given[platform.key]["endpoint"]), Credentials(refresh_token="wrong", access_token="wrong")
        )
        try:
            refused.check()
        except ConnectorError as error:
            print(platform.key, error.kind)


if __name__ == "__main__":
    main()
