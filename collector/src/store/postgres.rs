//! PostgreSQL: a small pool, one transaction a batch.
//!
//! Connects only through a unix socket or loopback, because nothing here encrypts the
//! connection yet. Refuses a server whose settings would make a receipt a lie.

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use deadpool_postgres::{
    Manager, ManagerConfig, Object, Pool, PoolError, RecyclingMethod, Runtime,
};
use tokio_postgres::config::Host;
use tokio_postgres::error::SqlState;
use tokio_postgres::types::{FromSql, IsNull, ToSql, Type, private::BytesMut, to_sql_checked};
use tokio_postgres::{Config, NoTls};
use uuid::Uuid;

use super::error::StoreError;
use super::migrations;
use super::value::{Applied, Expect, Query, Row, Step, Value};

/// Connections of one collector.
const POOL_MAX: usize = 8;
/// Longest wait for a connection: under the request time-out, so that an agent is told.
const WAIT: Duration = Duration::from_secs(10);
/// Key of the advisory lock around migrations: "carepack" as eight bytes.
const MIGRATION_LOCK: i64 = i64::from_be_bytes(*b"carepack");

/// One PostgreSQL database.
pub struct Postgres {
    pool: Pool,
    unhealthy: AtomicBool,
}

impl Postgres {
    /// Connects, checks the server's durability, brings the schema up to date.
    ///
    /// # Errors
    /// [`StoreError::Remote`] and [`StoreError::NotDurable`] besides what the server says.
    pub async fn open(address: &str) -> Result<Self, StoreError> {
        let mut config: Config =
            address.parse().map_err(|_| StoreError::Address(without_password(address)))?;
        local_only(&config)?;
        let at = describe(&config);
        if config.get_connect_timeout().is_none() {
            config.connect_timeout(WAIT);
        }
        config.application_name("carepack-collector");
        // A role or database default must not weaken what an answer of 201 means.
        config.options("-c synchronous_commit=on");
        let (mut client, connection) = config
            .connect(NoTls)
            .await
            .map_err(|error| StoreError::Open { at: at.clone(), source: Arc::new(error) })?;
        let driving = tokio::spawn(connection);
        let migrated = migrate(&mut client, &at).await;
        drop(client);
        let _ = driving.await;
        migrated?;
        let how = ManagerConfig { recycling_method: RecyclingMethod::Fast };
        let pool = Pool::builder(Manager::from_config(config, NoTls, how))
            .max_size(POOL_MAX)
            .runtime(Runtime::Tokio1)
            .wait_timeout(Some(WAIT))
            .create_timeout(Some(WAIT))
            .recycle_timeout(Some(WAIT))
            .build()
            .map_err(|error| StoreError::Open { at, source: Arc::new(error) })?;
        Ok(Self { pool, unhealthy: AtomicBool::new(false) })
    }

    pub fn is_healthy(&self) -> bool {
        !self.unhealthy.load(Ordering::SeqCst)
    }

    pub async fn apply(&self, steps: Vec<Step>) -> Result<Applied, StoreError> {
        if !self.is_healthy() {
            return Err(StoreError::Unhealthy);
        }
        let mut client = self.client("begin").await?;
        let fail = |query| move |error| self.classify(query, error);
        let transaction = client.transaction().await.map_err(fail("begin"))?;
        for (index, step) in steps.iter().enumerate() {
            let name = step.query.name;
            let statement =
                transaction.prepare_cached(step.query.postgres).await.map_err(fail(name))?;
            let changed =
                transaction.execute_raw(&statement, &step.params).await.map_err(fail(name))?;
            if step.expect == Expect::ExactlyOne && changed != 1 {
                transaction.rollback().await.map_err(fail("rollback"))?;
                return Ok(Applied::Unmet { step: index });
            }
        }
        transaction.commit().await.map_err(fail("commit"))?;
        Ok(Applied::Done)
    }

    pub async fn query(&self, query: Query, params: Vec<Value>) -> Result<Vec<Row>, StoreError> {
        let client = self.client(query.name).await?;
        let fail = |error| self.classify(query.name, error);
        let statement = client.prepare_cached(query.postgres).await.map_err(fail)?;
        let columns: Arc<[String]> =
            statement.columns().iter().map(|column| column.name().to_owned()).collect();
        let params: Vec<&(dyn ToSql + Sync)> =
            params.iter().map(|value| value as &(dyn ToSql + Sync)).collect();
        let rows = client.query(&statement, &params).await.map_err(fail)?;
        rows.iter()
            .map(|row| {
                let cells: Result<Vec<Value>, _> =
                    (0..row.len()).map(|at| row.try_get::<_, Value>(at)).collect();
                let cells = cells.map_err(fail)?;
                Ok(Row { columns: Arc::clone(&columns), cells })
            })
            .collect()
    }

    async fn client(&self, query: &'static str) -> Result<Object, StoreError> {
        self.pool.get().await.map_err(|error| match error {
            PoolError::Closed => StoreError::Closed,
            other => StoreError::Unavailable { query, source: Arc::new(other) },
        })
    }

