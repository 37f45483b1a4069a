"""Who may be reached for a purpose: granted and not expired under one identifier, refused under none, on no suppression list."""

from dataclasses import dataclass, field

from segments.compiling.plan import Compiled, Grouped, Plan, Who
from segments.rules.grammar import ConsentRule
from tracking.profiles.batch import SUBJECT_KINDS

ALIAS = "consents"
KINDS = ", ".join(f"'{kind}'" for kind in sorted(SUBJECT_KINDS))
OF_PEOPLE = """
SELECT i.profile_id{columns}
FROM tracking_identity i
JOIN tracking_consentstate s ON s.workspace_id = i.workspace_id AND s.subject = i.index
JOIN tracking_purpose u ON u.workspace_id = s.workspace_id AND u.id = s.purpose_id AND u.key IN ({purposes})
WHERE i.workspace_id = {workspace} AND i.kind IN ({kinds}) AND {people}
GROUP BY 1
"""
SUPPRESSED = """
SELECT DISTINCT i.profile_id
FROM tracking_identity i JOIN tracking_suppression x ON x.workspace_id = i.workspace_id AND x.subject = i.index
WHERE i.workspace_id = {workspace} AND i.kind IN ({kinds}) AND {people}
"""


@dataclass
class Consents(Grouped):
    alias: str = ALIAS
    purposes: dict[str, None] = field(default_factory=dict)

    def render(self, plan: Plan, people: Who) -> str:
        return OF_PEOPLE.format(columns=self.select(), purposes=", ".join(self.purposes), workspace=plan.space, kinds=KINDS,
                                people=people("i.profile_id"))  # fmt: skip


@dataclass
class Suppressed:
    alias: str = "suppressed"

    def render(self, plan: Plan, people: Who) -> str:
        return SUPPRESSED.format(workspace=plan.space, kinds=KINDS, people=people("i.profile_id"))


def compile_consent(plan: Plan, leaf: ConsentRule) -> Compiled:
    source = plan.sources.setdefault(ALIAS, Consents())
    assert isinstance(source, Consents)  # noqa: S101  for the type
    plan.sources.setdefault("suppressed", Suppressed())
    purpose = plan.params.add(leaf.purpose)
    source.purposes[purpose] = None
    until = source.column(
        f"max(s.expires_at) FILTER (WHERE u.key = {purpose} AND s.decision = 'granted' AND s.expires_at > {plan.at})"
    )
    refused = source.column(f"bool_or(s.decision IN ('denied', 'withdrawn')) FILTER (WHERE u.key = {purpose})")
    granted = f"({until} IS NOT NULL AND NOT coalesce({refused}, false) AND suppressed.profile_id IS NULL)"
    due = f"CASE WHEN {granted} THEN {until} END"
    if leaf.state == "granted":
        return Compiled(granted, due, f"{until}::text", ALIAS)
    return Compiled(f"(NOT {granted})", due, f"{until}::text")
