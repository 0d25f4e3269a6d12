//! Helper commands: absolute path, empty environment, no input, a deadline and a last word.
//!
//! It does not decide which commands may run: that is the allow-list of the probes.

use std::io::{ErrorKind, Read};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::process::CommandExt;
use std::process::{Child, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use carepack_shared::Unseen;
use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;

use super::{Command, Look, Missed, Sink};

/// The customary id of `nobody` and `nogroup`; any unprivileged id serves.
const NOBODY: u32 = 65_534;

/// Most bytes kept of standard error: its last line is all that is shown.
const COMPLAINT_BYTES_MAX: usize = 4096;

/// How long a killed child may take to be reaped; one stuck in the kernel never is.
const REAP_MAX: Duration = Duration::from_millis(500);

/// Starts a command in its own process group.
pub(super) fn start(command: &Command, argv: &[String]) -> Look<Child> {
    let program = argv.first().map_or("", String::as_str);
    if !program.starts_with('/') {
        let detail = format!("{program}: not an absolute path");
        return Err(Missed::new(Unseen::Failed, detail));
    }
    let mut builder = std::process::Command::new(program);
    builder
        .args(&argv[1..])
        .env_clear()
        .env("LC_ALL", "C.UTF-8")
        .current_dir("/")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .process_group(0);
    if command.as_nobody && nix::unistd::geteuid().is_root() {
        builder.uid(NOBODY).gid(NOBODY);
    }
    builder.spawn().map_err(|error| Missed::from_io(program, &error))
}

/// Reads a child's output to its end, its deadline, or the sink's `Break`; always leaves it dead.
pub(super) fn attend(
    mut child: Child,
    name: &str,
    deadline: Instant,
    sink: &mut Sink<'_>,
) -> Look<()> {
    let mut complaint = Vec::new();
    let ending = listen(&mut child, deadline, sink, &mut complaint);
    let status = match ending {
        Ok(Ending::Closed) => wait(&mut child, deadline),
        Ok(Ending::Stopped | Ending::Late) | Err(_) => {
            kill(&mut child);
            Ok(None)
        }
    };
    match (ending, status) {
        (Err(error), _) | (_, Err(error)) => Err(Missed::from_io(name, &error)),
        (Ok(Ending::Stopped), _) => Ok(()),
        (Ok(_), Ok(Some(status))) if status.success() => Ok(()),
        (Ok(_), Ok(Some(status))) => Err(complain(name, status, &complaint)),
        (Ok(_), Ok(None)) => {
            Err(Missed::new(Unseen::TimedOut, format!("{name}: no answer within its deadline")))
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Ending {
    /// Both pipes were closed.
    Closed,
    /// The sink had enough.
    Stopped,
    /// The deadline passed.
    Late,
}

fn listen(
    child: &mut Child,
    deadline: Instant,
    sink: &mut Sink<'_>,
    complaint: &mut Vec<u8>,
) -> std::io::Result<Ending> {
    let (Some(mut out), Some(mut err)) = (child.stdout.take(), child.stderr.take()) else {
        return Ok(Ending::Closed);
    };
    set_nonblocking(out.as_fd())?;
    set_nonblocking(err.as_fd())?;
    let (mut out_open, mut err_open) = (true, true);
    let mut buffer = vec![0; 16 * 1024];
    while out_open || err_open {
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Ok(Ending::Late);
        }
        let mut watched = Vec::with_capacity(2);
        if out_open {
            watched.push(PollFd::new(out.as_fd(), PollFlags::POLLIN));
        }
        if err_open {
            watched.push(PollFd::new(err.as_fd(), PollFlags::POLLIN));
        }
        match poll(&mut watched, PollTimeout::try_from(left).unwrap_or(PollTimeout::MAX)) {
            Ok(_) | Err(nix::errno::Errno::EINTR) => {}
            Err(errno) => return Err(errno.into()),
        }
        if out_open {
            match pull(&mut out, &mut buffer)? {
                Pulled::Bytes(count) => {
                    if sink(&buffer[..count]).is_break() {
                        return Ok(Ending::Stopped);
                    }
                }
                Pulled::Nothing => {}
                Pulled::End => out_open = false,
            }
        }
        if err_open {
            match pull(&mut err, &mut buffer)? {
                Pulled::Bytes(count) => keep_last(complaint, &buffer[..count]),
                Pulled::Nothing => {}
                Pulled::End => err_open = false,
            }
        }
    }
    Ok(Ending::Closed)
}

enum Pulled {
    Bytes(usize),
    Nothing,
    End,
}

fn pull(pipe: &mut impl Read, buffer: &mut [u8]) -> std::io::Result<Pulled> {
    match pipe.read(buffer) {
        Ok(0) => Ok(Pulled::End),
        Ok(count) => Ok(Pulled::Bytes(count)),
        Err(e) if matches!(e.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) => {
            Ok(Pulled::Nothing)
        }
        Err(error) => Err(error),
    }
}

fn set_nonblocking(fd: BorrowedFd<'_>) -> std::io::Result<()> {
    fcntl(fd, FcntlArg::F_SETFL(OFlag::O_NONBLOCK))?;
    Ok(())
}

fn keep_last(kept: &mut Vec<u8>, piece: &[u8]) {
    kept.extend_from_slice(piece);
    let over = kept.len().saturating_sub(COMPLAINT_BYTES_MAX);
    kept.drain(..over);
}

/// Waits for the exit until the deadline, then kills the whole group. `None`: it had to be killed.
fn wait(child: &mut Child, deadline: Instant) -> std::io::Result<Option<ExitStatus>> {
    let mut pause = Duration::from_micros(200);
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(Some(status));
        }
        if Instant::now() >= deadline {
            kill(child);
            return Ok(None);
        }
        std::thread::sleep(pause);
        pause = (pause * 2).min(Duration::from_millis(20));
    }
}

/// Kills the group and reaps the child, unless the kernel holds on to it.
fn kill(child: &mut Child) {
    let group = i32::try_from(child.id()).map(Pid::from_raw);
    if let Ok(group) = group {
        let _ = killpg(group, Signal::SIGKILL);
    }
    let until = Instant::now() + REAP_MAX;
    while matches!(child.try_wait(), Ok(None)) && Instant::now() < until {
        std::thread::sleep(Duration::from_millis(2));
    }
}

fn complain(name: &str, status: ExitStatus, complaint: &[u8]) -> Missed {
    let text = String::from_utf8_lossy(complaint);
    let last = text.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or("").trim();
    let detail = match last {
        "" => format!("{name}: {status}"),
        last => format!("{name}: {status}: {last}"),
    };
    Missed::new(Unseen::Failed, detail)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::{Host, Output};

    const fn command(argv: &'static [&'static str]) -> Command {
        Command { name: "test", argv, output_bytes_max: 8, as_nobody: false }
    }

    fn run(argv: &'static [&'static str], deadline_ms: u64) -> Look<Output> {
        let deadline = Instant::now() + Duration::from_millis(deadline_ms);
        Host::live().run(&command(argv), deadline)
    }

    #[test]
    fn output_is_kept_up_to_the_cap() {
        let check = |argv, text: &str, truncated| {
            let expected = Output { bytes: text.as_bytes().to_vec(), truncated };
            assert_eq!(run(argv, 10_000), Ok(expected));
        };
        check(&["/bin/echo", "hello"], "hello\n", false);
        check(&["/bin/echo", "0123456789"], "01234567", true);
        check(&["/bin/sh", "-c", "echo $PATH-$HOME$LC_ALL | tail -c 8"], "C.UTF-8\n", false);
    }

    #[test]
    fn a_failing_command_says_its_last_word() {
        let check = |argv, reason, word: &str| {
            let missed = run(argv, 10_000).unwrap_err();
            assert_eq!(missed.reason, reason);
            assert!(missed.detail.contains(word), "{}", missed.detail);
        };
        check(&["/bin/sh", "-c", "echo a >&2; echo last >&2; exit 3"], Unseen::Failed, "last");
        check(&["/no/such/program"], Unseen::Absent, "/no/such/program");
        check(&["echo"], Unseen::Failed, "absolute");
    }

    #[test]
    fn a_hanging_command_dies_with_its_children() {
        let started = Instant::now();
        let missed = run(&["/bin/sh", "-c", "sleep 61.25 & sleep 61.25"], 150).unwrap_err();
        assert_eq!(missed.reason, Unseen::TimedOut);
        assert!(started.elapsed() < Duration::from_secs(5));
        let alive = || {
            std::fs::read_dir("/proc").unwrap().flatten().any(|entry| {
                std::fs::read(entry.path().join("cmdline"))
                    .is_ok_and(|line| line.starts_with(b"sleep\x0061.25"))
            })
        };
        // The kernel takes a moment to clear away what was killed.
        let until = Instant::now() + Duration::from_secs(5);
        while alive() && Instant::now() < until {
            std::thread::sleep(Duration::from_millis(20));
        }
        assert!(!alive(), "a grandchild outlived its deadline");
    }

    #[test]
    fn a_command_that_closes_its_pipes_and_stays_is_ended() {
        let missed = run(&["/bin/sh", "-c", "exec >&- 2>&-; sleep 62"], 150).unwrap_err();
        assert_eq!(missed.reason, Unseen::TimedOut);
    }
}
