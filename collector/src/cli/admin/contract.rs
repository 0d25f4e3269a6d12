//! `contract add | list | params`.

use std::path::Path;

use anyhow::Context;
use carepack_shared::period::{Cadence, Schedule};
use clap::{Args, Subcommand, ValueEnum};
use jiff::{Timestamp, ToSpan};
use uuid::Uuid;

use crate::agreed::Agreed;
use crate::cli::{Exit, open, print, rules};
use crate::inspections::Inspector;
use crate::store;

#[derive(Debug, Subcommand)]
pub enum Contract {
    /// Register a contract of a customer.
    Add(Add),
    /// List contracts and the period each is in.
    List {
        #[arg(long)]
        json: bool,
    },
    /// Whether author, reviewer and approver of its reports must be three people.
    FourEyes {
        /// The contract's name or id.
        #[arg(long)]
        contract: String,
        #[arg(action = clap::ArgAction::Set)]
        wanted: bool,
    },
    /// Check and list the params of rules that a contract sets itself, in DATA/params/NAME.yaml.
    Params {
        /// The contract's name or id.
        #[arg(long)]
        contract: String,
        /// Also list what it may set and does not.
        #[arg(long)]
        all: bool,
        #[arg(long)]
        json: bool,
    },
}

/// Levels of the service catalogue.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Level {
    Premium,
    StandardPlus,
    /// Standard with 12 visits a year.
    #[value(name = "standard-12")]
    Standard12,
    /// Standard with 3 visits a year.
    #[value(name = "standard-3")]
    Standard3,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum CadenceWord {
    Monthly,
    Quarterly,
}

#[derive(Debug, Args)]
pub struct Add {
    /// The customer's name or id.
    #[arg(long)]
    customer: String,
    #[arg(long)]
    name: String,
    #[arg(long, value_enum, default_value = "standard-12")]
    level: Level,
    #[arg(long, value_enum, default_value = "monthly")]
    cadence: CadenceWord,
    /// First day of the collection window, 1–28.
    #[arg(long, default_value_t = 5)]
    window_day: u8,
    /// First hour of the window, 0–23.
    #[arg(long, default_value_t = 1)]
    window_hour: u8,
    /// Length of the window in hours, 1–240.
    #[arg(long, default_value_t = 5)]
    window_hours: u16,
    /// IANA time zone of the window and the periods.
    #[arg(long, default_value = "Asia/Seoul")]
    time_zone: String,
    /// 전담 엔지니어: who inspects.
    #[arg(long, default_value = "")]
    engineer: String,
    /// 담당자: the customer's contact.
    #[arg(long, default_value = "")]
    contact: String,
}

impl Contract {
    pub fn run(self, config: &Path) -> anyhow::Result<Exit> {
        open::with(config, |opened| async move {
            match self {
                Self::Add(add) => add.run(&opened.store).await,
                Self::List { json } => list(&opened.store, json).await,
                Self::FourEyes { contract, wanted } => {
                    let contract = opened.contract(&contract).await?;
                    opened.store.set_four_eyes(contract.id, wanted).await?;
                    Ok(Exit::Ok)
                }
                Self::Params { contract, all, json } => {
                    let contract = opened.contract(&contract).await?;
                    params(&opened.config.data, &contract.name, all, json)
                }
            }
        })
    }
}

impl Add {
    async fn run(self, store: &store::Store) -> anyhow::Result<Exit> {
        let schedule = Schedule {
            cadence: match self.cadence {
                CadenceWord::Monthly => Cadence::Monthly,
                CadenceWord::Quarterly => Cadence::Quarterly,
            },
            window_day: self.window_day,
            window_hour: self.window_hour,
            window_hours: self.window_hours,
            time_zone: self.time_zone,
        };
        schedule.check().context("the contract's window")?;
        let customer = store.find_customer(&self.customer).await?.with_context(|| {
            format!(
                "there is no customer {:?}; see: carepack-collector customer list",
                self.customer
            )
        })?;
        let today = Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC).date();
        let contract = store::Contract {
            id: Uuid::now_v7(),
            customer: customer.id,
            name: self.name,
            level: self
                .level
                .to_possible_value()
                .map(|value| value.get_name().to_owned())
                .unwrap_or_default(),
            schedule,
            engineer: self.engineer,
            customer_contact: self.contact,
            starts: today,
            ends: today.checked_add(1.year()).context("the contract's end")?,
            policy_version: 1,
        };
        store.add_contract(&contract).await?;
        print::line(&contract.id.to_string());
        Ok(Exit::Ok)
    }
}

fn params(data: &Path, contract: &str, all: bool, json: bool) -> anyhow::Result<Exit> {
    let pack = rules::load(None)?;
    let own = Agreed::of(data, contract, &pack)?.overrides;
    let mut rows = Vec::new();
    let mut values = Vec::new();
    for rule in &pack.rules {
        for (name, param) in rule.spec.params.iter().filter(|(_, param)| param.overridable) {
            let own = own.get(&rule.id).and_then(|params| params.get(name));
            if own.is_none() && !all {
                continue;
            }
            values.push(serde_json::json!({
                "rule": rule.id, "param": name, "default": param.default, "own": own,
            }));
            let own = own.map_or_else(|| "-".to_owned(), ToString::to_string);
            rows.push(vec![rule.id.clone(), name.clone(), own, param.default.to_string()]);
        }
    }
    if json {
        return print::json(&values);
    }
    print::table(&["RULE", "PARAM", "CONTRACT", "DEFAULT"], &rows);
    Ok(Exit::Ok)
}

async fn list(store: &store::Store, json: bool) -> anyhow::Result<Exit> {
    let customers = store.customers().await?;
    let name = |id: Uuid| {
        customers.iter().find(|c| c.id == id).map(|c| c.name.clone()).unwrap_or_default()
    };
    let mut rows = Vec::new();
    let mut values = Vec::new();
    for contract in store.contracts().await? {
        let period = Inspector::period_at(&contract, Timestamp::now())?;
        let before = contract.schedule.period_before(&period)?;
        values.push(serde_json::json!({
            "id": contract.id, "name": contract.name, "customer": name(contract.customer),
            "level": contract.level, "schedule": contract.schedule, "engineer": contract.engineer,
            "starts": contract.starts, "ends": contract.ends, "period": period,
            "previous_period": before,
        }));
        rows.push(vec![
            name(contract.customer),
            contract.name,
            contract.level,
            period,
            contract.ends.to_string(),
        ]);
    }
    if json {
        return print::json(&values);
    }
    print::table(&["CUSTOMER", "CONTRACT", "LEVEL", "PERIOD", "ENDS"], &rows);
    Ok(Exit::Ok)
}
