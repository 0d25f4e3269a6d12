//! Every named query, once. Its text stands in two files of the same name, one a dialect:
//! `sqlite/<name>.sql` and `postgres/<name>.sql`.

use super::value::Query;

macro_rules! queries {
    ($($constant:ident = $name:literal,)*) => {
        $(pub const $constant: Query = Query {
            name: $name,
            sqlite: include_str!(concat!("sqlite/", $name, ".sql")),
            postgres: include_str!(concat!("postgres/", $name, ".sql")),
        };)*

        /// All of them, for the tests that compare dialects and folders.
        #[cfg(test)]
        const ALL: &[Query] = &[$($constant),*];
    };
}

queries! {
    ACCESS_TOKENS_ADD = "access_tokens_add",
    ACCESS_TOKENS_GET = "access_tokens_get",
    ACCESS_TOKENS_LIST = "access_tokens_list",
    ACCESS_TOKENS_REVOKE = "access_tokens_revoke",
    ACCESS_TOKENS_USED = "access_tokens_used",
    ADVISORY_SETS_ADD = "advisory_sets_add",
    ADVISORY_SETS_LIST = "advisory_sets_list",
    ALARMS_ADD = "alarms_add",
    ALARMS_LIST = "alarms_list",
    ATTACHMENTS_ADD = "attachments_add",
    ATTACHMENTS_GET = "attachments_get",
    ATTACHMENTS_LIST = "attachments_list",
    AUDIT_ADD = "audit_add",
    AUDIT_FROM = "audit_from",
    AUDIT_LAST = "audit_last",
    AUDIT_LIST = "audit_list",
    CASES_ADD = "cases_add",
    CASES_EDIT = "cases_edit",
    CASES_GET = "cases_get",
    CASES_LIST = "cases_list",
    CASES_NUMBERED = "cases_numbered",
    CASES_RUNNING = "cases_running",
    CASES_UNANSWERED = "cases_unanswered",
    CASE_EVENTS_ADD = "case_events_add",
    CASE_EVENTS_GET = "case_events_get",
    CASE_EVENTS_LIST = "case_events_list",
    CASE_FINDINGS_ADD = "case_findings_add",
    CASE_FINDINGS_LIST = "case_findings_list",
    CASE_HOSTS_ADD = "case_hosts_add",
    CASE_HOSTS_LIST = "case_hosts_list",
    CASE_MAILS_ADD = "case_mails_add",
    CASE_MAILS_GET = "case_mails_get",
    CASE_REPORTERS_GET = "case_reporters_get",
    CASE_REPORTERS_PUT = "case_reporters_put",
    CERTIFICATES_ADD = "certificates_add",
    CERTIFICATES_GET = "certificates_get",
    CERTIFICATES_LIST = "certificates_list",
    CERTIFICATES_REVOKE = "certificates_revoke",
    CERTIFICATES_REVOKE_HOST = "certificates_revoke_host",
    CONTACTS_ADD = "contacts_add",
    CONTACTS_GET = "contacts_get",
    CONTACTS_LIST = "contacts_list",
    CONTACTS_OF_CONTRACT = "contacts_of_contract",
    CONTACTS_REMOVE = "contacts_remove",
    CONTACTS_WITHDRAW_MAIL = "contacts_withdraw_mail",
    CONTRACTS_ADD = "contracts_add",
    CONTRACTS_EDIT = "contracts_edit",
    CONTRACTS_FOUR_EYES = "contracts_four_eyes",
    CONTRACTS_GET = "contracts_get",
    CONTRACTS_LIST = "contracts_list",
    CONTRACTS_NAMED = "contracts_named",
    CONTRACTS_SET_FOUR_EYES = "contracts_set_four_eyes",
    CUSTOMERS_ADD = "customers_add",
    CUSTOMERS_GET = "customers_get",
    CUSTOMERS_LIST = "customers_list",
    CUSTOMERS_NAMED = "customers_named",
    DELIVERIES_ADD = "deliveries_add",
    DELIVERIES_ADD_CASE = "deliveries_add_case",
    DELIVERIES_ADD_DIGEST = "deliveries_add_digest",
    DELIVERIES_CLAIM = "deliveries_claim",
    DELIVERIES_DROP = "deliveries_drop",
    DELIVERIES_DUE = "deliveries_due",
    DELIVERIES_END = "deliveries_end",
    DELIVERIES_GET = "deliveries_get",
    DELIVERIES_LIST = "deliveries_list",
    DELIVERIES_OF_NOTICE = "deliveries_of_notice",
    DELIVERIES_OPENED = "deliveries_opened",
    DELIVERIES_RESEND = "deliveries_resend",
    DELIVERIES_STALE = "deliveries_stale",
    DELIVERIES_TOLD = "deliveries_told",
    DELIVERIES_UNCERTAIN = "deliveries_uncertain",
    DELIVERIES_WITHDRAW = "deliveries_withdraw",
    DESK_MEMBERS_ADD = "desk_members_add",
    DESK_MEMBERS_GET = "desk_members_get",
    DESK_MEMBERS_LIST = "desk_members_list",
    DESK_MEMBERS_REMOVE = "desk_members_remove",
    DESK_MEMBERS_WITHDRAW_MAIL = "desk_members_withdraw_mail",
    DIGESTS_ADD = "digests_add",
    DIGESTS_GET = "digests_get",
    DIGESTS_LATEST = "digests_latest",
    DIGEST_NOTICES_ADD = "digest_notices_add",
    DIGEST_NOTICES_DELIVERED = "digest_notices_delivered",
    DIGEST_NOTICES_LIST = "digest_notices_list",
    DIGEST_NOTICES_SENT = "digest_notices_sent",
    EDITIONS_ACKNOWLEDGE = "editions_acknowledge",
    EDITIONS_ADD = "editions_add",
    EDITIONS_LIST = "editions_list",
    EXCEPTIONS_ADD = "exceptions_add",
    EXCEPTIONS_LIST = "exceptions_list",
    FAILING_ADD = "failing_add",
    FAILING_CLEAR = "failing_clear",
    FAILING_LIST = "failing_list",
    FAILING_RULES_ADD = "failing_rules_add",
    FAILING_RULES_CLEAR = "failing_rules_clear",
    FAILING_RULES_LIST = "failing_rules_list",
    FEEDS_LIST = "feeds_list",
    FEEDS_PUT = "feeds_put",
    HANDOVERS_ADD = "handovers_add",
    HANDOVERS_LIST = "handovers_list",
    HANDOVERS_OF_CONTRACT = "handovers_of_contract",
    HOSTS_ADD = "hosts_add",
    HOSTS_EDIT = "hosts_edit",
    HOSTS_GET = "hosts_get",
    HOSTS_LIST = "hosts_list",
    HOSTS_MACHINE = "hosts_machine",
    HOSTS_MOVE = "hosts_move",
    HOSTS_NAMED = "hosts_named",
    HOSTS_POLLED = "hosts_polled",
    HOSTS_REENROL = "hosts_reenrol",
    HOSTS_REQUEST_COLLECT = "hosts_request_collect",
    HOSTS_RETIRE = "hosts_retire",
    HOSTS_SEEN = "hosts_seen",
    HOST_DATES_ADD = "host_dates_add",
    HOST_DATES_CLEAR = "host_dates_clear",
    HOST_DATES_LIST = "host_dates_list",
    HOST_MOVES_ADD = "host_moves_add",
    HOST_MOVES_LIST = "host_moves_list",
    HOST_RESULTS_ADD = "host_results_add",
    HOST_RESULTS_CLEAR = "host_results_clear",
    HOST_RESULTS_LATEST = "host_results_latest",
    HOST_RESULTS_LIST = "host_results_list",
    HOST_RESULTS_OF_HOST = "host_results_of_host",
    INSPECTIONS_BY_ID = "inspections_by_id",
    INSPECTIONS_EXPECT = "inspections_expect",
    INSPECTIONS_GET = "inspections_get",
    INSPECTIONS_LIST = "inspections_list",
    INSPECTIONS_PREVIOUS = "inspections_previous",
    INSPECTIONS_PUT = "inspections_put",
    INSPECTIONS_STATE = "inspections_state",
    INVENTORIES_DUE = "inventories_due",
    INVENTORIES_LIST = "inventories_list",
    INVENTORIES_PUT = "inventories_put",
    INVITATIONS_ADD = "invitations_add",
    INVITATIONS_GET = "invitations_get",
    INVITATIONS_USE = "invitations_use",
    INVITATIONS_WITHDRAW = "invitations_withdraw",
    MACHINES_LIST = "machines_list",
    MACHINES_PUT = "machines_put",
    MACHINES_SETTLE = "machines_settle",
    NOTICES_ADD = "notices_add",
    NOTICES_DELIVERED = "notices_delivered",
    NOTICES_EDIT = "notices_edit",
    NOTICES_ESCALATED = "notices_escalated",
    NOTICES_GET = "notices_get",
    NOTICES_HOLD = "notices_hold",
    NOTICES_LIST = "notices_list",
    NOTICES_QUEUED = "notices_queued",
    NOTICES_READ = "notices_read",
    NOTICES_REOPEN = "notices_reopen",
    NOTICES_REVISE = "notices_revise",
    NOTICES_SENT = "notices_sent",
    NOTICES_SETTLE = "notices_settle",
    NOTICES_TOUCH = "notices_touch",
    NOTICE_HOSTS_ADD = "notice_hosts_add",
    NOTICE_HOSTS_LIST = "notice_hosts_list",
    NOTICE_HOSTS_SEEN = "notice_hosts_seen",
    PEOPLE_ADD = "people_add",
    PEOPLE_CLEARED = "people_cleared",
    PEOPLE_EDIT = "people_edit",
    PEOPLE_FAILED = "people_failed",
    PEOPLE_GET = "people_get",
    PEOPLE_LIST = "people_list",
    PEOPLE_NAMED = "people_named",
    PEOPLE_PASSWORD = "people_password",
    PEOPLE_TOTP = "people_totp",
    PEOPLE_TOTP_USED = "people_totp_used",
    PERSON_CUSTOMERS_ADD = "person_customers_add",
    PERSON_CUSTOMERS_CLEAR = "person_customers_clear",
    PERSON_CUSTOMERS_LIST = "person_customers_list",
    PLANS_ADD = "plans_add",
    PLANS_CURRENT = "plans_current",
    PLANS_GET = "plans_get",
    PLANS_LIST = "plans_list",
    PLANS_STATE = "plans_state",
    PLANS_SUPERSEDE = "plans_supersede",
    PLAN_CHANGES_ADD = "plan_changes_add",
    PLAN_CHANGES_LIST = "plan_changes_list",
    REVIEWS_ADD = "reviews_add",
    REVIEWS_GET = "reviews_get",
    REVIEWS_HOLD = "reviews_hold",
    REVIEWS_PUT = "reviews_put",
    REVIEW_FINDINGS_LIST = "review_findings_list",
    REVIEW_FINDINGS_PUT = "review_findings_put",
    SERVICE_RECORDS_ADD = "service_records_add",
    SERVICE_RECORDS_GET = "service_records_get",
    SERVICE_RECORDS_LIST = "service_records_list",
    SESSIONS_ADD = "sessions_add",
    SESSIONS_END = "sessions_end",
    SESSIONS_END_OTHERS = "sessions_end_others",
    SESSIONS_EXPIRE = "sessions_expire",
    SESSIONS_GET = "sessions_get",
    SESSIONS_LIST = "sessions_list",
    SESSIONS_SEEN = "sessions_seen",
    SNAPSHOTS_ADD = "snapshots_add",
    SNAPSHOTS_ANSWERED = "snapshots_answered",
    SNAPSHOTS_COUNT = "snapshots_count",
    SNAPSHOTS_GET = "snapshots_get",
    SNAPSHOTS_LATEST_BEFORE = "snapshots_latest_before",
    SNAPSHOTS_LATEST_IN_PERIOD = "snapshots_latest_in_period",
    SNAPSHOTS_LIST = "snapshots_list",
    STORE_PING = "store_ping",
    SUPPORT_PATTERNS_ADD = "support_patterns_add",
    SUPPORT_PATTERNS_GET = "support_patterns_get",
    SUPPORT_PATTERNS_LIST = "support_patterns_list",
    SUPPORT_PATTERNS_PUT = "support_patterns_put",
    SUPPORT_PATTERN_CHANGES_ADD = "support_pattern_changes_add",
    SUPPORT_PATTERN_CHANGES_LIST = "support_pattern_changes_list",
    SUPPORT_PATTERN_TRIALS_GET = "support_pattern_trials_get",
    SUPPORT_PATTERN_TRIALS_PUT = "support_pattern_trials_put",
    TOKENS_ADD = "tokens_add",
    TOKENS_GET = "tokens_get",
    TOKENS_LIST = "tokens_list",
    TOKENS_SPEND = "tokens_spend",
    TOKENS_SPENT_BY = "tokens_spent_by",
    VISITS_ADD = "visits_add",
    VISITS_LIST = "visits_list",
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    fn names_in(folder: &str) -> BTreeSet<String> {
        let folder = format!("{}/src/store/{folder}", env!("CARGO_MANIFEST_DIR"));
        std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect()
    }

    #[test]
    fn both_dialects_hold_exactly_the_named_queries() {
        let named: BTreeSet<_> =
            super::ALL.iter().map(|query| format!("{}.sql", query.name)).collect();
        assert_eq!(names_in("sqlite"), named);
        assert_eq!(names_in("postgres"), named);
    }

    #[test]
    fn both_dialects_bind_the_same_number_of_parameters() {
        let highest = |sql: &str, mark: char| {
            sql.split(mark)
                .skip(1)
                .filter_map(|rest| {
                    let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
                    digits.parse::<u32>().ok()
                })
                .max()
        };
        for query in super::ALL {
            let (here, there) = (highest(query.sqlite, '?'), highest(query.postgres, '$'));
            assert_eq!(here, there, "{}", query.name);
        }
    }

    #[test]
    fn both_dialects_migrate_by_the_same_numbers() {
        assert_eq!(names_in("migrations/sqlite"), names_in("migrations/postgres"));
    }
}
