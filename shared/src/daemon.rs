//! Which programs belong to the products under contract, and what of their command lines may
//! travel: an allow-list of options, by program. Whatever is not named here stays on the host.
//!
//! It does not know how a process is found: the agent reads `/proc`, an archive brings `ps`.

/// Most words kept of one command line.
pub const WORDS_MAX: usize = 100;
/// Longest word kept, in bytes: a longer one is dropped whole.
pub const WORD_BYTES_MAX: usize = 400;

/// A product's program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Program {
    /// The product, as surveys name it: `httpd`, `java`, `mysqld`.
    pub product: &'static str,
    /// The names of its executables.
    names: &'static [&'static str],
    /// Options kept whole when a word begins so.
    prefixes: &'static [&'static str],
    /// Options whose value is the next word.
    pairs: &'static [&'static str],
    /// Plain words kept when they are just this.
    words: &'static [&'static str],
}

/// Options of Java that run a command line: named, without it.
const RUNS: &[&str] = &["-XX:OnOutOfMemoryError=", "-XX:OnError="];

/// The programs of the products, and of what stands beside them.
const PROGRAMS: &[Program] = &[
    Program {
        product: "httpd",
        names: &["httpd", "httpd.worker", "httpd.event", "apache2"],
        prefixes: &["-D"],
        pairs: &["-f", "-d", "-k", "-D", "-E"],
        words: &[],
    },
    Program {
        product: "java",
        names: &["java"],
        prefixes: &[
            "-Xm",
            "-Xss",
            "-XX:",
            "-Xlog:gc",
            "-Xloggc:",
            "-Xrs",
            "-Xverify",
            "-Xrunjdwp:",
            "-agentlib:jdwp",
            "-verbose:gc",
            "-server",
            "-client",
            "-D[",
            "-Dcatalina.home=",
            "-Dcatalina.base=",
            "-Djava.io.tmpdir=",
            "-Djava.awt.headless=",
            "-Djava.net.preferIPv4Stack=",
            "-Djava.security.egd=",
            "-Djava.util.logging.config.file=",
            "-Dfile.encoding=",
            "-Dcom.sun.management.jmxremote",
            "-Djboss.home.dir=",
            "-Djboss.server.base.dir=",
            "-Djboss.server.config.dir=",
            "-Djboss.server.log.dir=",
            "-Djboss.server.name=",
            "-Djboss.node.name=",
            "-Djboss.domain.base.dir=",
            "-Djboss.bind.address",
            "-Djboss.http.port=",
            "-Djboss.https.port=",
            "-Djboss.ajp.port=",
            "-Djboss.management.http.port=",
            "-Djboss.management.https.port=",
            "-Djboss.default.jgroups.stack=",
            "-Djboss.default.multicast.address=",
            "-Djava.rmi.server.hostname=",
            "-Dsun.net.inetaddr.ttl=",
            "-Djboss.socket.binding.port-offset=",
            "-Djboss.tx.node.id=",
            "-Dorg.jboss.boot.log.file=",
            "-Dlogging.configuration=",
            "--server-config",
            "--domain-config",
            "--host-config",
            "-b=",
            "-bmanagement=",
            "-bprivate=",
            "-bunsecure=",
        ],
        pairs: &["-c", "-b", "-bmanagement", "-bprivate", "-bunsecure"],
        words: &[
            "org.apache.catalina.startup.Bootstrap",
            "org.jboss.modules.Main",
            "org.jboss.as.standalone",
            "org.jboss.as.process-controller",
            "org.jboss.as.host-controller",
            "org.jboss.as.server",
            "start",
        ],
    },
    Program {
        product: "mysqld",
        names: &["mysqld", "mariadbd"],
        prefixes: &[
            "--defaults-file=",
            "--defaults-extra-file=",
            "--defaults-group-suffix=",
            "--basedir=",
            "--datadir=",
            "--plugin-dir=",
            "--user=",
            "--log-error=",
            "--pid-file=",
            "--socket=",
            "--port=",
            "--server-id=",
            "--open-files-limit=",
            "--skip-grant-tables",
            "--skip-networking",
            "--initialize-insecure",
            "--innodb-force-recovery=",
            "--no-defaults",
            "--bind-address=",
            "--log-bin",
            "--skip-log-bin",
            "--read-only",
            "--max-connections=",
            "--innodb-buffer-pool-size=",
            "--innodb-flush-log-at-trx-commit=",
            "--sync-binlog=",
        ],
        pairs: &[],
        words: &[],
    },
    Program {
        product: "cluster",
        names: &[
            "corosync",
            "pacemakerd",
            "pacemaker-based",
            "pacemaker-controld",
            "pacemaker-fenced",
            "pcsd",
            "sbd",
            "corosync-qdevice",
            "corosync-qnetd",
            "boothd",
            "cman",
            "rgmanager",
            "ccsd",
            "fenced",
        ],
        prefixes: &["-f"],
        pairs: &[],
        words: &[],
    },
    Program {
        product: "balancer",
        names: &["haproxy", "keepalived", "nginx"],
        prefixes: &[],
        pairs: &["-f"],
        words: &[],
    },
];

