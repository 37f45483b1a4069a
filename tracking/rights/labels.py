"""What people call the tables and fields of an answer, in the language of the moment. data.json keeps the names of the database."""

from collections.abc import Iterable

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

# In the order in which people want to read: who they are, what they did, what they said, then the rest.
TABLES: dict[str, str | Promise] = {
    "tracking.Profile": _("Profile"), "tracking.Identity": _("Identifiers"), "tracking.Trait": _("Traits"),
    "tracking.Event": _("Events"), "tracking.Session": _("Visits"), "tracking.Order": _("Orders"),
    "tracking.Refund": _("Refunds"), "tracking.Customer": _("Customer keys"),
    "tracking.ConsentState": _("Consent: what holds"), "tracking.ConsentEvent": _("Consent: what was said"),
    "tracking.BannerChoice": _("Consent: what the banner told last"),
    "tracking.Release": _("Handed to others: where and when"), "tracking.Suppression": _("Never to be reached"),
    "tracking.DoubleOptIn": _("Confirmation mails"), "tracking.DataSubjectRequest": _("Requests about rights"),
    "tracking.AccessFile": _("Files made for people and members"), "tracking.Conversion": _("Conversions"),
    "tracking.Touchpoint": _("Touchpoints"), "tracking.Merge": _("Merged profiles"),
    "tracking.DuplicateSuggestion": _("Possible duplicates"), "tracking.IdentityLink": _("Identifiers seen together"),
    "tracking.SubjectLink": _("Identifiers that belong together"), "tracking.RawBody": _("Requests as they came"),
    "tracking.Rejection": _("Events that were not taken"), "tracking.ImportFile": _("Imported files"),
    "tracking.ImportedRow": _("What imported files wrote"), "tracking.RefusedRow": _("Refused lines of files"),
    "tracking.EventKey": _("Keys of events"), "tracking.ConsentText": _("Published consent texts"),
    "tracking.Ticket": _("Tickets about faulty events"),
    "segments.Membership": _("Segments: member now"), "segments.PastMembership": _("Segments: member before"),
    "segments.ListEntry": _("Segments: on a list"), "segments.RfmScore": _("Purchase scores"),
    "segments.Delivery": _("Segments: messages to other systems"), "segments.Due": _("Segments: to be looked at again"),
    "segments.Missed": _("Segments: changed during a calculation"), "segments.Touched": _("Segments: changed since"),
    "workspaces.User": _("User account"), "workspaces.Member": _("Membership of the workspace"),
    "workspaces.Invitation": _("Invitations"), "workspaces.AuditEvent": _("Audit log"),
    "channels.Connection": _("Connections made"), "account.EmailAddress": _("Addresses of the user account"),
    "socialaccount.SocialAccount": _("Sign-in by another service"),
    "mentions": _("Mentions in events of others"), "files": _("Files on disk"), "valkey": _("Queues and caches"),
}  # fmt: skip
FIELDS: dict[str, str | Promise] = {
    "accepted": _("Accepted"), "accepted_at": _("Accepted on"), "acquisition": _("Origin of the visit"),
    "acquisition_campaign": _("Campaign of the first order"), "acquisition_channel": _("Channel of the first order"),
    "action": _("Action"), "actor": _("Done by"), "actor_name": _("Name at that time"), "added_at": _("Added on"),
    "anonymous_id": _("Anonymous id"), "at": _("Time"), "attempt": _("Attempt"), "before": _("Before that"),
    "body": _("What was sent"), "by_link": _("Through another identifier"), "cause": _("Cause"),
    "cells": _("Cells"), "channel": _("Channel"),
    "channel_rule": _("Rule for the channel"), "checked_at": _("Checked on"), "click_id": _("Click id"),
    "closed_at": _("Closed on"), "cluster": _("Group of identifiers"), "columns": _("Columns"),
    "content": _("Content of the file"), "sealed": _("Encrypted value"), "sealed_identifier": _("Encrypted identifier"),
    "confirmed_at": _("Confirmed on"), "consents": _("Consents"), "context": _("Circumstances"), "corrected": _("Corrected"),
    "created_at": _("Created on"), "crm_index": _("Keyed hash of the CRM id"), "currency": _("Currency"),
    "date_joined": _("Joined on"), "day": _("Day"), "decided_at": _("Decided on"), "decision": _("Decision"),
    "delivered_at": _("Delivered on"), "derived": _("Taken from the order"),
    "destination": _("Recipient"), "detail": _("Details"), "details": _("Details"),
    "device": _("Device"), "digest": _("Checksum"), "due_at": _("Due on"), "duplicate": _("Received twice"),
    "email": _("E-mail address"), "end_cause": _("Cause of the end"), "end_detail": _("Details of the end"),
    "ended_at": _("End"), "endpoint": _("Way of arrival"), "ends_consents": _("Ends consents"), "entry_page": _("Entry page"),
    "error": _("Error"), "error_kind": _("Kind of error"), "error_message": _("Error message"), "event": _("Event"),
    "event_id": _("Number of the event"), "event_seq": _("Number of the statement"), "events": _("Events"),
    "evidence": _("Evidence"), "expires_at": _("Valid until"), "extra_data": _("Further data"), "facet": _("What changed"),
    "fbclid": _("Click id of Meta"), "finished_at": _("Finished on"), "first": _("First identifier"),
    "first_at": _("Seen first"), "first_kind": _("Kind of the first identifier"), "first_order_at": _("First order"),
    "first_seen": _("Seen first"), "found_at": _("Found on"), "frequency": _("Frequency (1 to 5)"),
    "gclid": _("Click id of Google"), "given_at": _("Said on"), "goal": _("Goal"), "gross": _("Gross"), "group": _("Group"),
    "group_id": _("Group id"), "guard": _("Use as identifier"), "hash": _("Checksum"), "headers": _("Column titles"),
    "home": _("First profile"), "hub": _("Connecting identifier"), "id": _("Record number"), "identifier": _("Identifier"),
    "identifier_kind": _("Kind of identifier"), "identities": _("Identifiers"), "identity": _("Signed in as"),
    "in_ingest": _("Refused during processing"), "index": _("Keyed hash"), "into": _("Merged into profile"),
    "is_active": _("Active"), "is_confirmed": _("Confirmed"), "is_dated": _("Time is certain"), "is_last": _("Last message"),
    "is_new_customer": _("New customer"), "is_staff": _("Administrator"),
    "is_superuser": _("Administrator of the installation"), "job": _("Job"), "joined_at": _("Joined on"), "kept": _("Kept"),
    "key": _("Key"), "kind": _("Kind"),
    "language": _("Language"), "last_at": _("Seen last"), "last_login": _("Last sign-in"), "last_seen": _("Seen last"),
    "leaf": _("Connected identifier"), "lease_until": _("In work until"), "leaves": _("Connected identifiers"),
    "line": _("Line"), "lines": _("Lines"), "linked_at": _("Connected on"), "mail_sha256": _("Checksum of the mail"),
    "margin": _("Margin"), "marks": _("Marks"), "matched_by": _("Matched by"), "merged_at": _("Merged on"),
    "merged_into": _("Merged into profile"), "message_id": _("Message id"), "monetary": _("Value (1 to 5)"),
    "made_at": _("Made on"), "made_by": _("Made by"), "month": _("Month"), "name": _("Name"), "net": _("Net"),
    "next_at": _("Next attempt"), "note": _("Note"), "number": _("Number"),
    "noted_at": _("Noted on"), "notes": _("Notes"), "occurred_at": _("Time"), "options": _("Options"),
    "order_id": _("Order number"), "order_id_text": _("Order number"), "ordered_at": _("Ordered on"),
    "original_at": _("Time by the sender's clock"), "others": _("Other identifiers"), "outcome": _("Outcome"),
    "pages": _("Pages"), "payload": _("What was sent"), "platform": _("Platform"), "preferences": _("Preferences"),
    "prev_hash": _("Checksum before"), "previous_id": _("Earlier id"), "primary": _("Main address"),
    "processed": _("Processed"), "profile": _("Profile"), "profile_id": _("Profile"), "profiles": _("Profiles"),
    "proof": _("Proof"), "properties": _("Properties"), "provider": _("Service"), "published_at": _("Published on"),
    "published_by": _("Published by"), "property": _("Property"),
    "purpose": _("Purpose"), "rank": _("Rank"), "raw_id": _("Number of the request"),
    "reason": _("Reason"), "received": _("Received"), "received_at": _("Received on"), "recency": _("Recency (1 to 5)"),
    "referrer": _("Page before"), "refund_id": _("Refund number"), "refunded_at": _("Refunded on"), "refused": _("Refused"),
    "rejected": _("Refused"), "removal": _("Removal"), "removal_at": _("Removed on"),
    "removal_queued_at": _("Removal asked for on"), "removed": _("Removed"), "replayed_at": _("Repeated on"),
    "requested": _("Asked for"), "requested_at": _("Asked for on"), "restored": _("Restored"), "revoked_at": _("Revoked on"),
    "role": _("Role"), "rows": _("Rows"), "said": _("Statement"), "scopes": _("Permissions"), "second": _("Second identifier"),
    "second_kind": _("Kind of the second identifier"), "segment": _("Segment"), "sent_to": _("Sent to"), "sent_at": _("Sent on"),
    "seq": _("Number of the statement"), "session": _("Visit"), "session_id": _("Visit"), "sha256": _("Checksum"),
    "since": _("Since"), "source": _("Source"), "started_at": _("Beginning"), "state": _("State"), "status": _("Answer code"),
    "stored": _("Stored"), "subject": _("Keyed hash"), "subject_kind": _("Kind of identifier"), "target": _("Object"),
    "text": _("Text"), "theme": _("Colours"), "token_hash": _("Checksum of the link"), "told_at": _("Told on"),
    "told_gross": _("Gross, as told"), "told_net": _("Net, as told"),
    "traits": _("Traits"), "type": _("Type"), "uid": _("Id at the service"), "unchanged": _("Unchanged"),
    "undone_at": _("Undone on"), "unproven": _("Not proven"), "until": _("Until"), "user": _("User account"),
    "user_id": _("User id or customer number"), "user_index": _("Keyed hash of the user id"),
    "users": _("People known by it"), "version": _("Version"), "was_kept": _("Kept as it was"),
    "utm_campaign": _("Campaign"), "utm_id": _("Campaign id"), "utm_medium": _("Medium"), "utm_source": _("Campaign source"),
    "uuid": _("Unique id"), "value": _("Value"), "verified": _("Confirmed"), "visitor": _("Visitor"),
}  # fmt: skip


def ordered(tables: Iterable[str]) -> list[str]:
    """As people want to read them; those that only the product itself needs come last."""
    order = {table: number for number, table in enumerate(TABLES)}
    return sorted(tables, key=lambda table: order.get(table, len(order)))


def table(name: str) -> str:
    return str(TABLES.get(name, name.partition(".")[2] or name))


def field(name: str) -> str:
    return str(FIELDS.get(name, name.replace("_", " ")))
