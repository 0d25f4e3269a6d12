//! The data sheet: what is collected, why, what the law may see in it, how much of it leaves and how
//! long it is kept, as a contract's annex. Made of the probes' and the parsers' own declarations.

use carepack_facts::parsers;

use super::print::Lang;
use crate::probes::{self, Legal, describe};

/// The sheet in one language.
pub(super) fn data_sheet(lang: Lang) -> String {
    let mut text = lang.say(HEAD_KO, HEAD_EN).to_owned();
    probes_table(&mut text, lang);
    classes(&mut text, lang);
    text.push_str(lang.say(MODES_KO, MODES_EN));
    text.push_str(lang.say(KEPT_KO, KEPT_EN));
    facts_table(&mut text, lang);
    text
}

const HEAD_KO: &str = "# 수집 항목 명세서

`carepack-agent probes`와 같은 목록에서 만든 문서(계약 부속 자료). 수집한 모든 글은 호스트를 떠나기 전에 비밀번호·키·주민등록번호·\
카드번호 등을 가림. `[withhold]`로 항목·경로·단어를 제외할 수 있고, 제외한 것은 보고서에 점검불가(고객 정책)로 남음. 법적 구분은 \
수집 항목의 성격을 적은 것이며 법률 검토를 대신하지 않음.

## 1. 수집 항목

| 항목 | 내용 | 읽는 것 | 권한 | 목적 | 법적 구분 |
|---|---|---|---|---|---|
";

const HEAD_EN: &str = "# Data sheet

Made from the same list as `carepack-agent probes`, as an annex of the contract. Every text is masked \
before it leaves the host: passwords, keys, resident and card numbers and the like. `[withhold]` leaves \
out probes, paths and words; what was left out stands in the report as withheld by the customer. The \
legal class says what kind of content this is; it does not replace a lawyer.

## 1. What is collected

| Probe | What | Reads | Privilege | Purpose | Legal class |
|---|---|---|---|---|---|
";

const MODES_KO: &str = "
## 3. 전송 범위(`[privacy]`)

| 설정 | 호스트를 떠나는 것 | 떠나지 않는 것 |
|---|---|---|
| `mode = \"full\"` | 가린 원문 | 가린 부분, `[withhold]` |
| `mode = \"facts-only\"` | 호스트에서 분석한 사실(아래 5), 항목별 길이·성공 여부 | 원문 전체, 로그 문장 |
| `mode = \"numbers-only\"` | 사실 중 수치·버전·예/아니요. 설치 패키지의 이름과 버전, 운영체제 이름을 포함 | 그 밖의 글자(파일·계정·장치 이름, 주소, 명령, 로그) |
| `pseudonyms = true` | 호스트·계정·IP·MAC·도메인의 가명(HMAC-SHA256) | 실명, 키(`pseudonym.key`), 대조표(`names.json`) |

어느 범위에서든 보내는 것: 호스트 식별 번호(UUID), machine-id의 해시, 호스트 이름(가명이면 가명), 수집 시각, 에이전트 버전.
";

const MODES_EN: &str = "
## 3. How much leaves (`[privacy]`)

| Setting | Leaves | Stays |
|---|---|---|
| `mode = \"full\"` | the evidence, masked | what is masked, `[withhold]` |
| `mode = \"facts-only\"` | facts that were read on the host (5 below); of each source its length and whether it was seen | all evidence, every line of a log |
| `mode = \"numbers-only\"` | of the facts numbers, versions and yes or no, with the names of installed packages and of the operating system | all other text: names of files, accounts and devices, addresses, commands, logs |
| `pseudonyms = true` | codes (HMAC-SHA256) of hosts, accounts, IP, MAC and domains | the names, the key (`pseudonym.key`), the table (`names.json`) |

Whatever is set, these leave: the host's id (UUID), a digest of its machine-id, its name (its code, with \
codes), when it was looked at, the agent's version.
";

const KEPT_KO: &str = "
## 4. 보관

| 곳 | 무엇 | 기간 |
|---|---|---|
| 호스트 `/var/lib/carepack-agent/spool` | 보내기 전의 스냅샷 | 수집 서버의 수령증(SHA-256 일치)까지, 최대 `spool.count_max`개 |
| 호스트 `spool/last.sent` | 마지막으로 보낸 스냅샷(`preview --diff-last`의 비교 대상) | 다음 전송까지 |
| 호스트 `samples` | 1분 간격 자원 표본 | 최근 100일, 24 MiB까지 |
| 호스트 `journal.log` | 언제 무엇(SHA-256)을 보냈는지 | 1 MiB까지(약 5천 건) |
| 호스트 `names.json` | 가명 대조표. 떠나지 않음 | `unenroll --purge`까지, 5만 건까지 |
| 수집 서버 | 받은 스냅샷과 보고서 | 계약 기간. 자동 파기는 없으며 계약이 끝나면 운영자가 데이터 폴더에서 파기하고 확인서를 냄 |

