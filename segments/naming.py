"""What a rule's ids and keys are called, for its sentence: asks only for what the rule names."""

from channels.taxonomy import CHANNELS
from segments.models import Segment
from segments.rfm.groups import GROUPS
from segments.rules.grammar import ConsentRule, ListRule, Rule, SegmentRule, leaves
from segments.rules.wording import Names
from tracking.models import Purpose
from workspaces.models import Workspace


def names(workspace: Workspace, rule: Rule) -> Names:
    found = leaves(rule.where)
    ids = {leaf.segment for leaf in found if isinstance(leaf, SegmentRule | ListRule)}
    keys = {leaf.purpose for leaf in found if isinstance(leaf, ConsentRule)}
    segments = Segment.objects.filter(workspace=workspace, pk__in=ids).values_list("pk", "name") if ids else ()
    purposes = Purpose.objects.filter(workspace=workspace, key__in=keys).values_list("key", "name") if keys else ()
    return Names(
        segments=dict(segments),
        purposes=dict(purposes),
        groups={group.key: str(group.name) for group in GROUPS},
        channels={code: str(channel.label) for code, channel in CHANNELS.items()},
        currency=workspace.currency,
    )
