//! The products' own logs: which files, how much of them, and what of it the journal says again.
//!
//! Who finds them is the probe (`probes::logs`), from the running instances and their
//! configuration: their paths are anybody's words, so they are opened like everything else and
//! held against the customer's deny list here, one by one.

use carepack_shared::Unseen;
use carepack_shared::product_log::{Product, of_console};

use super::FileMark;
use super::coverage::{Coverage, Gap};
use super::files::{Files, Wanted};
use super::syslog::Format;
use super::tally::Line;
use crate::host::Missed;

/// Most logs of products in one scan.
pub const LOGS_MAX: usize = 64;
/// Most taken of one of them in one scan, as plain bytes; of more, the newest part.
const LOG_BYTES_MAX: u64 = 256 * 1024 * 1024;
/// Most taken of all of them together.
const ALL_BYTES_MAX: u64 = 1024 * 1024 * 1024;

/// One log of a product.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProductLog {
    pub product: Product,
    /// Its file; a `*` stands for the date in the names of a log that begins a new file each day.
    pub path: String,
}

/// What a host's products log to.
#[derive(Default)]
pub struct Products {
    pub logs: Vec<ProductLog>,
    /// Whose every running instance has a log among them: what such a product prints on standard
    /// output as well need not be counted twice.
    pub complete: Vec<Product>,
}

/// Whether a path is kept back by the customer.
pub type Withheld<'a> = &'a dyn Fn(&str) -> bool;

impl Files<'_, '_> {
    /// Scans the products' logs and gives where each ended. What refuses is told as a gap.
    pub fn products(&mut self, products: &Products, withheld: Withheld<'_>) -> Vec<FileMark> {
        let mut marks = Vec::new();
        let mut left = ALL_BYTES_MAX;
        for log in products.logs.iter().take(LOGS_MAX) {
            let wanted = Wanted {
                path: &log.path,
                format: Format::Product(log.product),
                bytes_max: LOG_BYTES_MAX.min(left),
                product: Some(log.product),
                withheld,
            };
            let refused = match withheld(&log.path) {
                true => Err(Missed::new(Unseen::Withheld, "withheld")),
                false => self.one(&wanted, super::Window::default()),
            };
            let missed = match refused {
                Ok(mark) => {
                    let taken = self.coverage.last().map_or(0, Coverage::bytes_taken);
                    left = left.saturating_sub(taken);
                    marks.push(mark);
                    continue;
                }
                Err(missed) if missed.reason == Unseen::Absent => continue,
                Err(missed) => missed,
            };
            let why = match missed.reason {
                Unseen::Withheld | Unseen::Denied => missed.reason.as_str().to_owned(),
                _ => format!("unreadable: {}", missed.detail),
            };
            let mut coverage = Coverage::of_product(&log.path, log.product, self.host.now());
            let path = log.path.clone();
            coverage.gap(Gap { path, bytes: None, from: None, to: None, why });
            self.coverage.push(coverage);
        }
        marks
    }
}

/// Lines of the journal or a system log that a product's own log holds as well.
#[derive(Default)]
pub(super) struct Console {
    products: Vec<Product>,
    /// Who said the last of them, and when: the lines of a stack trace follow, without a form.
    last: Option<(Vec<u8>, i64)>,
}

impl Console {
    pub fn of(products: &Products) -> Self {
        Self { products: products.complete.clone(), last: None }
    }

