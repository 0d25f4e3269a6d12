//! Hosts: servers under a contract. A host comes into being by spending a token
//! ([`Store::spend_token`]) or, for a host that only sends bundles, by [`Store::add_host`].

use jiff::Timestamp;
use uuid::Uuid;

use super::value::{Row, Step, Value, values};
use super::{Find, FromRow, Store, StoreError, queries};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Host {
    pub id: Uuid,
    pub contract: Uuid,
    /// As the host named itself at enrolment: text of a stranger, and not unique.
    pub hostname: String,
    /// SHA-256 of its machine id, hex.
    pub machine: Option<String>,
    /// `web`, `was`, `db`, … ; may be empty.
    pub role: String,
    /// 1, 2 or 4: the host's weight in its contract's score.
    pub importance: u8,
    pub enrolled_at: Timestamp,
    /// Last poll or snapshot.
    pub last_seen: Option<Timestamp>,
    pub agent_version: String,
    /// The host's clock minus ours at the last poll.
    pub clock_skew_seconds: Option<i64>,
    pub refuses_on_demand: bool,
    pub retired_at: Option<Timestamp>,
    /// The last request to collect now, and when it was made.
    pub collect_request: Option<Uuid>,
    pub collect_requested_at: Option<Timestamp>,
}

/// What a poll tells about a host.
#[derive(Clone, Debug)]
pub struct Polled<'a> {
    pub at: Timestamp,
    pub agent_version: &'a str,
    pub clock_skew_seconds: i64,
    pub refuses_on_demand: bool,
}

impl FromRow for Host {
    fn from_row(row: &Row) -> Result<Self, StoreError> {
        Ok(Self {
            id: row.get("id")?,
            contract: row.get("contract")?,
            hostname: row.get("hostname")?,
            machine: row.get("machine_sha256")?,
            role: row.get("role")?,
            importance: row.get("importance")?,
            enrolled_at: row.get("enrolled_at")?,
            last_seen: row.get("last_seen")?,
            agent_version: row.get("agent_version")?,
            clock_skew_seconds: row.get("clock_skew_seconds")?,
            refuses_on_demand: row.get("refuses_on_demand")?,
            retired_at: row.get("retired_at")?,
            collect_request: row.get("collect_request")?,
            collect_requested_at: row.get("collect_requested_at")?,
        })
    }
}

pub(super) fn all_values(host: &Host) -> Vec<Value> {
    values![
        host.id,
        host.contract,
        &host.hostname,
        host.machine.as_ref(),
        &host.role,
        i64::from(host.importance),
        host.enrolled_at,
        host.last_seen,
        &host.agent_version,
        host.clock_skew_seconds,
        host.refuses_on_demand,
        host.retired_at,
        host.collect_request,
        host.collect_requested_at,
    ]
}

impl Store {
    /// Adds a host that never enrols (offline bundles, imports).
    ///
    /// # Errors
    /// [`StoreError::Dangling`] when its contract does not exist.
    pub async fn add_host(&self, host: &Host) -> Result<(), StoreError> {
        self.apply(vec![Step::any(queries::HOSTS_ADD, all_values(host))]).await.map(|_| ())
    }

    /// By host name; of one contract or of all.
    pub async fn hosts(&self, contract: Option<Uuid>) -> Result<Vec<Host>, StoreError> {
        self.list(queries::HOSTS_LIST, values![contract]).await
    }

    pub async fn host(&self, id: Uuid) -> Result<Option<Host>, StoreError> {
        self.first(queries::HOSTS_GET, values![id]).await
    }

    /// By id or host name.
    ///
    /// # Errors
    /// [`StoreError::Ambiguous`] when several hosts have this name.
    pub async fn find_host(&self, text: &str) -> Result<Option<Host>, StoreError> {
        let how = Find { what: "host", by_id: queries::HOSTS_GET, by_name: queries::HOSTS_NAMED };
        self.find(text, how).await
    }

    /// Sets role and importance. False when there is no such host.
    pub async fn edit_host(
        &self,
        id: Uuid,
        role: &str,
        importance: u8,
    ) -> Result<bool, StoreError> {
        self.change(queries::HOSTS_EDIT, values![id, role, i64::from(importance)]).await
    }

    /// Retires a host and revokes its certificates; its history stays. False when there is no
    /// such host or it is retired already.
    pub async fn retire_host(&self, id: Uuid, now: Timestamp) -> Result<bool, StoreError> {
        let steps = vec![
            Step::one(queries::HOSTS_RETIRE, values![id, now]),
            Step::any(queries::CERTIFICATES_REVOKE_HOST, values![id, now, "host retired"]),
        ];
        Ok(self.apply(steps).await? == super::Applied::Done)
    }

    /// Asks a host to collect now; it sees `request` at its next poll. False when there is no
    /// such host or it is retired.
    pub async fn request_collect(
        &self,
        id: Uuid,
        request: Uuid,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        self.change(queries::HOSTS_REQUEST_COLLECT, values![id, request, now]).await
    }

    /// Keeps what a poll told. False when there is no such host.
    pub async fn record_poll(&self, id: Uuid, polled: &Polled<'_>) -> Result<bool, StoreError> {
        let params = values![
            id,
            polled.at,
            polled.agent_version,
            polled.clock_skew_seconds,
            polled.refuses_on_demand,
        ];
        self.change(queries::HOSTS_POLLED, params).await
    }
}
