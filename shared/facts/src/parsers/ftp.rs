//! Who may come in over FTP, and what the server tells of itself.

use carepack_shared::Unseen;
use carepack_shared::reduce::ftp::Ftp;
use serde_json::{Value, json};

use super::services::runs;
use crate::{Evidence, Facts, Parser, Spec};

const FTP: &str = "survey:ftp";
const KEYS: [&str; 3] = ["ftp.vsftpd", "ftp.proftpd", "ftp.lists"];

pub static PARSER: Parser = Parser {
    name: "ftp",
    facts: &[
        Spec { key: "ftp.running", unit: "", about: "an FTP server runs" },
        Spec { key: "ftp.vsftpd", unit: "", about: "settings of vsftpd.conf; empty without one" },
        Spec {
            key: "ftp.proftpd",
            unit: "",
            about: "settings of proftpd.conf, and `anonymous`; empty without one",
        },
        Spec { key: "ftp.lists", unit: "", about: "lists of users: file, names, root in it" },
        Spec {
            key: "ftp.banner",
            unit: "",
            about: "what is shown at the connection; may be empty",
        },
    ],
    parse,
};

fn parse(evidence: &Evidence<'_>, facts: &mut Facts) {
    let running = runs(evidence, &["vsftpd", "proftpd", "pure-ftpd"], FTP);
    facts.set("ftp.running", running, FTP);
    match evidence.survey::<Ftp>(FTP) {
        Ok(ftp) => tell(ftp, facts),
        Err(reason) => {
            facts.miss_all(&KEYS, reason, FTP);
            facts.miss("ftp.banner", reason, FTP);
        }
    }
}

fn tell(ftp: Ftp, facts: &mut Facts) {
    let set = |key: &str| ftp.vsftpd.as_ref().and_then(|settings| settings.get(key)).cloned();
    let banner = match (set("banner_file"), set("ftpd_banner"), ftp.banner) {
        (Some(_), _, Some(text)) | (None, Some(text), _) => Ok(text),
        // Named, and not brought along.
        (Some(_), _, None) => Err(Unseen::Absent),
        (None, None, _) => {
            let ident = ftp.proftpd.as_ref().and_then(|p| p.settings.get("serverident"));
            Ok(ident.cloned().unwrap_or_default())
        }
    };
    facts.set("ftp.banner", banner, FTP);
    facts.put("ftp.vsftpd", json!(ftp.vsftpd.unwrap_or_default()), FTP);
    let proftpd = ftp.proftpd.map_or_else(
        || json!({}),
        |seen| {
            let mut settings = json!(seen.settings);
            settings["anonymous"] = seen.anonymous.into();
            settings
        },
    );
    facts.put("ftp.proftpd", proftpd, FTP);
    let one = |list: &carepack_shared::reduce::ftp::List| json!({"file": list.file, "names": list.names, "root": list.root});
    facts.put("ftp.lists", ftp.lists.iter().map(one).collect::<Vec<Value>>(), FTP);
}
