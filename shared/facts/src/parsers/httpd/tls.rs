//! TLS of virtual hosts: protocols and ciphers in effect, and the certificates that they show.
//!
//! RHEL 8 and later: where no `SSLProtocol` stands, the system's crypto policy decides
//! (update-crypto-policies(8)). What is strong and what is weak, rules say.

use carepack_shared::Unseen;
use serde_json::{Map, Value, json};

use super::{Server, sites};
use crate::httpd::{Directive, SERVER};

/// Oldest first; `all` means those that the TLS library of the time still has.
const VERSIONS: [&str; 5] = ["SSLv3", "TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3"];
const POLICY: &str = "/etc/crypto-policies/config";

/// Every server or virtual host whose TLS is on.
pub fn rows(server: &Server<'_>) -> Vec<Value> {
    secure(server).map(|site| row(server, site)).collect()
}

fn secure<'s>(server: &'s Server<'_>) -> impl Iterator<Item = usize> + 's {
    std::iter::once(SERVER).chain(server.config.sites()).filter(|&site| sites::tls(server, site))
}

fn row(server: &Server<'_>, site: usize) -> Value {
    let config = &server.config;
    let word = |name: &str| config.effective(site, name).map(Directive::line_of_args);
    let protocol = config.effective(site, "sslprotocol");
    let policy = policy(server);
    let protocols = match (protocol, policy.as_deref()) {
        (Some(directive), _) => Some(enabled(server, &directive.args)),
        (None, Some(policy)) => by_policy(policy),
        (None, None) => Some(enabled(server, &["all".to_owned(), "-SSLv3".to_owned()])),
    };
    let ciphers = config.effective(site, "sslciphersuite");
    // `SSLCipherSuite TLSv1.3 LIST` is about one protocol alone.
    let list = ciphers.and_then(|d| d.args.last()).map_or("", String::as_str);
    let (off, on): (Vec<&str>, Vec<&str>) = list
        .split([':', ',', ' '])
        .filter(|token| !token.is_empty())
        .partition(|token| token.starts_with(['!', '-']));
    json!({
        "instance": server.instance.main,
        "site": server.site_name(site),
        "protocols": protocols,
        "protocols_set": protocol.is_some(),
        "ciphers_on": on,
        "ciphers_off": off,
        "crypto_policy": policy,
        "honor_cipher_order": config.effective(site, "sslhonorcipherorder").and_then(Directive::on),
        "compression": config.effective(site, "sslcompression").and_then(Directive::on),
        "insecure_renegotiation":
            config.effective(site, "sslinsecurerenegotiation").and_then(Directive::on),
        "stapling": config.effective(site, "sslusestapling").and_then(Directive::on),
        "verify_client": word("sslverifyclient"),
        "proxy_verify": word("sslproxyverify"),
        "certificate": word("sslcertificatefile").map(|path| config.path(&path)),
        "key": word("sslcertificatekeyfile").map(|path| config.path(&path)),
        "chain_file": word("sslcertificatechainfile").map(|path| config.path(&path)),
        "source": protocol.or(ciphers).map(|directive| config.place(directive)),
    })
}

/// The policy's name without its modules; none where there are no policies (RHEL 7).
fn policy(server: &Server<'_>) -> Option<String> {
    let text = server.evidence.text(POLICY).ok()?;
    let name = crate::text::lines(text).next()?;
    Some(name.split(':').next().unwrap_or(name).to_owned())
}

fn by_policy(policy: &str) -> Option<Vec<&'static str>> {
    match policy {
        "LEGACY" => Some(VERSIONS[1..].to_vec()),
        "DEFAULT" | "FUTURE" | "FIPS" | "NEXT" => Some(VERSIONS[3..].to_vec()),
        _ => None,
    }
}

/// `all -SSLv3 +TLSv1.2`: a word without a sign begins anew when it is the first.
fn enabled(server: &Server<'_>, words: &[String]) -> Vec<&'static str> {
    // TLS 1.3 came with 2.4.36; RHEL 7's OpenSSL has none.
    let newest = if server.is_old() || server.version.starts_with("2.4.6") { 4 } else { 5 };
    let all = &VERSIONS[..newest];
    let mut on: Vec<&'static str> = Vec::new();
    for word in words {
        let (sign, name) = match word.strip_prefix(['+', '-']) {
            Some(name) => (word.starts_with('+'), name),
            None => (true, word.as_str()),
        };
        let meant: Vec<&'static str> = if name.eq_ignore_ascii_case("all") {
            all.to_vec()
        } else {
            all.iter().copied().filter(|version| version.eq_ignore_ascii_case(name)).collect()
        };
        if sign {
            on.extend(meant);
        } else {
            on.retain(|version| !meant.contains(version));
        }
    }
    all.iter().copied().filter(|version| on.contains(version)).collect()
}

/// What the agent read of each certificate file, by virtual host, with whose the key is.
pub fn certificates(server: &Server<'_>, told: &[Value], keys: &[Value]) -> Vec<Value> {
    let config = &server.config;
    let mut rows = Vec::new();
    for site in secure(server) {
        let key = config.effective(site, "sslcertificatekeyfile").map(|d| config.path(d.arg(0)));
        let key = keys.iter().find(|row| row["file"].as_str() == key.as_deref());
        let own: Vec<&Directive> = config.all(site, "sslcertificatefile").collect();
        let inherited = config.all(SERVER, "sslcertificatefile");
        let files = if own.is_empty() { inherited.collect() } else { own };
        for file in files {
            let path = config.path(file.arg(0));
            let found = told.iter().find(|row| row["file"].as_str() == Some(path.as_str()));
            let mut row: Map<String, Value> =
                found.and_then(Value::as_object).cloned().unwrap_or_else(|| {
                    let reason = json!({"unseen": Unseen::Absent});
                    reason.as_object().cloned().unwrap_or_default()
                });
            row.insert("instance".to_owned(), server.instance.main.as_str().into());
            row.insert("site".to_owned(), server.site_name(site).into());
            row.insert("file".to_owned(), path.into());
            let chain = config.effective(site, "sslcertificatechainfile");
            row.insert("chain_file".to_owned(), chain.map(|d| d.arg(0)).into());
            row.insert("key_mode".to_owned(), key.map_or(Value::Null, |key| key["mode"].clone()));
            row.insert("key_uid".to_owned(), key.map_or(Value::Null, |key| key["uid"].clone()));
            rows.push(row.into());
        }
    }
    rows
}
