//! The catalogue of what is collected, generated from the list of probes.
//!
//! `carepack-agent probes` prints it, and the manual holds a copy of it.

use serde::Serialize;

use super::{Privilege, Probe, Read};

/// A duty of the support contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    Asset,
    Patches,
    Settings,
    Security,
    Resources,
    Logs,
    Products,
}

impl Purpose {
    /// In Korean and English.
    #[must_use]
    pub const fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Asset => ("대상 자산 확인", "identify the host"),
            Self::Patches => ("보안 패치·버전 점검", "patch level"),
            Self::Settings => ("설정(파라미터) 점검", "parameters"),
            Self::Security => ("보안 설정 점검(KISA 항목)", "security settings (KISA guide)"),
            Self::Resources => ("자원 사용률 점검", "use of resources"),
            Self::Logs => ("로그 점검·장애 징후", "logs, signs of faults"),
            Self::Products => ("계약 제품 점검", "products under contract"),
        }
    }
}

/// What the Personal Information Protection Act (개인정보 보호법) may see in a probe's content.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Legal {
    /// State and settings of a machine.
    Technical,
    /// Names of accounts, hosts, addresses: personal where they lead to a person.
    Names,
    /// Lines that people or programs wrote: whatever they put there, unique identifiers too.
    Lines,
}

impl Legal {
    /// Every class, the least first.
    pub const ALL: [Self; 3] = [Self::Technical, Self::Names, Self::Lines];

    /// The class, and what is done about it, in Korean and English.
    #[must_use]
    pub const fn words(self) -> [(&'static str, &'static str); 2] {
        match self {
            Self::Technical => [
                ("개인정보 아님", "not personal"),
                (
                    "장비와 소프트웨어의 상태·설정·수치. 그대로 보냄",
                    "state, settings and figures of machines and software; sent as they are",
                ),
            ],
            Self::Names => [
                ("개인정보 가능(식별자)", "may be personal (identifiers)"),
                (
                    "계정 이름, 호스트 이름, IP·MAC 주소. `pseudonyms = true`이면 가명으로 바꾸고 대조표는 호스트에만 \
                     둠(가명정보), `numbers-only`이면 보내지 않음",
                    "names of accounts and hosts, IP and MAC addresses. Codes with `pseudonyms = true`, \
                     the table stays on the host; with `numbers-only` not sent",
                ),
            ],
            Self::Lines => [
                (
                    "개인정보·고유식별정보가 섞일 수 있음",
                    "may hold personal data or unique identifiers",
                ),
                (
                    "사람이나 프로그램이 쓴 글. 주민등록번호·외국인등록번호·운전면허번호·카드번호·전화번호·전자우편·비밀번호·키를 \
                     떠나기 전에 가림. `facts-only`이면 원문을, `numbers-only`이면 글자를 보내지 않음",
                    "lines that people or programs wrote. Resident, foreigner and driving licence numbers, \
                     cards, telephone numbers, e-mail addresses, passwords and keys are masked before \
                     they leave. With `facts-only` no line is sent, with `numbers-only` no text",
                ),
            ],
        }
    }
}

/// One probe as a person reads it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Described {
    pub id: &'static str,
    pub about_ko: &'static str,
    pub about_en: &'static str,
    /// `none` or `read_all`.
    pub privilege: &'static str,
    #[serde(skip)]
    pub purpose: Purpose,
    #[serde(skip)]
    pub legal: Legal,
    pub deadline_ms: u64,
    pub sources: Vec<DescribedSource>,
}

/// One source of a probe.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DescribedSource {
    /// `/etc/hosts`, `cmd:rpm-packages`, `survey:statfs`, `log:journal`.
    pub key: String,
    /// The command line, or what a survey looks at; empty for files.
    pub looks_at: Vec<String>,
    /// Most bytes taken; none for surveys, which have caps of their own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bytes_max: Option<usize>,
}

/// The catalogue of some probes.
#[must_use]
pub fn describe(probes: &[&Probe]) -> Vec<Described> {
    probes.iter().map(|probe| one(probe)).collect()
}

fn one(probe: &Probe) -> Described {
    Described {
        id: probe.id,
        about_ko: probe.about_ko,
        about_en: probe.about_en,
        privilege: match probe.privilege {
            Privilege::None => "none",
            Privilege::ReadAll => "read_all",
        },
        purpose: probe.purpose,
        legal: probe.legal,
        deadline_ms: probe.deadline_ms,
        sources: probe.reads.iter().map(source).collect(),
    }
}

fn source(read: &Read) -> DescribedSource {
    let owned =
        |words: &[&str]| -> Vec<String> { words.iter().map(|&word| word.to_owned()).collect() };
    let (looks_at, bytes_max) = match read {
        Read::File { bytes_max, .. } | Read::Glob { bytes_max, .. } => {
            (Vec::new(), Some(*bytes_max))
        }
        Read::Link { .. } => (Vec::new(), None),
        Read::Command(command)
        | Read::Dependent { command, .. }
        | Read::Fallback { command, .. } => (owned(command.argv), Some(command.output_bytes_max)),
        Read::Found { reads, bytes_max, .. } => (owned(reads), Some(*bytes_max)),
        Read::Survey { reads, .. } | Read::Samples { reads } => (owned(reads), None),
        Read::Log { reads, found } => ([owned(reads), owned(found)].concat(), None),
    };
    DescribedSource { key: read.source().key(), looks_at, bytes_max }
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_catalogue_speaks_both_languages_and_names_every_source() {
        let catalogue = super::describe(crate::probes::all());
        assert!(!catalogue.is_empty());
        for probe in catalogue {
            assert!(!probe.sources.is_empty(), "{}", probe.id);
            assert!(probe.about_ko.chars().any(|c| ('가'..='힣').contains(&c)), "{}", probe.id);
            assert!(probe.about_en.is_ascii(), "{}", probe.id);
            for source in probe.sources {
                let counted = source.key.starts_with("survey:") || source.key.starts_with("log:");
                assert!(!counted || !source.looks_at.is_empty(), "{}", source.key);
            }
        }
    }
}
