"""Every personal field of the product, in the order in which erasure goes through the tables.

What erasure finds others by (events, then identifiers) comes last, so that a run that broke off can be repeated.
"""

from django.utils.translation import gettext_noop

from tracking.rights.declaring import Erasure, Found, Kept, Personal

BOOKS = gettext_noop(
    "Orders are records that tax and commercial law have kept for eight to ten years (§ 147 AO, § 257 HGB; Art. 17(3)(b) GDPR)."
)
PROOF = gettext_noop(
    "Proof of what was agreed to, until claims expire (Art. 7(1), 17(3)(e) GDPR, § 7a UWG): a keyed hash, never the address."
)
BLOCK = gettext_noop("A keyed hash that keeps the address from ever being written to again (Art. 21(3), 17(3)(b) GDPR).")
ACCOUNT = gettext_noop("The account of a person who works here; it ends with their membership (Art. 6(1)(b) GDPR).")
LOG = gettext_noop("Who did what in this workspace, for three years (Art. 5(2), 32 GDPR).")


def _fields(text: str) -> tuple[str, ...]:
    return tuple(text.split())


PERSONAL: tuple[Personal, ...] = (
    Personal("tracking.ImportedRow", _fields("key before digest"), Found.BUYER, Erasure.DELETE, Kept.IMPORTS),
    Personal("tracking.Refund", _fields("refund_id order_id_text"), Found.BUYER, Erasure.KEEP, Kept.BOOKS, BOOKS),
    Personal("tracking.Order", _fields("order_id"), Found.BUYER, Erasure.KEEP, Kept.BOOKS, BOOKS),
    Personal("tracking.Order", _fields("gclid fbclid referrer"), Found.BUYER, Erasure.STRIP, Kept.EVENTS),
    # The shop's own customer number stays with the orders: the books name a buyer, and it tells a first order from the next.
    Personal("tracking.Customer", _fields("key user_index crm_index profile"), Found.BUYER, Erasure.RANDOM, Kept.BOOKS, BOOKS),
    Personal("tracking.RefusedRow", _fields("cells reason"), Found.CONTENT, Erasure.DELETE, Kept.IMPORTS),
    Personal("tracking.ImportFile", _fields("content name"), Found.CONTENT, Erasure.STRIP, Kept.IMPORTS),
    Personal("tracking.Rejection", _fields("message_id detail payload"), Found.CONTENT, Erasure.STRIP, Kept.REJECTIONS),
    Personal("tracking.RawBody", _fields("body sha256"), Found.CONTENT, Erasure.STRIP, Kept.BODIES),
    Personal("tracking.Touchpoint", _fields("session visitor profile_id utm_campaign click_id"),
             Found.SENDER, Erasure.DELETE, Kept.EVENTS),
    Personal("tracking.Conversion", _fields("message_id session_id visitor profile_id"), Found.SENDER, Erasure.STRIP, Kept.EVENTS),
    Personal("tracking.Session", _fields("visitor entry_page acquisition"), Found.SENDER, Erasure.STRIP, Kept.EVENTS),
    Personal("tracking.EventKey", _fields("message_id"), Found.SENDER, Erasure.RANDOM, Kept.EVENTS),
    Personal("tracking.Event",
             _fields("message_id name anonymous_id user_id previous_id group_id visitor properties context traits acquisition"
                     " device profile_id session notes"),
             Found.SENDER, Erasure.STRIP, Kept.EVENTS),
    Personal("tracking.DoubleOptIn", _fields("subject requested mail_sha256 message_id token_hash"),
             Found.SUBJECT, Erasure.DELETE, Kept.OPT_INS),
    Personal("tracking.Release", _fields("subject destination"), Found.SUBJECT, Erasure.DELETE, Kept.PROOF),
    Personal("tracking.SubjectLink", _fields("first second"), Found.SUBJECT, Erasure.DELETE, Kept.PROOF),
    Personal("tracking.ConsentState", _fields("subject"), Found.SUBJECT, Erasure.KEEP, Kept.PROOF, PROOF),
    Personal("tracking.ConsentEvent", _fields("subject proof actor"), Found.SUBJECT, Erasure.KEEP, Kept.PROOF, PROOF),
    Personal("tracking.BannerChoice", _fields("subject proof"), Found.SUBJECT, Erasure.KEEP, Kept.PROOF, PROOF),
    Personal("tracking.Suppression", _fields("subject"), Found.SUBJECT, Erasure.KEEP, Kept.PROOF, BLOCK),
    Personal("tracking.DataSubjectRequest", _fields("sealed_identifier proof note"), Found.SUBJECT, Erasure.STRIP, Kept.REQUESTS),
    Personal("tracking.DataSubjectRequest", _fields("subject"), Found.SUBJECT, Erasure.KEEP, Kept.REQUESTS, BLOCK),
    Personal("tracking.AccessFile", _fields("sealed"), Found.SUBJECT, Erasure.DELETE, Kept.EXPORTS),
    Personal("tracking.DuplicateSuggestion", _fields("first second"), Found.PROFILE, Erasure.DELETE, Kept.PROFILES),
    Personal("tracking.Merge", _fields("into source evidence identities"), Found.PROFILE, Erasure.DELETE, Kept.PROFILES),
    Personal("tracking.Trait", _fields("name value sealed index digest"), Found.PROFILE, Erasure.DELETE, Kept.PROFILES),
    Personal("tracking.IdentityLink", _fields("hub leaf"), Found.PROFILE, Erasure.DELETE, Kept.PROFILES),
    Personal("tracking.Identity", _fields("index sealed profile home marks"), Found.PROFILE, Erasure.DELETE, Kept.PROFILES),
    Personal("tracking.Profile", _fields("uuid merged_into"), Found.PROFILE, Erasure.DELETE, Kept.PROFILES),
    Personal("tracking.ConsentText", _fields("published_by"), Found.MEMBER, Erasure.KEEP, Kept.PROOF, PROOF),
    Personal("tracking.Ticket", _fields("sent_to note"), Found.MEMBER, Erasure.STRIP, Kept.ACCOUNT),
    Personal("workspaces.User", _fields("email name"), Found.MEMBER, Erasure.KEEP, Kept.ACCOUNT, ACCOUNT),
    Personal("workspaces.Member", _fields("user role"), Found.MEMBER, Erasure.KEEP, Kept.ACCOUNT, ACCOUNT),
    Personal("workspaces.Invitation", _fields("email"), Found.MEMBER, Erasure.DELETE, Kept.ACCOUNT),
    Personal("workspaces.AuditEvent", _fields("actor actor_name target details"), Found.MEMBER, Erasure.KEEP, Kept.AUDIT, LOG),
    Personal("channels.Connection", _fields("identity"), Found.MEMBER, Erasure.KEEP, Kept.ACCOUNT, ACCOUNT),
    Personal("account.EmailAddress", _fields("email"), Found.MEMBER, Erasure.KEEP, Kept.ACCOUNT, ACCOUNT),
    Personal("socialaccount.SocialAccount", _fields("uid extra_data"), Found.MEMBER, Erasure.KEEP, Kept.ACCOUNT, ACCOUNT),
)  # fmt: skip
