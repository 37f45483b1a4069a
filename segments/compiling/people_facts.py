"""What a profile says of itself, whom a list names, which RFM group somebody is in, and what is drawn by lot."""

from dataclasses import dataclass, field

from segments.compiling.events import aged
from segments.compiling.plan import Compiled, Grouped, Plan, Who
from segments.rules.grammar import ListRule, PersonRule, RfmRule, ShareRule
from segments.shares import bucket_sql

SEEN = {"first_seen": "p.first_seen", "last_seen": "p.last_seen", "created": "p.created_at"}
FLAGS = {
    "has_email": "i.kind = 'email'",
    "has_phone": "i.kind = 'phone'",
    "is_known": "i.kind IN ('user_id', 'crm_id', 'email', 'phone')",
}


@dataclass
class Identities(Grouped):
    alias: str = "identities"

    def render(self, plan: Plan, people: Who) -> str:
        return (
            f"SELECT i.profile_id{self.select()} FROM tracking_identity i "  # noqa: S608
            f"WHERE i.workspace_id = {plan.space} AND {people('i.profile_id')} GROUP BY 1"
        )


@dataclass
class Lists(Grouped):
    alias: str = "lists"
    ids: dict[str, None] = field(default_factory=dict)

    def render(self, plan: Plan, people: Who) -> str:
        return (
            f"SELECT l.profile_id{self.select()} FROM segments_listentry l "  # noqa: S608
            f"WHERE l.workspace_id = {plan.space} AND l.segment_id IN ({', '.join(self.ids)}) AND {people('l.profile_id')} "
            "GROUP BY 1"
        )


@dataclass
class Scores(Grouped):
    alias: str = "scores"

    def render(self, plan: Plan, people: Who) -> str:
        """Of the newest month there is: it is renewed every night."""
        return (
            f'SELECT r.profile_id, r."group" FROM segments_rfmscore r '  # noqa: S608
            f"WHERE r.workspace_id = {plan.space} AND {people('r.profile_id')} "
            f"AND r.month = (SELECT max(month) FROM segments_rfmscore WHERE workspace_id = {plan.space})"
        )


def compile_person(plan: Plan, leaf: PersonRule) -> Compiled:
    if leaf.fact in SEEN:
        operator = "older_than" if leaf.operator == "older_than" else "within"
        return aged(plan, SEEN[leaf.fact], operator, int(leaf.value), None)._replace(of_profile=True)
    source = plan.sources.setdefault("identities", Identities())
    assert isinstance(source, Identities)  # noqa: S101  for the type
    truth = f"coalesce({source.column(f'bool_or({FLAGS[leaf.fact]})')}, false)"
    return _flag(truth, bool(leaf.value), "identities")


def compile_list(plan: Plan, leaf: ListRule) -> Compiled:
    source = plan.sources.setdefault("lists", Lists())
    assert isinstance(source, Lists)  # noqa: S101  for the type
    id_ = plan.params.add(leaf.segment)
    source.ids[id_] = None
    return _flag(f"coalesce({source.column(f'bool_or(l.segment_id = {id_})')}, false)", leaf.member, "lists")


def compile_rfm(plan: Plan, leaf: RfmRule) -> Compiled:
    plan.sources.setdefault("scores", Scores())
    truth = f'coalesce(scores."group" = ANY({plan.params.add(list(leaf.groups))}::text[]), false)'
    return _flag(truth, leaf.member, "scores")._replace(observed='scores."group"')


def compile_share(plan: Plan, leaf: ShareRule) -> Compiled:
    bucket = bucket_sql(plan.params.add(leaf.salt), "p.uuid")
    return Compiled(f"({bucket} < {plan.params.add(int(leaf.percent * 100))})", None, f"{bucket}::text", of_profile=True)


def _flag(truth: str, wanted: bool, source: str) -> Compiled:
    return Compiled(truth if wanted else f"(NOT {truth})", None, f"{truth}::text", source if wanted else None)
