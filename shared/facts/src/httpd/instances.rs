//! Which instances of httpd there are: those that run, by how they were started, and those whose
//! main file lies in a known place. It does not know what their files say.

use super::config::absolute;
use crate::text::base;

/// Most instances of one host.
const INSTANCES_MAX: usize = 16;

/// A running httpd, as far as its options travel.
#[derive(Clone, Debug, Default)]
pub struct Process {
    pub argv: Vec<String>,
    pub exe: Option<String>,
}

/// One instance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Instance {
    /// Its main file.
    pub main: String,
    /// What relative paths are relative to, until the file says otherwise.
    pub root: String,
    pub defines: Vec<String>,
    pub running: bool,
    /// The program, where it is known.
    pub binary: String,
}

/// Main file, root, program: of RHEL, its software collections and core services, of builds from
/// source, of Debian.
const KNOWN: [(&str, &str, &str); 7] = [
    ("/etc/httpd/conf/httpd.conf", "/etc/httpd", "/usr/sbin/httpd"),
    ("/etc/apache2/apache2.conf", "/etc/apache2", "/usr/sbin/apache2"),
    (
        "/opt/rh/httpd24/root/etc/httpd/conf/httpd.conf",
        "/opt/rh/httpd24/root/etc/httpd",
        "/opt/rh/httpd24/root/usr/sbin/httpd",
    ),
    (
        "/opt/rh/jbcs-httpd24/root/etc/httpd/conf/httpd.conf",
        "/opt/rh/jbcs-httpd24/root/etc/httpd",
        "/opt/rh/jbcs-httpd24/root/usr/sbin/httpd",
    ),
    ("/usr/local/apache2/conf/httpd.conf", "/usr/local/apache2", "/usr/local/apache2/bin/httpd"),
    ("/usr/local/apache/conf/httpd.conf", "/usr/local/apache", "/usr/local/apache/bin/httpd"),
    ("/opt/apache2/conf/httpd.conf", "/opt/apache2", "/opt/apache2/bin/httpd"),
];

/// Every instance: running ones first, each main file once.
#[must_use]
pub fn instances(processes: &[Process], exists: &dyn Fn(&str) -> bool) -> Vec<Instance> {
    let mut found: Vec<Instance> = Vec::new();
    let known = KNOWN.iter().map(|&(main, root, binary)| Instance {
        main: main.to_owned(),
        root: root.to_owned(),
        defines: Vec::new(),
        running: false,
        binary: binary.to_owned(),
    });
    for instance in processes.iter().filter_map(running).chain(known) {
        let twice = found.iter().any(|other| other.main == instance.main);
        if !twice && found.len() < INSTANCES_MAX && exists(&instance.main) {
            found.push(instance);
        }
    }
    found
}

fn running(process: &Process) -> Option<Instance> {
    let first = process.argv.first()?.split_whitespace().next()?;
    let exe = process.exe.as_deref().map(|exe| exe.trim_end_matches(" (deleted)"));
    let program = exe.or(first.starts_with('/').then_some(first));
    let by_name = |name: &str| KNOWN.iter().find(|(_, _, binary)| base(binary) == name);
    // `httpd.worker` and `httpd.event` of RHEL 6 read the same files.
    let name = base(program.unwrap_or(first)).split('.').next().unwrap_or_default();
    let known = match program {
        Some(path) => KNOWN
            .iter()
            .find(|(_, _, binary)| path.split('.').next() == Some(*binary) || path == *binary),
        None => by_name(name),
    };
    let (mut main, mut root) = match (known, program) {
        (Some((main, root, _)), _) => ((*main).to_owned(), (*root).to_owned()),
        (None, Some(path)) => {
            let prefix = path.rsplit_once("/bin/").or_else(|| path.rsplit_once("/sbin/"))?.0;
            (format!("{prefix}/conf/httpd.conf"), prefix.to_owned())
        }
        (None, None) => return None,
    };
    if let Some(given) = after(&process.argv, "-d") {
        main = format!("{given}/conf/httpd.conf");
        root = given.to_owned();
    }
    if let Some(given) = after(&process.argv, "-f") {
        main = absolute(&root, given);
    }
    let glued = process.argv.iter().filter_map(|word| word.strip_prefix("-D"));
    let parted = process.argv.windows(2).filter(|pair| pair[0] == "-D").map(|pair| &*pair[1]);
    let defines = glued.filter(|name| !name.is_empty()).chain(parted);
    let defines = defines.map(str::to_owned).collect();
    let binary = program.or(known.map(|(_, _, binary)| *binary)).unwrap_or(first).to_owned();
    Some(Instance { main, root, defines, running: true, binary })
}

fn after<'a>(argv: &'a [String], option: &str) -> Option<&'a str> {
    let at = argv.iter().position(|word| word == option)?;
    argv.get(at + 1).map(String::as_str)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(lines: &[&str], there: &[&str], expected: &[(&str, &str, bool)]) {
        let processes: Vec<Process> = lines
            .iter()
            .map(|line| Process { argv: line.split(' ').map(str::to_owned).collect(), exe: None })
            .collect();
        let found = instances(&processes, &|path| there.contains(&path));
        let found: Vec<(&str, &str, bool)> =
            found.iter().map(|one| (&*one.main, &*one.root, one.running)).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn running_ones_come_first_and_each_stands_once() {
        let rhel = "/etc/httpd/conf/httpd.conf";
        check(&[], &[rhel], &[(rhel, "/etc/httpd", false)]);
        check(&["/usr/sbin/httpd -DFOREGROUND"; 3], &[rhel], &[(rhel, "/etc/httpd", true)]);
        check(
            &["/opt/web/bin/httpd -d /srv/w1 -k start", "/usr/sbin/httpd -f conf/shop.conf"],
            &["/srv/w1/conf/httpd.conf", "/etc/httpd/conf/shop.conf", rhel],
            &[
                ("/srv/w1/conf/httpd.conf", "/srv/w1", true),
                ("/etc/httpd/conf/shop.conf", "/etc/httpd", true),
                (rhel, "/etc/httpd", false),
            ],
        );
        check(&["/opt/web/bin/httpd -k start"], &[], &[]);
        check(&["/usr/sbin/httpd.worker"], &[rhel], &[(rhel, "/etc/httpd", true)]);
    }

    #[test]
    fn names_given_at_the_start_are_kept() {
        let argv = ["/usr/sbin/httpd", "-DSSL", "-D", "PROD"].map(str::to_owned).to_vec();
        let found = instances(&[Process { argv, exe: None }], &|_| true);
        assert_eq!(found[0].defines, ["SSL", "PROD"]);
    }
}
