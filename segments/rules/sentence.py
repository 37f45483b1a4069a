"""A rule as one sentence in the active language. What is denied is said of each condition, so that no "not (…)" is left."""

from django.utils.translation import gettext as _

from segments.rules.grammar import All, AnyOf, Node, Not, Rule
from segments.rules.phrases import phrase
from segments.rules.wording import Names

__all__ = ["Names", "clause", "sentence"]


def sentence(rule: Rule, names: Names | None = None) -> str:
    """ "People who ordered in the last 30 days and (agreed to “Newsletter” or have an e-mail address)." """
    return _("People who %(clause)s.") % {"clause": clause(rule.where, names or Names())}


def clause(node: Node, names: Names, *, holds: bool = True, inside: bool = False) -> str:
    """Of a part of a rule; in parentheses where it lies `inside` another group and says several things."""
    match node:
        case Not(inner):
            return clause(inner, names, holds=not holds, inside=inside)
        case All(nodes) | AnyOf(nodes):
            # Not (a and b) is not a, or not b.
            word = _("and") if isinstance(node, All) == holds else _("or")
            parts = [clause(one, names, holds=holds, inside=len(nodes) > 1) for one in nodes]
            text = f" {word} ".join(parts)
            return f"({text})" if inside and len(nodes) > 1 else text
        case leaf:
            return phrase(leaf, names, holds=holds)
