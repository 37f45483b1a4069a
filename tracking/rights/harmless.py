"""Fields that say nothing about a person behind the data: settings, figures, times, states, keys of the installation.

A new field is listed here only after asking: could it ever hold a name, an address, an id, or a text somebody typed or sent?
"""

HARMLESS: dict[str, str] = {
    "workspaces.User_groups": "user group",
    "workspaces.User_user_permissions": "user permission",
    "workspaces.User": (
        "password last_login is_superuser language theme preferences is_active is_staff joined_at groups user_permissions"
    ),
    "workspaces.Workspace": "name slug currency time_zone language revenue_basis is_sample created_at",
    "workspaces.Member": "joined_at",
    "workspaces.Invitation": "role token_hash invited_by created_at expires_at accepted_at revoked_at",
    "workspaces.ApiKey": "name scopes shown key_hash created_by created_at expires_at last_used_at revoked_at",
    "workspaces.AuditEvent": "at action",
    "channels.Connection": (
        "uuid platform name sealed_credentials state scopes expires_at error_kind error_message checked_at created_by created_at"
    ),
    "channels.AdAccount": (
        "connection platform external_id manager_id name currency time_zone selected goal error_kind error_message "
        "last_success_at quota blocked_until backfilled_from created_at"
    ),
    "channels.PlatformCampaign": "account external_id name status first_seen_at last_seen_at channel channel_is_manual",
    "channels.AdGroup": "account external_id name status first_seen_at last_seen_at campaign",
    "channels.Ad": "account external_id name status first_seen_at last_seen_at ad_group",
    "channels.EntityName": "level entity_id name seen_at",
    "channels.FxRate": "currency day rate is_carried",
    "channels.DailyStat": (
        "impressions clicks spend conversions conversions_value view_through_conversions sessions engaged_sessions account "
        "day campaign attribution_window run observed_at"
    ),
    "channels.AdDailyStat": (
        "impressions clicks spend conversions conversions_value view_through_conversions sessions engaged_sessions account "
        "day campaign attribution_window run observed_at ad"
    ),
    "channels.DailyStatHistory": (
        "impressions clicks spend conversions conversions_value view_through_conversions sessions engaged_sessions account "
        "day campaign attribution_window run observed_at replaced_at replaced_by"
    ),
    "channels.AdDailyStatHistory": (
        "impressions clicks spend conversions conversions_value view_through_conversions sessions engaged_sessions account "
        "day campaign attribution_window run observed_at replaced_at replaced_by ad"
    ),
    "channels.AccountDay": (
        "impressions clicks spend conversions conversions_value view_through_conversions sessions engaged_sessions account "
        "attribution_window day channel"
    ),
    "channels.AccountMonth": (
        "impressions clicks spend conversions conversions_value view_through_conversions sessions engaged_sessions account "
        "attribution_window month channel"
    ),
    "channels.CampaignMonth": (
        "impressions clicks spend conversions conversions_value view_through_conversions sessions engaged_sessions account "
        "attribution_window month campaign days"
    ),
    "channels.ChannelDay": (
        "impressions clicks spend conversions conversions_value view_through_conversions sessions engaged_sessions day "
        "platform channel currency attribution_window"
    ),
    "channels.SyncRun": (
        "account report kind since until state priority run_after attempt failures lease_until requests rows inserted "
        "changed removed flags api_version error_kind error_message error_code created_at started_at finished_at"
    ),
    "channels.Coverage": "account report day pulled_at run rows is_final",
    "tracking.Customer": "first_order_at acquisition_channel acquisition_campaign",
    "tracking.Order": (
        "customer ordered_at day gross net margin currency is_new_customer utm_source utm_medium utm_campaign utm_id channel "
        "channel_rule source received_at"
    ),
    "tracking.Refund": "order refunded_at day gross net margin told_gross told_net currency derived source received_at",
    "tracking.ColumnMapping": "kind headers columns options updated_at",
    "tracking.ImportFile": (
        "kind source headers columns options state lease_until rows processed stored corrected unchanged refused consents unproven "
        "removed restored kept ends_consents error_message created_by created_at finished_at"
    ),
    "tracking.RefusedRow": "file line",
    "tracking.ImportedRow": "file was_kept",
    "tracking.ImportReceipt": "file raw_id received_at",
    "tracking.BlindKey": "name sealed created_at",
    "tracking.Purpose": "key name name_de destination legal_basis expiry_months created_at",
    "tracking.ConsentText": "purpose language version text sha256 published_at",
    "tracking.ConsentEvent": "seq subject_kind purpose decision at given_at text source prev_hash hash",
    "tracking.ChainHead": "seq hash",
    "tracking.ConsentState": "subject_kind purpose decision since expires_at event_seq",
    "tracking.BannerChoice": "said told_at given_at is_dated is_last noted_at",
    "tracking.SubjectLink": "first_kind second_kind linked_at ended_at",
    "tracking.Suppression": "subject_kind reason at by_link",
    "tracking.Release": "purpose job subject_kind event_seq at state removal removal_queued_at removal_at",
    "tracking.DoubleOptIn": "subject_kind purpose text language requested_at sent_at expires_at confirmed_at revoked_at",
    "tracking.Goal": "name kind event conditions counting value_property default_value state created_by created_at",
    "tracking.Conversion": "goal occurred_at day channel value currency",
    "tracking.Touchpoint": "at day channel platform_campaign matched_by",
    "tracking.ChangedDay": "day",
    # what people plan; names of events and properties are kept only as far as they look like names (tracking.plan.names)
    "tracking.PlanVersion": "number events origin changes made_by made_at",
    "tracking.PlanViolation": "source version day release event kind property number last_at",
    "tracking.Ticket": "number source event kind property sent_at made_by made_at closed_at",
    "tracking.QualityDay": "source day release events checked invalid grounded identified late tagged tagged_whole last_at",
    "tracking.Source": (
        "name kind write_key key_hash allowed_origins own_referrers rate_per_minute consent_mode legal_basis dialect mapping "
        "sealed_secret state created_by created_at"
    ),
    "tracking.RawBody": "source received_at endpoint state received accepted duplicate rejected",
    "tracking.EventKey": "received_at",
    "tracking.Event": "source raw_id type received_at original_at sent_at occurred_at state kind channel channel_rule",
    "tracking.Session": "source day started_at ended_at events pages channel channel_rule",
    "tracking.Rejection": "source raw_id index endpoint reason sent_at received_at in_ingest replayed_at",
    "tracking.SourceDay": "source day received stored duplicate rejected pending",
    "tracking.Profile": "created_at first_seen last_seen",
    "tracking.Identity": "kind first_at last_at cluster users others leaves guard",
    "tracking.IdentityLink": "first_at event_id is_confirmed",
    "tracking.Trait": "identity source rank at",
    "tracking.Merge": "reason merged_at undone_at undone_by",
    "tracking.DuplicateSuggestion": "reason state found_at decided_at decided_by",
    "tracking.DataSubjectRequest": (
        "uuid kind state identifier_kind received_at due_at outcome created_by created_at lease_until closed_at"
    ),
    "tracking.AccessFile": "request uuid created_by created_at expires_at",
    "tracking.RetentionRule": "kind days changed_at changed_by",
    "campaigns.Campaign": "name objective status starts_on ends_on owner target_roas target_cpa name_rule created_at",
    "campaigns.CampaignLink": "campaign platform_campaign origin created_at",
    "campaigns.Budget": "campaign channel month planned updated_at updated_by",
    "auth.Permission": "name content_type codename",
    "auth.Group_permissions": "group permission",
    "auth.Group": "name permissions",
    "contenttypes.ContentType": "app_label model",
    "sessions.Session": "session_key session_data expire_date",
    "account.EmailAddress": "user verified primary",
    "account.EmailConfirmation": "email_address created sent key",
    "mfa.Authenticator": "user type data created_at last_used_at",
    "socialaccount.SocialApp": "provider provider_id name client_id secret key settings",
    "socialaccount.SocialAccount": "user provider last_login date_joined",
    "socialaccount.SocialToken": "app account token token_secret expires_at",
}
