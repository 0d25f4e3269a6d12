//! The schema's history, one SQL file a step and dialect, equal numbers in both.
//!
//! A store that is newer than this version is refused by refinery (a step applied there is
//! missing here). To add a step: two files and one line.

use refinery::{Migration, Runner};

macro_rules! steps {
    ($dialect:literal, $($name:literal),*) => {
        &[$(($name, include_str!(concat!("migrations/", $dialect, "/", $name, ".sql")))),*]
    };
}

const SQLITE: &[(&str, &str)] = steps!(
    "sqlite",
    "V1__init",
    "V2__advisories",
    "V3__notices",
    "V4__console",
    "V5__cases",
    "V6__reviews",
    "V7__desk",
    "V8__services",
    "V9__dates",
    "V10__handovers",
    "V11__machines"
);
const POSTGRES: &[(&str, &str)] = steps!(
    "postgres",
    "V1__init",
    "V2__advisories",
    "V3__notices",
    "V4__console",
    "V5__cases",
    "V6__reviews",
    "V7__desk",
    "V8__services",
    "V9__dates",
    "V10__handovers",
    "V11__machines"
);

/// The steps for SQLite.
///
/// # Errors
/// When a file's name is not of refinery's form.
pub fn sqlite() -> Result<Runner, refinery::Error> {
    runner(SQLITE)
}

/// The steps for PostgreSQL.
///
/// # Errors
/// When a file's name is not of refinery's form.
pub fn postgres() -> Result<Runner, refinery::Error> {
    runner(POSTGRES)
}

fn runner(steps: &[(&str, &str)]) -> Result<Runner, refinery::Error> {
    let steps: Result<Vec<_>, _> =
        steps.iter().map(|(name, sql)| Migration::unapplied(name, sql)).collect();
    Ok(Runner::new(&steps?))
}

#[cfg(test)]
mod tests {
    #[test]
    fn every_file_is_a_step_of_both_dialects() {
        let names = |steps: &[(&str, &str)]| -> Vec<String> {
            steps.iter().map(|(name, _)| format!("{name}.sql")).collect()
        };
        assert_eq!(names(super::SQLITE), names(super::POSTGRES));
        for dialect in ["sqlite", "postgres"] {
            let folder = format!("{}/src/store/migrations/{dialect}", env!("CARGO_MANIFEST_DIR"));
            let mut files: Vec<String> = std::fs::read_dir(folder)
                .unwrap()
                .map(|entry| entry.unwrap().file_name().into_string().unwrap())
                .collect();
            files.sort_by_key(|file| {
                let number = file[1..].split("__").next().unwrap();
                number.parse::<u32>().unwrap()
            });
            assert_eq!(files, names(super::SQLITE), "{dialect}");
        }
    }
}
