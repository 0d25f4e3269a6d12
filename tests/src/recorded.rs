//! The recorded hosts: folders that the agent replays as machines.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};

use crate::agent::Agent;
use crate::binaries::root;
use crate::process::run_ok;

/// One recorded host and how a demo contract sees it.
pub struct Recorded {
    /// The folder below `tests/hosts`, also the host's name under contract.
    pub name: &'static str,
    pub role: &'static str,
    /// 1 ordinary, 2 important, 4 business-critical.
    pub importance: u8,
    /// It has a `previous/` overlay: last month's state.
    pub has_previous: bool,
}

/// Every recorded host.
pub const ALL: &[Recorded] = &[
    Recorded { name: "rhel9-web", role: "대외 웹 서비스", importance: 2, has_previous: true },
    Recorded {
        name: "rhel8-db", role: "주문 데이터베이스", importance: 4, has_previous: true
    },
    Recorded {
        name: "rhel8-app", role: "업무 애플리케이션", importance: 2, has_previous: true
    },
    Recorded {
        name: "rhel7-legacy", role: "구 인증 서버", importance: 1, has_previous: false
    },
    Recorded { name: "db-a", role: "회원 DB 1번 노드", importance: 4, has_previous: true },
    Recorded { name: "db-b", role: "회원 DB 2번 노드", importance: 4, has_previous: true },
    Recorded { name: "rhel9-broken", role: "개발 서버", importance: 1, has_previous: true },
    Recorded { name: "rhel8-jboss", role: "주문 WAS", importance: 2, has_previous: true },
];

impl Recorded {
    /// The folder to replay.
    #[must_use]
    pub fn folder(&self) -> PathBuf {
        root().join("tests/hosts").join(self.name)
    }

    /// Has an agent replay a copy below `dir`, which may be changed; the copy.
    ///
    /// # Errors
    /// When it cannot be copied, or the agent replays another host.
    pub fn on_a_copy(&self, agent: &Agent, dir: &Path) -> Result<PathBuf> {
        std::fs::create_dir_all(dir).context("making the folder of copies")?;
        let copy = dir.join(self.name);
        run_ok(Command::new("cp").arg("-r").arg(self.folder()).arg(&copy))?;
        replace(&agent.config(), &self.folder().to_string_lossy(), &copy.to_string_lossy())?;
        Ok(copy)
    }
}

/// Puts one text in the place of another in a file, which must hold it.
///
/// # Errors
/// When the file cannot be read or written, or holds nothing of the kind.
pub fn replace(file: &Path, from: &str, to: &str) -> Result<()> {
    let text = std::fs::read_to_string(file).with_context(|| file.display().to_string())?;
    ensure!(text.contains(from), "{} holds no {from}", file.display());
    Ok(std::fs::write(file, text.replace(from, to))?)
}
