//! `case desk add | list | remove`, `case mail-in`.

use anyhow::ensure;
use clap::{Subcommand, ValueEnum};
use jiff::Timestamp;
use uuid::Uuid;

use crate::cases::mail_in;
use crate::cli::{Exit, notices, open, print};
use crate::notices::mail::is_address;
use crate::store::{DeskMember, Duty, Language};

#[derive(Debug, Subcommand)]
pub enum Desk {
    /// Name somebody who looks after a contract.
    Add {
        #[arg(long)]
        contract: String,
        #[arg(long)]
        name: String,
        #[arg(long)]
        email: String,
        #[arg(long, value_enum, default_value = "ko")]
        language: Reads,
        /// engineer: told before an answer is late, and when it is; escalation: when it is.
        #[arg(long, default_value = "engineer", value_parser = duty_of)]
        duty: Duty,
    },
    /// Who looks after a contract.
    List {
        #[arg(long)]
        contract: String,
        #[arg(long)]
        json: bool,
    },
    /// Tell somebody nothing more; mail still waiting is taken back.
    Remove { id: Uuid },
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum Reads {
    Ko,
    En,
}

fn duty_of(text: &str) -> Result<Duty, String> {
    Duty::of(text).ok_or_else(|| super::words(Duty::ALL.iter().map(|duty| duty.as_str())))
}

impl Desk {
    pub async fn run(self, opened: &open::Opened) -> anyhow::Result<Exit> {
        let now = Timestamp::now();
        match self {
            Self::Add { contract, name, email, language, duty } => {
                let email = email.trim().to_lowercase();
                ensure!(is_address(&email), "{email:?} is no mail address");
                let member = DeskMember {
                    id: Uuid::now_v7(),
                    contract: opened.contract(&contract).await?.id,
                    name,
                    email,
                    language: match language {
                        Reads::Ko => Language::Korean,
                        Reads::En => Language::English,
                    },
                    duty,
                    created: now,
                    removed_at: None,
                };
                opened.store.add_desk_member(&member).await?;
                print::line(&member.id.to_string());
                Ok(Exit::Ok)
            }
            Self::List { contract, json } => {
                let contract = opened.contract(&contract).await?;
                list(&opened.store.desk_members(contract.id).await?, json)
            }
            Self::Remove { id } => {
                let removed = opened.store.remove_desk_member(id, now).await?;
                ensure!(removed, "nobody has the id {id}; see: carepack-collector case desk list");
                Ok(Exit::Ok)
            }
        }
    }
}

fn list(members: &[DeskMember], json: bool) -> anyhow::Result<Exit> {
    if json {
        let value = |member: &DeskMember| {
            serde_json::json!({
                "id": member.id, "name": member.name, "email": member.email,
                "language": member.language.as_str(), "duty": member.duty.as_str(),
            })
        };
        return print::json(&members.iter().map(value).collect::<Vec<_>>());
    }
    let row = |member: &DeskMember| {
        let (duty, language) = (member.duty.as_str(), member.language.as_str());
        let cells = [duty, &member.name, &member.email, language, &member.id.to_string()];
        cells.map(str::to_owned).to_vec()
    };
    let rows: Vec<_> = members.iter().map(row).collect();
    print::table(&["DUTY", "NAME", "EMAIL", "LANGUAGE", "ID"], &rows);
    Ok(Exit::Ok)
}

/// Takes in what lies in the folder of replies.
pub async fn mail_in(opened: &open::Opened, json: bool) -> anyhow::Result<Exit> {
    ensure!(
        opened.config.mail.replies.is_some(),
        "mail.replies is not set in collector.toml: name the folder into which replies are delivered"
    );
    let came = mail_in::run(&notices::notices(opened)?, Timestamp::now()).await?;
    if json {
        return print::json(&came);
    }
    print::line(&format!(
        "taken {}, ignored {}, set aside {}",
        came.taken, came.ignored, came.set_aside
    ));
    Ok(Exit::Ok)
}
