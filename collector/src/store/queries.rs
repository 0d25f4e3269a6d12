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
    ADVISORY_SETS_ADD = "advisory_sets_add",
    ADVISORY_SETS_LIST = "advisory_sets_list",
    ALARMS_ADD = "alarms_add",
    ALARMS_LIST = "alarms_list",
    CERTIFICATES_ADD = "certificates_add",
    CERTIFICATES_GET = "certificates_get",
    CERTIFICATES_LIST = "certificates_list",
    CERTIFICATES_REVOKE = "certificates_revoke",
    CERTIFICATES_REVOKE_HOST = "certificates_revoke_host",
    CONTRACTS_ADD = "contracts_add",
    CONTRACTS_EDIT = "contracts_edit",
    CONTRACTS_GET = "contracts_get",
    CONTRACTS_LIST = "contracts_list",
    CONTRACTS_NAMED = "contracts_named",
    CUSTOMERS_ADD = "customers_add",
    CUSTOMERS_GET = "customers_get",
    CUSTOMERS_LIST = "customers_list",
    CUSTOMERS_NAMED = "customers_named",
    EXCEPTIONS_ADD = "exceptions_add",
    EXCEPTIONS_LIST = "exceptions_list",
    FEEDS_LIST = "feeds_list",
    FEEDS_PUT = "feeds_put",
    HOSTS_ADD = "hosts_add",
    HOSTS_EDIT = "hosts_edit",
    HOSTS_GET = "hosts_get",
    HOSTS_LIST = "hosts_list",
    HOSTS_NAMED = "hosts_named",
    HOSTS_POLLED = "hosts_polled",
    HOSTS_REENROL = "hosts_reenrol",
    HOSTS_REQUEST_COLLECT = "hosts_request_collect",
    HOSTS_RETIRE = "hosts_retire",
    HOSTS_SEEN = "hosts_seen",
    INSPECTIONS_GET = "inspections_get",
    INSPECTIONS_LIST = "inspections_list",
    INSPECTIONS_PREVIOUS = "inspections_previous",
    INSPECTIONS_PUT = "inspections_put",
    INVENTORIES_DUE = "inventories_due",
    INVENTORIES_LIST = "inventories_list",
    INVENTORIES_PUT = "inventories_put",
    SNAPSHOTS_ADD = "snapshots_add",
    SNAPSHOTS_COUNT = "snapshots_count",
    SNAPSHOTS_GET = "snapshots_get",
    SNAPSHOTS_LATEST_BEFORE = "snapshots_latest_before",
    SNAPSHOTS_LATEST_IN_PERIOD = "snapshots_latest_in_period",
    SNAPSHOTS_LIST = "snapshots_list",
    STORE_PING = "store_ping",
    TOKENS_ADD = "tokens_add",
    TOKENS_GET = "tokens_get",
    TOKENS_LIST = "tokens_list",
    TOKENS_SPEND = "tokens_spend",
    TOKENS_SPENT_BY = "tokens_spent_by",
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
