//! The recorded hosts: folders that the agent replays as machines.

use std::path::PathBuf;

use crate::binaries::root;

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
}
