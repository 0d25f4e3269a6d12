//! Settings as they hold: the configuration by its keys, the levels, the feeds, whose data files are
//! in use. They are changed where they stand, in files; no secret is shown.

use std::path::Path;

use askama::Template;
use axum::extract::State;
use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use crate::config::{Config, Mail, Transport};
use crate::console::Console;
use crate::console::access::Caller;
use crate::console::frame::Frame;
use crate::console::page::{Refusal, Told, show as show_page};
use crate::service::Service;

/// Files of the data folder that stand over what is built in.
const OWN_FILES: [&str; 3] =
    ["notices/policy.yaml", "service/levels.yaml", "service/holidays.yaml"];

/// A key of `collector.toml`, and what holds for it.
type Setting = (&'static str, String);

#[derive(Serialize, ToSchema)]
struct LevelRow {
    id: String,
    ko: String,
    en: String,
    /// Working hours.
    first_response_hours: u32,
    emergency_hours: u32,
    /// 0 as agreed.
    visits_a_year: u16,
    on_holidays: bool,
}

/// A feed that is configured, and its last look.
#[derive(Serialize, ToSchema)]
struct FeedRow {
    name: String,
    from: String,
    checked_at: Option<Timestamp>,
    ok_at: Option<Timestamp>,
    error: Option<String>,
}

#[derive(Template, Serialize, ToSchema)]
#[template(path = "settings.html")]
pub struct SettingsPage {
    #[serde(skip)]
    frame: Frame,
    version: &'static str,
    rules: u32,
    rules_version: String,
    rules_sha256: String,
    authority_sha256: String,
    authority_until: Timestamp,
    #[schema(value_type = Vec<(String, String)>)]
    settings: Vec<Setting>,
    levels: Vec<LevelRow>,
    feeds: Vec<FeedRow>,
    /// File and whether the operator has one of their own.
    files: Vec<(&'static str, bool)>,
}

pub async fn show(State(console): State<Console>, caller: Caller) -> Told<SettingsPage> {
    let config = &console.config;
    let states = console.store.feed_states().await?;
    let feed = |feed: &crate::config::Feed| {
        let state = states.iter().find(|state| state.name == feed.name);
        FeedRow {
            name: feed.name.clone(),
            from: without_secret(&feed.from),
            checked_at: state.map(|state| state.checked_at),
            ok_at: state.and_then(|state| state.ok_at),
            error: state.and_then(|state| state.error.clone()),
        }
    };
    let page = SettingsPage {
        frame: Frame::of(&caller),
        version: env!("CARGO_PKG_VERSION"),
        rules: console.pack.stamp.rules,
        rules_version: console.pack.stamp.version.clone(),
        rules_sha256: console.pack.stamp.sha256.clone(),
        authority_sha256: console.ca_sha256.to_string(),
        authority_until: console.ca_until,
        settings: settings(config, &console.url),
        levels: levels(&config.data)?,
        feeds: config.feeds.iter().map(feed).collect(),
        files: OWN_FILES.iter().map(|file| (*file, config.data.join(file).exists())).collect(),
    };
    show_page(&caller, &page)
}

fn levels(data: &Path) -> Result<Vec<LevelRow>, Refusal> {
    let service = Service::load(data)?;
    let row = |(id, level): (&str, &carepack_service::levels::Level)| LevelRow {
        id: id.to_owned(),
        ko: level.ko.clone(),
        en: level.en.clone(),
        first_response_hours: level.first_response_hours,
        emergency_hours: level.emergency_hours,
        visits_a_year: level.visits_a_year,
        on_holidays: level.hours.on_holidays,
    };
    Ok(service.levels.levels().map(row).collect())
}

fn settings(config: &Config, url: &str) -> Vec<Setting> {
    let limits = &config.limits;
    let mut settings = vec![
        ("data", config.data.display().to_string()),
        ("database", without_secret(&config.database_address())),
        ("agents.listen", config.agents.listen.to_string()),
        ("agents.public_names", config.agents.public_names.join(", ")),
        ("people.listen", config.people.listen.to_string()),
        ("people.url", url.to_owned()),
        ("people.behind_proxy", config.people.behind_proxy.to_string()),
        ("limits.connections", limits.connections.to_string()),
        ("limits.connections_per_address", limits.connections_per_address.to_string()),
        ("limits.enrolments_per_minute", limits.enrolments_per_minute.to_string()),
        ("limits.uploads", limits.uploads.to_string()),
        ("limits.poll_seconds", limits.poll_seconds.to_string()),
        ("limits.free_mib_min", limits.free_mib_min.to_string()),
        ("notices.period_seconds", config.notices.period_seconds.to_string()),
        ("advisories.every_hours", config.advisories.every_hours.to_string()),
    ];
    settings.extend(mail(&config.mail));
    settings
}

fn mail(mail: &Mail) -> Vec<Setting> {
    let path = |path: &Option<std::path::PathBuf>| {
        path.as_ref().map_or_else(String::new, |path| path.display().to_string())
    };
    let way = match mail.transport {
        Transport::None => return vec![("mail.transport", "none".to_owned())],
        Transport::Folder => {
            vec![("mail.transport", "folder".to_owned()), ("mail.folder", path(&mail.folder))]
        }
        Transport::Smtp => vec![
            ("mail.transport", "smtp".to_owned()),
            ("mail.host", format!("{}:{}", mail.host, mail.port())),
            ("mail.user", mail.user.clone().unwrap_or_default()),
        ],
    };
    let mut settings = way;
    settings.push(("mail.from", mail.from.clone()));
    settings.push(("mail.per_minute", mail.per_minute.to_string()));
    settings.push(("mail.bounces", path(&mail.bounces)));
    settings.push(("mail.replies", path(&mail.replies)));
    let dkim =
        mail.dkim.as_ref().map(|dkim| format!("{}._domainkey.{}", dkim.selector, dkim.domain));
    settings.push(("mail.dkim", dkim.unwrap_or_default()));
    settings
}

/// An address without its user's password; a query, which may bear one, is cut off too.
fn without_secret(address: &str) -> String {
    let address = address.split_once('?').map_or(address, |(address, _)| address);
    let Some((scheme, rest)) = address.split_once("://") else { return hidden_words(address) };
    let end = rest.find('/').unwrap_or(rest.len());
    match rest[..end].rsplit_once('@') {
        Some((user, host)) => {
            let user = user.split(':').next().unwrap_or_default();
            format!("{scheme}://{user}@{host}{}", &rest[end..])
        }
        None => address.to_owned(),
    }
}

/// PostgreSQL's other form, `host=… password=…`, without the password.
fn hidden_words(address: &str) -> String {
    if address.starts_with("sqlite:") || !address.contains("password") {
        return address.to_owned();
    }
    let words = address.split_whitespace().filter(|word| !word.starts_with("password"));
    words.collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::without_secret;

    #[test]
    fn an_address_is_shown_without_its_password() {
        let check = |address: &str, shown: &str| assert_eq!(without_secret(address), shown);
        check(
            "postgres://carepack:s3cret@db:5432/carepack",
            "postgres://carepack@db:5432/carepack",
        );
        check("postgres://carepack:a@b@db/x?password=y", "postgres://carepack@db/x");
        check("postgres://db/carepack?user=x&password=y", "postgres://db/carepack");
        check("sqlite:/var/lib/my password/c.db", "sqlite:/var/lib/my password/c.db");
        check("host=db user=c password=s3cret", "host=db user=c");
        check("https://mirror.example.kr/updates", "https://mirror.example.kr/updates");
    }
}
