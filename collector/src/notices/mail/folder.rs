//! Mails as `.eml` files, for sites without a mail server: a person carries them on.
//!
//! A file's name is the delivery's id, so the same mail written twice is one file.

use std::io::Write;

use uuid::Uuid;

use super::Outcome;
use super::message::Written;
use crate::config::Mail;

pub fn post(mail: &Mail, written: &Written, delivery: Uuid) -> Outcome {
    let Some(folder) = &mail.folder else {
        return Outcome::Later("mail.folder is not set".to_owned());
    };
    let write = || -> std::io::Result<()> {
        std::fs::create_dir_all(folder)?;
        let mut file = tempfile::NamedTempFile::new_in(folder)?;
        file.write_all(&written.bytes)?;
        file.as_file().sync_all()?;
        file.persist(folder.join(format!("{delivery}.eml")))?;
        std::fs::File::open(folder)?.sync_all()
    };
    match write() {
        Ok(()) => Outcome::Taken,
        Err(error) => Outcome::Later(format!("{}: {error}", folder.display())),
    }
}
