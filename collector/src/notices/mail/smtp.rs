//! One mail to one SMTP server, step by step, so that we know how far it came.
//!
//! Up to the end of the text nothing is taken, whatever fails; from there on only the server's
//! answer tells.

use std::path::Path;
use std::time::Duration;

use lettre::transport::smtp::Error;
use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::transport::smtp::client::{AsyncSmtpConnection, Certificate, TlsParameters};
use lettre::transport::smtp::commands::{Data, Mail as MailFrom, Rcpt};
use lettre::transport::smtp::extension::ClientId;

use super::Outcome;
use super::message::Written;
use crate::config::{Mail, Tls};

/// Connecting, and each answer (RFC 5321 asks for five minutes at most steps; a relay of one's
/// own is faster).
const STEP: Duration = Duration::from_secs(60);
/// The answer to the text: filters look at it (RFC 5321, 4.5.3.2.6).
const TEXT: Duration = Duration::from_secs(300);
/// Longest file with a password or certificates, in bytes.
const FILE_BYTES_MAX: u64 = 1024 * 1024;

/// Why the conversation ended before the text.
enum Failure {
    Smtp(Error),
    Local(String),
    Slow(&'static str),
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Smtp(error)
    }
}

pub async fn post(mail: &Mail, written: &Written) -> Outcome {
    let mut connection = match until_text(mail, written).await {
        Ok(connection) => connection,
        Err(Failure::Smtp(error)) if error.is_permanent() => {
            return Outcome::Refused(words(&error));
        }
        Err(Failure::Smtp(error)) => return Outcome::Later(words(&error)),
        Err(Failure::Local(words)) => return Outcome::Later(words),
        Err(Failure::Slow(step)) => return Outcome::Later(format!("no answer to {step}")),
    };
    let outcome = match tokio::time::timeout(TEXT, connection.message(&written.bytes)).await {
        Ok(Ok(_)) => Outcome::Taken,
        Ok(Err(error)) if error.is_permanent() => Outcome::Refused(words(&error)),
        Ok(Err(error)) if error.is_transient() => Outcome::Later(words(&error)),
        Ok(Err(error)) => Outcome::Unknown(words(&error)),
        Err(_) => Outcome::Unknown("no answer to the text".to_owned()),
    };
    let _ = tokio::time::timeout(Duration::from_secs(5), connection.quit()).await;
    outcome
}

/// Everything up to the server's "go ahead".
async fn until_text(mail: &Mail, written: &Written) -> Result<AsyncSmtpConnection, Failure> {
    let hello = ClientId::Domain(mail.hello_name.clone().unwrap_or_else(|| "localhost".to_owned()));
    let tls = match mail.tls {
        Tls::None => None,
        Tls::Starttls | Tls::Tls => Some(parameters(mail)?),
    };
    let at_once = if mail.tls == Tls::Tls { tls.clone() } else { None };
    let server = (mail.host.as_str(), mail.port());
    let connecting = AsyncSmtpConnection::connect_tokio1(server, Some(STEP), &hello, at_once, None);
    let mut connection = in_time("the connection", connecting).await?;
    if let (Tls::Starttls, Some(tls)) = (mail.tls, tls) {
        in_time("STARTTLS", connection.starttls(tls, &hello)).await?;
    }
    if let Some(user) = &mail.user {
        let password = password(mail.password_file.as_deref())?;
        let credentials = Credentials::new(user.clone(), password);
        let mechanisms = [Mechanism::Plain, Mechanism::Login];
        // A wrong password is ours to mend: no mail bounces for it.
        let signing_in = connection.auth(&mechanisms, &credentials);
        in_time("AUTH", signing_in).await.map_err(|failure| match failure {
            Failure::Smtp(error) => Failure::Local(format!("signing in: {}", words(&error))),
            other => other,
        })?;
    }
    let from = MailFrom::new(written.envelope.from().cloned(), Vec::new());
    in_time("MAIL", connection.command(from)).await.map_err(|failure| match failure {
        // Our own address is refused, for every contact: ours to mend as well.
        Failure::Smtp(error) => Failure::Local(format!("sender refused: {}", words(&error))),
        other => other,
    })?;
    for to in written.envelope.to() {
        in_time("RCPT", connection.command(Rcpt::new(to.clone(), Vec::new()))).await?;
    }
    in_time("DATA", connection.command(Data)).await?;
    Ok(connection)
}

async fn in_time<T>(
    step: &'static str,
    work: impl Future<Output = Result<T, Error>>,
) -> Result<T, Failure> {
    match tokio::time::timeout(STEP, work).await {
        Ok(done) => Ok(done?),
        Err(_) => Err(Failure::Slow(step)),
    }
}

fn parameters(mail: &Mail) -> Result<TlsParameters, Failure> {
    let mut builder = TlsParameters::builder(mail.host.clone());
    if let Some(file) = &mail.ca_file {
        let pem = read(file)?;
        builder = builder.add_root_certificate(Certificate::from_pem(pem.as_bytes())?);
    }
    Ok(builder.build()?)
}

fn password(file: Option<&Path>) -> Result<String, Failure> {
    let file = file.ok_or_else(|| Failure::Local("mail.password_file is not set".to_owned()))?;
    Ok(read(file)?.trim_end_matches(['\r', '\n']).to_owned())
}

fn read(file: &Path) -> Result<String, Failure> {
    let fail = |why: String| Failure::Local(format!("{}: {why}", file.display()));
    let size = std::fs::metadata(file).map_err(|error| fail(error.to_string()))?.len();
    if size > FILE_BYTES_MAX {
        return Err(fail(format!("longer than {FILE_BYTES_MAX} bytes")));
    }
    std::fs::read_to_string(file).map_err(|error| fail(error.to_string()))
}

/// The server's words with its code, in one line.
fn words(error: &Error) -> String {
    let text = carepack_shared::terminal::explain(error, None);
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
