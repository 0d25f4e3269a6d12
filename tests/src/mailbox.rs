//! A mailbox of the demo's own: receives mail over SMTP on loopback and keeps each as a file.
//!
//! As much of RFC 5321 as a sender needs, so that the demo wants nothing installed. The journeys
//! use another program's server ([`crate::smtp`]).

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use anyhow::{Context, Result};

/// Longest mail in bytes.
const MAIL_BYTES_MAX: u64 = 8 * 1024 * 1024;
/// A sender that says nothing for so long is gone.
const SILENCE: Duration = Duration::from_secs(60);

/// A running mailbox; it ends with the process.
pub struct Mailbox {
    pub folder: PathBuf,
    pub address: SocketAddr,
}

impl Mailbox {
    /// Listens on a free port; mails become `FOLDER/N.eml`.
    ///
    /// # Errors
    /// When the folder or the port cannot be had.
    pub fn open(folder: &Path) -> Result<Self> {
        std::fs::create_dir_all(folder).context("making the mailbox")?;
        let socket = TcpListener::bind("127.0.0.1:0").context("listening for mail")?;
        let address = socket.local_addr().context("the mailbox's address")?;
        let own = folder.to_owned();
        std::thread::spawn(move || {
            static COUNT: AtomicUsize = AtomicUsize::new(1);
            for stream in socket.incoming().flatten() {
                let folder = own.clone();
                std::thread::spawn(move || {
                    let number = || COUNT.fetch_add(1, Ordering::SeqCst);
                    if let Err(error) = talk(&stream, &folder, number) {
                        eprintln!("mailbox: {error:#}");
                    }
                });
            }
        });
        Ok(Self { folder: folder.to_owned(), address })
    }

    /// The mails so far, in order of their arrival.
    ///
    /// # Errors
    /// When the folder cannot be read.
    pub fn mails(&self) -> Result<Vec<PathBuf>> {
        let entries = std::fs::read_dir(&self.folder).context("reading the mailbox")?;
        let mut mails: Vec<PathBuf> = entries
            .flatten()
            .map(|entry| entry.path())
            .filter(|path| path.extension().is_some_and(|ending| ending == "eml"))
            .collect();
        mails.sort();
        Ok(mails)
    }
}

fn talk(stream: &TcpStream, folder: &Path, number: impl Fn() -> usize) -> Result<()> {
    stream.set_read_timeout(Some(SILENCE))?;
    let mut reader = BufReader::new(stream);
    let mut writer = stream;
    let mut say = |text: &str| writer.write_all(format!("{text}\r\n").as_bytes());
    say("220 mailbox ready")?;
    loop {
        let mut line = String::new();
        if (&mut reader).take(4096).read_line(&mut line)? == 0 {
            return Ok(());
        }
        let word = line.split_whitespace().next().unwrap_or_default().to_ascii_uppercase();
        match word.as_str() {
            "EHLO" | "HELO" => say("250-mailbox\r\n250-8BITMIME\r\n250 SMTPUTF8")?,
            "MAIL" | "RCPT" | "RSET" | "NOOP" => say("250 ok")?,
            "DATA" => {
                say("354 go on, end with a point")?;
                let mail = data(&mut reader)?;
                let number = number();
                let part = folder.join(format!("{number:03}.part"));
                std::fs::write(&part, mail)?;
                std::fs::rename(&part, folder.join(format!("{number:03}.eml")))?;
                say("250 kept")?;
            }
            "QUIT" => return Ok(say("221 bye")?),
            _ => say("502 not here")?,
        }
    }
}

/// A mail's lines, up to the point alone; a point that was doubled is one.
fn data(reader: &mut impl BufRead) -> Result<Vec<u8>> {
    let mut mail = Vec::new();
    let mut limited = reader.take(MAIL_BYTES_MAX);
    loop {
        let mut line = Vec::new();
        if limited.read_until(b'\n', &mut line)? == 0 {
            anyhow::bail!("the mail has no end");
        }
        if line == b".\r\n" {
            return Ok(mail);
        }
        mail.extend_from_slice(line.strip_prefix(b".").unwrap_or(&line));
    }
}
