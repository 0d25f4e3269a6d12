//! How an instance is started, and which version it is.

use carepack_shared::daemon;

/// Most flags of one file.
const FLAGS_MAX: usize = 100;

/// The Java flags of `setenv.sh`, `tomcat.conf` or `/etc/sysconfig/tomcat` that may travel: those
/// of the allow-list of command lines, of lines that set `JAVA_OPTS` or `CATALINA_OPTS`.
#[must_use]
pub fn flags(text: &str) -> Vec<String> {
    let joined = text.replace("\\\n", " ");
    let lines = joined.lines().map(str::trim).filter(|line| !line.starts_with('#'));
    let sets = lines.filter(|line| {
        let name = line.trim_start_matches("export ").split('=').next().unwrap_or_default();
        ["OPTS", "OPTIONS", "MEMORY", "HEAP"].iter().any(|word| name.contains(word))
    });
    let words = sets.flat_map(|line| line.split([' ', '\t', '"', '\'']));
    // The variable and its sign stand before the first flag: `JAVA_OPTS=-Xmx1g`.
    let words = words.map(|word| match word.find("=-") {
        Some(at) if !word.starts_with('-') => &word[at + 1..],
        _ => word,
    });
    let words: Vec<&str> = std::iter::once("java").chain(words).collect();
    let Some(java) = daemon::program("java") else { return Vec::new() };
    let kept = java.kept(&words).into_iter().skip(1).filter(|word| word.starts_with('-'));
    kept.take(FLAGS_MAX).map(str::to_owned).collect()
}

/// `9.0.87` of `ServerInfo.properties` (`server.number=9.0.87.0`) or of the heading of
/// `RELEASE-NOTES` (`Apache Tomcat Version 9.0.87`).
#[must_use]
pub fn version(text: &str) -> Option<String> {
    let of = |rest: &str| {
        let word = rest.split_whitespace().next()?;
        let parts: Vec<&str> = word.split('.').take(3).collect();
        let digits = |part: &&str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
        // `10.1.0-M1` is a milestone of 10.1.0.
        let last = parts.last()?.split('-').next()?;
        let whole = [&parts[..parts.len() - 1], &[last]].concat();
        (whole.len() >= 2 && whole.iter().all(digits)).then(|| whole.join("."))
    };
    text.lines().find_map(|line| {
        let line = line.trim();
        let rest = line
            .strip_prefix("server.number=")
            .or_else(|| line.strip_prefix("Apache Tomcat Version "))
            .or_else(|| line.strip_prefix("Server number:"));
        rest.and_then(of)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_of_the_list_travel() {
        let text = "# JAVA_OPTS=-Xmx9g\nexport JAVA_OPTS=\"-Xms1g -Xmx2g \\\n  -Ddb.pw=hunter2\"\n\
            CATALINA_OPTS='$CATALINA_OPTS -XX:+HeapDumpOnOutOfMemoryError'\nPATH=/x -Xss1m\n\
            JAVA_OPTS=-Xss512k\n";
        let expected = ["-Xms1g", "-Xmx2g", "-XX:+HeapDumpOnOutOfMemoryError", "-Xss512k"];
        assert_eq!(flags(text), expected);
    }

    #[test]
    fn versions() {
        let check = |text, expected: Option<&str>| {
            assert_eq!(version(text).as_deref(), expected, "{text}");
        };
        check("server.info=Apache Tomcat/9.0.87\nserver.number=9.0.87.0\n", Some("9.0.87"));
        check("                     Apache Tomcat Version 8.5.100\n", Some("8.5.100"));
        check("server.number=10.1.0-M1", Some("10.1.0"));
        check("server.number=x.y", None);
        check("", None);
    }
}