    /// Whether it is such a line.
    pub fn says(&mut self, line: &Line<'_>) -> bool {
        /// A stack trace is printed at once.
        const TRACE_SECONDS_MAX: i64 = 1;
        if self.products.is_empty() {
            return false;
        }
        let Some(at) = line.at else { return false };
        if let Some(product) = of_console(line.message) {
            let ours = self.products.contains(&product);
            self.last = ours.then(|| (line.program.to_vec(), at));
            return ours;
        }
        self.last.as_ref().is_some_and(|(program, last)| {
            program == line.program && (at - last).abs() <= TRACE_SECONDS_MAX
        })
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use serde_json::{Value, json};

    use super::super::{LogState, Patterns, What, scan_with};
    use super::*;
    use crate::host::testing::Folder;

    const OUT: &str = "/opt/tomcat/logs/catalina.out";

    /// A host with a system log, so that a scan has something to tell.
    fn folder(description: &str) -> Folder {
        let folder = Folder::new(description);
        folder.put("root/var/log/messages", "Nov  4 01:00:00 w systemd: started\n");
        folder
    }

    fn logs(list: &[(Product, &str)]) -> Products {
        let one =
            |&(product, path): &(Product, &str)| ProductLog { product, path: path.to_owned() };
        Products { logs: list.iter().map(one).collect(), complete: Vec::new() }
    }

    fn scan(folder: &Folder, products: &Products, state: &mut LogState) -> Value {
        let withheld = |path: &str| path.starts_with("/kept");
        let what = What { patterns: Patterns::of_agent(), products, withheld: &withheld };
        let deadline = Instant::now() + Duration::from_secs(10);
        let (value, next) = scan_with(&folder.host(), state, deadline, &what).result.unwrap();
        *state = next;
        value
    }

    fn source<'v>(value: &'v Value, name: &str) -> &'v Value {
        let sources = value["sources"].as_array().unwrap();
        sources.iter().find(|one| one["name"] == name).unwrap_or(&Value::Null)
    }

    fn count(value: &Value, id: &str) -> u64 {
        let hits = value["patterns"].as_array().unwrap();
        hits.iter().find(|hit| hit["id"] == id).map_or(0, |hit| hit["count"].as_u64().unwrap())
    }

    const TRACE: &str = "\
        04-Nov-2026 01:12:00.123 SEVERE [main] a.b.C.d Servlet.service() for servlet [s] threw exception\n\
        java.lang.OutOfMemoryError: Java heap space\n\
        \tat shop.ErrorHandler.failed(ErrorHandler.java:7)\n\
        \tat org.apache.catalina.valves.StuckThreadDetectionValve.may be stuck(X.java:1)\n\
        \t... 12 more\n\
        Caused by: java.io.IOException: Too many open files\n\
        04-Nov-2026 01:13:00.123 WARNING [main] a.b.C.d The fatal gate failed quite unknown\n";

    #[test]
    fn a_stack_trace_is_one_fault_with_its_cause() {
        let folder = folder("");
        folder.put(&format!("root{OUT}"), TRACE);
        let value = scan(&folder, &logs(&[(Product::Tomcat, OUT)]), &mut LogState::default());
        let told = source(&value, OUT);
        assert_eq!((&told["lines"], &told["product"]), (&json!(7), &json!("tomcat")));
        assert_eq!(told["silences"], json!([]));
        assert_eq!(count(&value, "java.out_of_memory"), 1);
        assert_eq!(count(&value, "jvm.too_many_files"), 1);
        assert_eq!(count(&value, "tomcat.stuck_thread"), 0);
        assert_eq!(count(&value, "tomcat.severe"), 1);
        // Lines without a stamp have the time of their entry.
        let programs = value["programs"].as_array().unwrap();
        let tomcat = programs.iter().find(|one| one["name"] == "tomcat").unwrap();
        assert_eq!((&tomcat["lines"], &tomcat["days"]), (&json!(7), &json!(1)));
        let templates = value["templates"].as_array().unwrap();
        assert_eq!(templates.len(), 1, "{templates:?}");
        let text = templates[0]["template"].as_str().unwrap();
        assert!(text.contains("quite unknown"), "{text}");
        assert_eq!(value["by_priority"]["warning"], 1);
    }

    #[test]
    fn every_line_counts_once_through_dated_files() {
        let folder = folder("");
        let log = "/opt/tomcat/logs/catalina.*.log";
        let products = logs(&[(Product::Tomcat, log)]);
        let put = |day: &str, text: &str| {
            folder.put(&format!("root/opt/tomcat/logs/catalina.2026-11-{day}.log"), text);
        };
        let lines = |day: u32, count: u32| -> String {
            (0..count)
                .map(|n| format!("{day:02}-Nov-2026 01:{n:02}:00.1 SEVERE [m] a.b x\n"))
                .collect()
        };
        let mut state = LogState::default();
        put("03", &lines(3, 4));
        assert_eq!(count(&scan(&folder, &products, &mut state), "tomcat.severe"), 4);
        assert_eq!(count(&scan(&folder, &products, &mut state), "tomcat.severe"), 0);
        put("03", &lines(3, 6));
        put("04", &format!("{}unfinished", lines(4, 3)));
        assert_eq!(count(&scan(&folder, &products, &mut state), "tomcat.severe"), 5);
        let value = scan(&folder, &products, &mut state);
        assert_eq!(count(&value, "tomcat.severe"), 0);
        assert_eq!(source(&value, log)["gaps"], json!([]));
    }

    #[test]
    fn a_trace_that_goes_on_in_the_next_scan_keeps_its_time() {
        let folder = folder("");
        let products = logs(&[(Product::Tomcat, OUT)]);
        let mut state = LogState::default();
        let first = "04-Nov-2026 01:12:00.123 SEVERE [main] a.b.C.d x\n";
        folder.put(&format!("root{OUT}"), first);
        scan(&folder, &products, &mut state);
        folder.put(&format!("root{OUT}"), format!("{first}java.lang.OutOfMemoryError: x\n"));
        let value = scan(&folder, &products, &mut state);
        let hits = value["patterns"].as_array().unwrap();
        assert_eq!(hits[0]["days"], json!({"2026-11-04": 1}), "{hits:?}");
    }

    #[test]
    fn what_is_kept_back_or_refused_is_told() {
        let folder = folder("[[deny]]\npath = \"/var/log/mysqld.log\"\n");
        folder.put("root/kept/error_log", "[Wed Nov 04 01:12:00 2026] [error] x\n");
        folder.put("root/var/log/mysqld.log", "x\n");
        let products = logs(&[
            (Product::Httpd, "/kept/error_log"),
            (Product::Mysqld, "/var/log/mysqld.log"),
            (Product::Mysqld, "/var/log/absent.log"),
        ]);
        let value = scan(&folder, &products, &mut LogState::default());
        assert_eq!(source(&value, "/kept/error_log")["gaps"][0]["why"], "withheld");
        assert_eq!(source(&value, "/var/log/mysqld.log")["gaps"][0]["why"], "denied");
        assert_eq!(*source(&value, "/var/log/absent.log"), Value::Null);
        assert_eq!(value["truncated"], false);
    }

    #[test]
    fn what_the_system_log_says_again_counts_once() {
        let folder = folder("");
        folder.put(&format!("root{OUT}"), TRACE);
        let twice: String =
            TRACE.lines().map(|line| format!("Nov  4 01:12:00 w server[7]: {line}\n")).collect();
        let other = "Nov  4 01:20:00 w batch: java.lang.OutOfMemoryError: x\n";
        folder.put("root/var/log/messages", twice + other);
        let mut products = logs(&[(Product::Tomcat, OUT)]);
        products.complete.push(Product::Tomcat);
        let value = scan(&folder, &products, &mut LogState::default());
        assert_eq!(count(&value, "java.out_of_memory"), 2);
        assert_eq!(count(&value, "tomcat.severe"), 1);
        assert_eq!(source(&value, "/var/log/messages")["lines"], 8);
        // Where an instance has no file, nothing may be left out.
        products.complete.clear();
        let value = scan(&folder, &products, &mut LogState::default());
        assert_eq!(count(&value, "tomcat.severe"), 2);
    }
}
