//! Other machines under a host's certificate, and moves of hosts between contracts: what only a
//! person decides.

use jiff::Timestamp;
use uuid::Uuid;

use super::value::{Row, Step, values};
use super::words::words;
use super::{Applied, FromRow, Host, Store, StoreError, queries};

words! {
    /// What a person says that another machine under a host's certificate is.
    Settlement {
        /// The same server on other hardware or installed anew: it is the host from now on.
        Rebuilt = "rebuilt",
        /// A copy: the certificate is on two machines, so each must enrol anew.
        Clone = "clone",
        /// The host is no more.
        Retired = "retired",
    }
}

/// A machine that sent under a host's certificate and is not the one that enrolled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Machine {
    pub host: Uuid,
    /// SHA-256 of its machine id, hex.
    pub machine: String,
    pub first_seen: Timestamp,
    pub last_seen: Timestamp,
    /// The last snapshot that came from it.
    pub snapshot: Uuid,
    /// None: nobody has said what it is.
    pub settled: Option<Settlement>,
    pub settled_at: Option<Timestamp>,
    pub settled_by: String,
}

/// A host's way from one contract to another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostMove {
    pub id: Uuid,
    pub host: Uuid,
    pub from: Uuid,
    pub to: Uuid,
    pub at: Timestamp,
    pub by: String,
}

impl FromRow for Machine {
    fn from_row(row: &Row) -> Result<Self, StoreError> {
        Ok(Self {
            host: row.get("host")?,
            machine: row.get("machine_sha256")?,
            first_seen: row.get("first_seen")?,
            last_seen: row.get("last_seen")?,
            snapshot: row.get("snapshot")?,
            settled: row.get("settled")?,
            settled_at: row.get("settled_at")?,
            settled_by: row.get("settled_by")?,
        })
    }
}

impl FromRow for HostMove {
    fn from_row(row: &Row) -> Result<Self, StoreError> {
        Ok(Self {
            id: row.get("id")?,
            host: row.get("host")?,
            from: row.get("from_contract")?,
            to: row.get("to_contract")?,
            at: row.get("moved_at")?,
            by: row.get("moved_by")?,
        })
    }
}

impl Store {
    /// Keeps that another machine was seen; one that was settled is open again.
    ///
    /// # Errors
    /// [`StoreError::Dangling`] when the host does not exist.
    pub async fn put_machine(
        &self,
        (host, machine): (Uuid, &str),
        snapshot: Uuid,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let params = values![host, machine, now, snapshot];
        self.apply(vec![Step::any(queries::MACHINES_PUT, params)]).await.map(|_: Applied| ())
    }

    /// Other machines of a host, those that are settled too; the first seen first.
    pub async fn machines(&self, host: Uuid) -> Result<Vec<Machine>, StoreError> {
        self.list(queries::MACHINES_LIST, values![host]).await
    }

    /// Keeps what a machine is and does what follows. False when that was said meanwhile, or the
    /// host is retired.
    pub async fn settle_machine(
        &self,
        machine: &Machine,
        settlement: Settlement,
        (by, now): (&str, Timestamp),
    ) -> Result<bool, StoreError> {
        let host = machine.host;
        let params = values![host, &machine.machine, settlement, now, by];
        let mut steps = vec![Step::one(queries::MACHINES_SETTLE, params)];
        let revoke =
            |why: &str| Step::any(queries::CERTIFICATES_REVOKE_HOST, values![host, now, why]);
        match settlement {
            Settlement::Rebuilt => {
                let params = values![host, &machine.machine];
                steps.push(Step::one(queries::HOSTS_MACHINE, params));
            }
            Settlement::Clone => steps.push(revoke("on two machines")),
            Settlement::Retired => {
                steps.push(Step::one(queries::HOSTS_RETIRE, values![host, now]));
                steps.push(revoke("host retired"));
            }
        }
        Ok(self.apply(steps).await? == Applied::Done)
    }

    /// Moves a host to another contract; what it sent stays with it. False when it was moved or
    /// retired meanwhile.
    ///
    /// # Errors
    /// [`StoreError::Dangling`] when the contract does not exist.
    pub async fn move_host(
        &self,
        host: &Host,
        to: Uuid,
        (by, now): (&str, Timestamp),
    ) -> Result<bool, StoreError> {
        let history = values![Uuid::now_v7(), host.id, host.contract, to, now, by];
        let steps = vec![
            Step::one(queries::HOSTS_MOVE, values![host.id, host.contract, to]),
            Step::any(queries::HOST_MOVES_ADD, history),
        ];
        Ok(self.apply(steps).await? == Applied::Done)
    }

    /// Moves of a host, the first first.
    pub async fn host_moves(
        &self,
        host: Uuid,
        count_max: u32,
    ) -> Result<Vec<HostMove>, StoreError> {
        self.list(queries::HOST_MOVES_LIST, values![host, i64::from(count_max)]).await
    }
}
