//! Settings files of hosts are hostile input: whatever they hold, their reduction ends, is bounded,
//! and lets no secret through that stands where a secret stands.

use carepack_shared::reduce::{banner, dns, ftp, mail, samba, shell, snmp};
use proptest::prelude::*;
use proptest::sample::select;

/// Words, marks and line ends that the readers look at, and characters of several bytes.
fn noise() -> impl Strategy<Value = String> {
    let pieces = [
        " ",
        "\t",
        "\n",
        "\r\n",
        "=",
        ";",
        "{",
        "}",
        "\"",
        "'",
        "#",
        "//",
        "/*",
        "*/",
        "&&",
        "||",
        "\\",
        "\0",
        "한",
        "\u{202e}",
        "zone",
        "options",
        "view",
        "include",
        "allow-transfer",
        "allow-update",
        "type",
        "rocommunity",
        "com2sec",
        "-Cn",
        "default",
        "rouser",
        "TMOUT=",
        "PATH=",
        "umask",
        "export",
        "declare -x",
        "set",
        "path",
        "autologout",
        "if",
        "fi",
        "[global]",
        "[",
        "guest ok",
        "yes",
        "mynetworks",
        "O PrivacyOptions=",
        "Banner",
        "anonymous_enable",
        "root",
    ];
    proptest::collection::vec(select(pieces.to_vec()), 0..200).prop_map(|words| words.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn every_reduction_ends_and_is_bounded(text in noise()) {
        let mut zones = dns::Dns::default();
        dns::read(&text, &mut zones);
        prop_assert!(zones.zones.len() <= 500);
        let mut agent = snmp::Snmp::default();
        snmp::read(&text, &mut agent);
        prop_assert!(agent.communities.len() <= 200);
        prop_assert!(shell::settings("f", &text).len() <= 60);
        prop_assert!(samba::sections(&text).len() <= 300);
        prop_assert!(mail::sendmail(&text).privacy.len() <= 50);
        let _ = (mail::postfix(&text), ftp::vsftpd(&text), ftp::proftpd(&text));
        let _ = (ftp::list("f", &text), banner::banner("f", &text), banner::of_sshd(&text));
    }

    #[test]
    fn a_community_stays_whatever_stands_around_it(before in noise(), after in noise()) {
        let text = format!("{before}\nrocommunity Hidden-Word-77 {after}\ncom2sec a b Hidden-Word-77\n");
        let mut agent = snmp::Snmp::default();
        snmp::read(&text, &mut agent);
        prop_assert!(!agent.communities.is_empty());
        let told = serde_json::to_string(&agent).expect("it serialises");
        prop_assert!(!told.contains("Hidden-Word-77"), "{told}");
    }
}
