//! What contracts are promised, from the data folder: the calendar with the operator's own days
//! (`DATA/service/holidays.yaml`), the levels with the operator's own values
//! (`DATA/service/levels.yaml`).

use std::io::Read;
use std::path::{Path, PathBuf};

use carepack_service::calendar::Calendar;
use carepack_service::levels::{Catalogue, LevelsError};
use carepack_service::recorded::{self, Kinds, RecordedError};

/// Longest file that is read.
const BYTES_MAX: u64 = 256 * 1024;

/// A file of the service folder that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ServiceError {
    #[error("reading {}", path.display())]
    Read {
        path: PathBuf,
        #[source]
        source: std::io::Error,
    },
    #[error("{} is longer than {BYTES_MAX} bytes", path.display())]
    TooLong { path: PathBuf },
    #[error("{} is no table of holidays", path.display())]
    Holidays {
        path: PathBuf,
        #[source]
        source: serde_yaml_ng::Error,
    },
    #[error("{} cannot be used", path.display())]
    Levels {
        path: PathBuf,
        #[source]
        source: LevelsError,
    },
    #[error("{} cannot be used", path.display())]
    Recorded {
        path: PathBuf,
        #[source]
        source: RecordedError,
    },
}

/// The kinds of services that are recorded, with the operator's own (`DATA/service/recorded.yaml`).
///
/// # Errors
/// [`ServiceError`] names the file.
pub fn kinds(data: &Path) -> Result<Kinds, ServiceError> {
    let path = data.join("service/recorded.yaml");
    let own = read(&path)?;
    recorded::with(own.as_deref()).map_err(|source| ServiceError::Recorded { path, source })
}

/// The calendar and the levels.
#[derive(Clone, Debug)]
pub struct Service {
    pub calendar: Calendar,
    pub levels: Catalogue,
}

impl Service {
    /// Reads the folder; what is not there is as built in.
    ///
    /// # Errors
    /// [`ServiceError`] names the file.
    pub fn load(data: &Path) -> Result<Self, ServiceError> {
        let path = data.join("service/levels.yaml");
        let own = read(&path)?;
        let levels = Catalogue::with(own.as_deref());
        let levels = levels.map_err(|source| ServiceError::Levels { path, source })?;
        Ok(Self { calendar: calendar(data)?, levels })
    }
}

/// The calendar alone.
///
/// # Errors
/// [`ServiceError`] names the file.
pub fn calendar(data: &Path) -> Result<Calendar, ServiceError> {
    let path = data.join("service/holidays.yaml");
    let own = read(&path)?;
    let fault = |source| ServiceError::Holidays { path: path.clone(), source };
    let mut calendar = Calendar::korea().map_err(fault)?;
    if let Some(text) = own {
        calendar.amend(&text).map_err(fault)?;
    }
    Ok(calendar)
}

fn read(path: &Path) -> Result<Option<String>, ServiceError> {
    let fail = |source| ServiceError::Read { path: path.to_owned(), source };
    let file = match std::fs::File::open(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        other => other.map_err(fail)?,
    };
    let mut text = String::new();
    file.take(BYTES_MAX + 1).read_to_string(&mut text).map_err(fail)?;
    if text.len() as u64 > BYTES_MAX {
        return Err(ServiceError::TooLong { path: path.to_owned() });
    }
    Ok(Some(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_operators_own_files_are_read_and_a_bent_one_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let built_in = Service::load(folder.path()).unwrap();
        let day = "2027-01-04".parse().unwrap();
        assert!(built_in.calendar.holiday(day).is_none());
        std::fs::create_dir(folder.path().join("service")).unwrap();
        let write = |name: &str, text: &str| {
            std::fs::write(folder.path().join("service").join(name), text).unwrap();
        };
        write("holidays.yaml", "added: [{day: 2027-01-04, ko: 임시공휴일, en: Temporary}]\n");
        write("levels.yaml", "contracts: {shop: {first_response_hours: 1}}\n");
        let own = Service::load(folder.path()).unwrap();
        assert!(own.calendar.holiday(day).is_some());
        assert_eq!(own.levels.of("shop", "premium").unwrap().first_response_hours, 1);
        write("levels.yaml", "contracts: {shop: {first_response_hours: 0}}\n");
        let refused = Service::load(folder.path()).unwrap_err();
        assert!(refused.to_string().contains("levels.yaml"), "{refused}");
    }
}