/// The program of an executable's name; none when no product has it.
#[must_use]
pub fn program(executable: &str) -> Option<&'static Program> {
    let name = executable.rsplit('/').next().unwrap_or(executable);
    PROGRAMS.iter().find(|program| program.names.contains(&name))
}

/// Whether a process may be one of the programs, by the name that the kernel keeps of it: the
/// first 15 bytes (proc(5), `comm`).
#[must_use]
pub fn may_be(comm: &str) -> bool {
    const COMM_BYTES_MAX: usize = 15;
    let cut = |name: &str| comm == &name[..name.len().min(COMM_BYTES_MAX)];
    PROGRAMS.iter().any(|program| program.names.iter().any(|name| cut(name)))
}

impl Program {
    /// What of a command line may travel: `argv[0]` and the options of the allow-list.
    ///
    /// An option that only carries a secret in some versions is not in the list; an agent
    /// library (`-javaagent:`) is named without its settings.
    #[must_use]
    pub fn kept<'a>(&self, argv: &[&'a str]) -> Vec<&'a str> {
        let mut kept = Vec::new();
        let mut words = argv.iter().copied();
        kept.extend(words.next());
        let mut takes_next = false;
        for word in words {
            if kept.len() >= WORDS_MAX {
                break;
            }
            if word.len() > WORD_BYTES_MAX {
                takes_next = false;
                continue;
            }
            if std::mem::take(&mut takes_next) {
                kept.push(word);
            } else if self.pairs.contains(&word) {
                kept.push(word);
                takes_next = true;
            } else if RUNS.iter().any(|option| word.starts_with(option)) {
                kept.push(word.split('=').next().unwrap_or(word));
            } else if self.words.contains(&word) || self.begins(word) {
                kept.push(word);
            } else if word.starts_with("-javaagent:") {
                kept.push(word.split('=').next().unwrap_or(word));
            }
        }
        kept
    }

    fn begins(&self, word: &str) -> bool {
        self.prefixes.iter().any(|prefix| word.starts_with(prefix))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(line: &str, expected: &str) {
        let argv: Vec<&str> = line.split(' ').collect();
        let kept = program(argv[0]).map(|program| program.kept(&argv).join(" "));
        assert_eq!(kept.as_deref().unwrap_or("-"), expected, "{line}");
    }

    #[test]
    fn options_of_the_list_travel_and_nothing_else() {
        check("/usr/sbin/httpd -DFOREGROUND", "/usr/sbin/httpd -DFOREGROUND");
        check(
            "/opt/h/bin/httpd -f /opt/h/a.conf -k start",
            "/opt/h/bin/httpd -f /opt/h/a.conf -k start",
        );
        check(
            "/usr/bin/java -Xmx2g -Ddb.password=hunter2 -Dcatalina.base=/t1 -cp a.jar \
             org.apache.catalina.startup.Bootstrap start",
            "/usr/bin/java -Xmx2g -Dcatalina.base=/t1 org.apache.catalina.startup.Bootstrap start",
        );
        check(
            "java -javaagent:/opt/apm.jar=key=s3cret,host=x -jar app.jar --token=x",
            "java -javaagent:/opt/apm.jar",
        );
        check(
            "java -XX:OnOutOfMemoryError=/opt/notify?token=x -agentlib:jdwp=address=*:8787 \
             -bmanagement 0.0.0.0",
            "java -XX:OnOutOfMemoryError -agentlib:jdwp=address=*:8787 -bmanagement 0.0.0.0",
        );
        check(
            "/usr/libexec/mysqld --basedir=/usr --password=x",
            "/usr/libexec/mysqld --basedir=/usr",
        );
        check("/usr/sbin/apache2 -D SSL -k start", "/usr/sbin/apache2 -D SSL -k start");
        check("/usr/bin/python3 app.py", "-");
    }

    #[test]
    fn the_kernel_cuts_names() {
        for (comm, expected) in
            [("httpd", true), ("pacemaker-contr", true), ("pacemaker-con", false), ("sh", false)]
        {
            assert_eq!(may_be(comm), expected, "{comm}");
        }
    }

    #[test]
    fn long_lines_end() {
        let word = "-Xmx1g ".repeat(WORDS_MAX * 3);
        let line = format!("java {word}-D[{}]", "x".repeat(WORD_BYTES_MAX));
        let argv: Vec<&str> = line.split(' ').collect();
        let kept = program("java").unwrap().kept(&argv);
        assert_eq!(kept.len(), WORDS_MAX);
        let long = format!("-Xss{}", "1".repeat(WORD_BYTES_MAX));
        assert_eq!(program("java").unwrap().kept(&["java", &long, "start"]), ["java", "start"]);
    }
}
