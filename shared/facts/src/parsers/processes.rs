//! Processes as counted on the host, and the limits that they share.

use carepack_shared::Unseen;
use serde::Deserialize;
use serde_json::Value;

use crate::text::int;
use crate::{Evidence, Facts, Parser, Spec};

const PROCESSES: &str = "survey:processes";
const FILE_NR: &str = "/proc/sys/fs/file-nr";
const PID_MAX: &str = "/proc/sys/kernel/pid_max";
const THREADS_MAX: &str = "/proc/sys/kernel/threads-max";

pub static PARSER: Parser = Parser {
    name: "processes",
    facts: &[
        Spec { key: "processes.total", unit: "processes", about: "processes" },
        Spec { key: "processes.threads", unit: "threads", about: "threads" },
        Spec { key: "processes.zombies", unit: "processes", about: "ended and not reaped" },
        Spec { key: "processes.uninterruptible", unit: "", about: "processes in D state" },
        Spec { key: "processes.top_cpu", unit: "", about: "most CPU seconds since they began" },
        Spec { key: "processes.top_rss", unit: "", about: "most resident memory" },
        Spec { key: "processes.names", unit: "processes", about: "name → processes" },
        Spec { key: "processes.pid_max", unit: "", about: "highest process id" },
        Spec { key: "processes.threads_max", unit: "threads", about: "most threads" },
        Spec { key: "files.open", unit: "handles", about: "file handles in use" },
        Spec { key: "files.max", unit: "handles", about: "most file handles" },
    ],
    parse,
};

#[derive(Deserialize)]
struct Processes {
    total: i64,
    /// Not every output that an archive holds counts them.
    threads: Option<i64>,
    zombies: i64,
    #[serde(default)]
    uninterruptible: Vec<Value>,
    #[serde(default)]
    top_cpu: Vec<Value>,
    #[serde(default)]
    top_rss: Vec<Value>,
    #[serde(default)]
    names: serde_json::Map<String, Value>,
}

fn parse(evidence: &Evidence<'_>, facts: &mut Facts) {
    match evidence.survey::<Processes>(PROCESSES) {
        Ok(found) => {
            facts.put("processes.total", found.total, PROCESSES);
            facts.set("processes.threads", found.threads.ok_or(Unseen::Absent), PROCESSES);
            facts.put("processes.zombies", found.zombies, PROCESSES);
            facts.put("processes.uninterruptible", found.uninterruptible, PROCESSES);
            facts.put("processes.top_cpu", found.top_cpu, PROCESSES);
            facts.put("processes.top_rss", found.top_rss, PROCESSES);
            facts.put("processes.names", found.names, PROCESSES);
        }
        Err(reason) => {
            let keys = PARSER.facts.iter().map(|spec| spec.key).take(7);
            keys.for_each(|key| facts.miss(key, reason, PROCESSES));
        }
    }
    for (key, path) in [("processes.pid_max", PID_MAX), ("processes.threads_max", THREADS_MAX)] {
        let number = evidence.text(path).and_then(|text| int(text).ok_or(Unseen::Malformed));
        facts.set(key, number, path);
    }
    // "allocated free maximum"; a 64-bit maximum of 2^63-1 is kept as it is.
    for (key, column) in [("files.open", 0), ("files.max", 2)] {
        let number = evidence.text(FILE_NR).and_then(|text| {
            text.split_whitespace().nth(column).and_then(int).ok_or(Unseen::Malformed)
        });
        facts.set(key, number, FILE_NR);
    }
}