`carepack-agent unenroll --purge`는 호스트에 보관한 것을 모두 지움.
";

const KEPT_EN: &str = "
## 4. How long it is kept

| Where | What | How long |
|---|---|---|
| host, `/var/lib/carepack-agent/spool` | snapshots not sent yet | until the collector's receipt with their SHA-256; at most `spool.count_max` |
| host, `spool/last.sent` | the last snapshot that was sent, for `preview --diff-last` | until the next one |
| host, `samples` | resource samples, one a minute | 100 days, at most 24 MiB |
| host, `journal.log` | when what left (SHA-256) | up to 1 MiB, some 5,000 lines |
| host, `names.json` | the table of codes; never leaves | until `unenroll --purge`; at most 50,000 names |
| collector | snapshots and reports | the term of the contract. Nothing is erased by itself: when it ends, the operator erases the data folder and confirms it |

`carepack-agent unenroll --purge` erases all that is kept on the host.
";

fn probes_table(text: &mut String, lang: Lang) {
    for probe in describe(probes::all()) {
        let keys: Vec<String> =
            probe.sources.iter().map(|source| format!("`{}`", source.key)).collect();
        let about = lang.say(probe.about_ko, probe.about_en);
        let (purpose, [legal, _]) = (probe.purpose.words(), probe.legal.words());
        text.push_str(&format!(
            "| {} | {about} | {} | {} | {} | {} |\n",
            probe.id,
            keys.join(" "),
            probe.privilege,
            lang.say(purpose.0, purpose.1),
            lang.say(legal.0, legal.1)
        ));
    }
}

fn classes(text: &mut String, lang: Lang) {
    text.push_str(lang.say(
        "\n## 2. 법적 구분(개인정보 보호법)\n\n| 구분 | 내용과 조치 |\n|---|---|\n",
        "\n## 2. Legal classes (Personal Information Protection Act)\n\n| Class | What, and what is \
         done about it |\n|---|---|\n",
    ));
    for [name, about] in Legal::ALL.map(Legal::words) {
        let (name, about) = (lang.say(name.0, name.1), lang.say(about.0, about.1));
        text.push_str(&format!("| {name} | {about} |\n"));
    }
}

/// What `facts-only` sends, by the parser that reads it.
fn facts_table(text: &mut String, lang: Lang) {
    text.push_str(lang.say(
        "\n## 5. 사실(`facts-only`, `numbers-only`에서 보내는 것)\n\n| 주제 | 사실(단위) |\n|---|---|\n",
        "\n## 5. Facts (what `facts-only` and `numbers-only` send)\n\n| Subject | Facts (unit) |\n\
         |---|---|\n",
    ));
    for parser in parsers::all() {
        let one = |spec: &carepack_facts::Spec| match spec.unit {
            "" => format!("`{}`", spec.key),
            unit => format!("`{}` ({unit})", spec.key),
        };
        let facts: Vec<String> = parser.facts.iter().map(one).collect();
        text.push_str(&format!("| {} | {} |\n", parser.name, facts.join(" ")));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_probe_has_its_purpose_and_legal_class_and_every_fact_its_line() {
        for lang in [Lang::Ko, Lang::En] {
            let text = data_sheet(lang);
            for probe in probes::all() {
                let row = text.lines().find(|line| line.starts_with(&format!("| {} |", probe.id)));
                let cells: Vec<&str> = row.expect(probe.id).split(" | ").collect();
                let (purpose, [legal, _]) = (probe.purpose.words(), probe.legal.words());
                assert_eq!(cells.len(), 6, "{}", probe.id);
                assert_eq!(cells[4], lang.say(purpose.0, purpose.1), "{}", probe.id);
                let class = lang.say(legal.0, legal.1);
                assert_eq!(cells[5].trim_end_matches(" |"), class, "{}", probe.id);
                assert!(text.contains(&format!("\n| {class} | ")), "{class} is not explained");
            }
            for spec in carepack_facts::catalogue() {
                assert!(text.contains(&format!("`{}`", spec.key)), "{}", spec.key);
            }
        }
    }

    #[test]
    fn who_sees_accounts_or_lines_does_not_say_that_nothing_is_personal() {
        let classes = |wanted: Legal| {
            let all = probes::all().iter().filter(move |probe| probe.legal == wanted);
            all.map(|probe| probe.id).collect::<Vec<_>>()
        };
        for id in ["login", "homes", "sudo", "processes", "identity", "network", "sockets"] {
            assert!(classes(Legal::Names).contains(&id), "{id}");
        }
        for id in ["logs", "banners", "mysql", "httpd", "tomcat", "jboss"] {
            assert!(classes(Legal::Lines).contains(&id), "{id}");
        }
    }
}