    /// The server's error in our words. Its own fsync failure stops the server (it replays its
    /// log at the next start), which is seen here as a lost connection: no answer, no receipt.
    fn classify(&self, query: &'static str, error: tokio_postgres::Error) -> StoreError {
        match error.code() {
            Some(&SqlState::UNIQUE_VIOLATION) => StoreError::Exists { query },
            Some(&SqlState::FOREIGN_KEY_VIOLATION) => StoreError::Dangling { query },
            Some(&SqlState::DISK_FULL) => StoreError::Full,
            Some(&(SqlState::IO_ERROR | SqlState::DATA_CORRUPTED | SqlState::INDEX_CORRUPTED)) => {
                tracing::error!(query, "store.unhealthy: {error}");
                self.unhealthy.store(true, Ordering::SeqCst);
                StoreError::Unhealthy
            }
            // Classes 08 connection, 53 resources, 57 shut-down, 40 serialisation: try later.
            Some(state) if !["08", "53", "57", "40"].contains(&&state.code()[..2]) => {
                StoreError::Query { query, source: Arc::new(error) }
            }
            _ => StoreError::Unavailable { query, source: Arc::new(error) },
        }
    }
}

async fn migrate(client: &mut tokio_postgres::Client, at: &str) -> Result<(), StoreError> {
    let fail = |source| StoreError::Migrate { at: at.to_owned(), source };
    for setting in ["fsync", "synchronous_commit"] {
        let shown = client.query_one(&format!("SHOW {setting}"), &[]).await;
        let value: String = shown.map_err(|error| fail(Arc::new(error)))?.get(0);
        if value == "off" {
            return Err(StoreError::NotDurable { setting, value });
        }
    }
    // Several collectors may start at once. The lock ends with this connection.
    client
        .execute("SELECT pg_advisory_lock($1)", &[&MIGRATION_LOCK])
        .await
        .map_err(|error| fail(Arc::new(error)))?;
    let steps = migrations::postgres().map_err(|error| fail(Arc::new(error)))?;
    steps.run_async(client).await.map_err(|error| fail(Arc::new(error)))?;
    Ok(())
}

fn local_only(config: &Config) -> Result<(), StoreError> {
    for host in config.get_hosts() {
        if let Host::Tcp(name) = host {
            let loopback = name == "localhost"
                || name.parse::<IpAddr>().is_ok_and(|address| address.is_loopback());
            if !loopback {
                return Err(StoreError::Remote(name.clone()));
            }
        }
    }
    match config.get_hostaddrs().iter().find(|address| !address.is_loopback()) {
        Some(address) => Err(StoreError::Remote(address.to_string())),
        None => Ok(()),
    }
}

/// Where it is, without user or password.
fn describe(config: &Config) -> String {
    let host = match config.get_hosts().first() {
        Some(Host::Tcp(name)) => name.clone(),
        Some(Host::Unix(path)) => path.display().to_string(),
        None => "localhost".to_owned(),
    };
    format!("postgres {host}/{}", config.get_dbname().unwrap_or_default())
}

fn without_password(address: &str) -> String {
    address.split_once('@').map_or_else(
        || address.split("password").next().unwrap_or_default().to_owned(),
        |(_, rest)| format!("…@{rest}"),
    )
}

impl ToSql for Value {
    fn to_sql(
        &self,
        ty: &Type,
        out: &mut BytesMut,
    ) -> Result<IsNull, Box<dyn std::error::Error + Sync + Send>> {
        match self {
            Self::Null => Ok(IsNull::Yes),
            Self::Int(value) => value.to_sql_checked(ty, out),
            Self::Text(value) => value.to_sql_checked(ty, out),
            Self::Id(value) => value.to_sql_checked(ty, out),
            Self::Flag(value) => value.to_sql_checked(ty, out),
        }
    }

    fn accepts(ty: &Type) -> bool {
        [Type::INT8, Type::TEXT, Type::UUID, Type::BOOL].contains(ty)
    }

    to_sql_checked!();
}

impl FromSql<'_> for Value {
    fn from_sql(ty: &Type, raw: &[u8]) -> Result<Self, Box<dyn std::error::Error + Sync + Send>> {
        match *ty {
            Type::INT8 => i64::from_sql(ty, raw).map(Self::Int),
            Type::TEXT => String::from_sql(ty, raw).map(Self::Text),
            Type::UUID => Uuid::from_sql(ty, raw).map(Self::Id),
            Type::BOOL => bool::from_sql(ty, raw).map(Self::Flag),
            _ => Err(format!("column type {ty} is not used in this schema").into()),
        }
    }

    fn from_sql_null(_: &Type) -> Result<Self, Box<dyn std::error::Error + Sync + Send>> {
        Ok(Self::Null)
    }

    fn accepts(ty: &Type) -> bool {
        <Self as ToSql>::accepts(ty)
    }
}
