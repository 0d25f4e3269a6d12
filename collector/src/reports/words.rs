//! The report's own words, Korean and English side by side.

/// Language of a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lang {
    Ko,
    En,
}

impl Lang {
    /// ISO 639-1.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Ko => "ko",
            Self::En => "en",
        }
    }

    /// The words of a key; the key itself when there is none, which a test excludes.
    #[must_use]
    pub fn say(self, key: &'static str) -> &'static str {
        let row = WORDS.iter().find(|(known, ..)| *known == key);
        row.map_or(key, |(_, ko, en)| match self {
            Self::Ko => ko,
            Self::En => en,
        })
    }
}

/// Key, Korean, English.
pub const WORDS: &[(&str, &str, &str)] = &[
    ("title", "정기점검 보고서", "Regular Inspection Report"),
    ("customer", "고객사", "Customer"),
    ("targets", "대상 시스템", "Systems inspected"),
    ("period", "점검 회차", "Period"),
    ("date", "점검일", "Date of inspection"),
    ("method", "점검 방식", "Method"),
    ("method.text", "원격 에이전트 수집 및 규칙 판정", "Remote agent collection, judged by rules"),
    ("basis", "점검 기준", "Basis"),
    ("document", "문서번호", "Document no."),
    ("contract", "계약", "Contract"),
    ("engineer", "점검자", "Inspector"),
    ("reviewer", "검토자", "Reviewer"),
    ("confirmer", "확인자(고객)", "Confirmed by (customer)"),
    ("signature", "서명", "Signature"),
    ("overview", "점검 개요", "Overview"),
    ("purpose", "목적", "Purpose"),
    (
        "purpose.text",
        "시스템 다운을 예방하고, 보안·안정성·성능 위험을 조기에 확인하여 조치 우선순위를 정함",
        "To prevent outages, to see risks to security, stability and performance early, and to agree \
         what to do first",
    ),
    ("scope", "범위", "Scope"),
    (
        "scope.text",
        "제품 버전과 패치, 함께 실행되는 소프트웨어, 파라미터와 변동 사항, 시스템 자원, 로그, 보안 설정",
        "Product versions and patches, software beside them, parameters and their changes, resources, \
         logs, security settings",
    ),
    ("contents", "목차", "Contents"),
    ("legend", "판정 기준", "Verdicts"),
    ("limits", "제외 · 점검불가 항목과 사유", "Left out or not checked, and why"),
    ("limits.none", "제외하거나 점검하지 못한 항목 없음", "Everything was checked"),
    ("opinion", "종합 의견", "Overall opinion"),
    ("score", "종합 점수", "Score"),
    ("grade", "등급", "Grade"),
    ("previous", "전회", "Previous"),
    ("current", "금회", "Current"),
    ("by_rules", "점검 기준 변경", "rules changed"),
    ("by_advisories", "신규 권고", "new advisories"),
    ("by_hosts", "점검 호스트 구성", "hosts inspected"),
    ("by_customer", "시스템 변화", "system's own change"),
    ("movement", "점수 변동", "Movement"),
    ("systems", "시스템 현황", "Systems"),
    ("host", "호스트", "Host"),
    ("role", "용도", "Role"),
    ("model", "모델 · S/N", "Model · S/N"),
    ("os", "운영체제", "OS"),
    ("kernel", "커널", "Kernel"),
    ("uptime", "가동 시간", "Uptime"),
    ("resources", "자원", "Resources"),
    ("cpu_memory", "CPU · 메모리", "CPU · memory"),
    ("summary", "점검 요약", "Summary"),
    ("results", "호스트별 점검 결과", "Results by host"),
    ("item", "점검항목", "Check"),
    ("expected", "기준값", "Expected"),
    ("verdict", "판정", "Verdict"),
    ("evidence", "근거", "Evidence"),
    ("area.availability", "가용성", "Availability"),
    ("area.security", "보안 · 패치", "Security and patches"),
    ("area.stability", "안정성", "Stability"),
    ("area.performance", "성능 · 용량", "Performance and capacity"),
    ("area.hygiene", "운영 지원", "Support hygiene"),
    ("verdict.pass", "양호", "Pass"),
    ("verdict.attention", "주의", "Attention"),
    ("verdict.danger", "위험", "Danger"),
    ("verdict.unknown", "점검불가", "Unknown"),
    ("verdict.not_applicable", "해당없음", "Not applicable"),
    ("verdict.excepted", "예외", "Excepted"),
    ("verdict.silent", "접속 불가", "No answer"),
    ("meaning.pass", "기준을 충족함", "Meets what is expected"),
    ("meaning.attention", "기준에 미달하며 계획적인 조치가 필요함", "Falls short; plan a change"),
    ("meaning.danger", "서비스나 보안에 실제 위협이 됨", "Threatens service or security now"),
    (
        "meaning.unknown",
        "근거를 확인하지 못해 판정하지 않음(사유 표시)",
        "Evidence was not seen; no verdict (reason shown)",
    ),
    ("meaning.not_applicable", "해당 기능이나 제품이 없음", "The thing is not there"),
    ("meaning.excepted", "승인된 예외(만료일까지)", "Accepted risk, until its date"),
    ("standing.new", "신규", "New"),
    ("standing.persisting", "지속", "Persisting"),
    ("standing.recurring", "재발", "Recurring"),
    ("standing.resolved", "해소", "Resolved"),
    ("since", "최초 발생", "since"),
    ("unseen.absent", "없음", "absent"),
    ("unseen.denied", "권한 없음", "denied"),
    ("unseen.timed_out", "시간 초과", "timed out"),
    ("unseen.failed", "실행 실패", "failed"),
    ("unseen.malformed", "형식 오류", "malformed"),
    ("unseen.withheld", "고객 정책", "withheld by policy"),
    ("usage", "자원 사용률", "Resource use"),
    ("filesystems", "파일시스템 사용률", "File system use"),
    ("memory", "메모리", "Memory"),
    ("memory.parts", "메모리 구성", "Memory composition"),
    ("memory.used", "사용", "used"),
    ("memory.cached", "캐시", "cache"),
    ("memory.free", "여유", "free"),
    ("memory.available", "가용", "available"),
    ("virtual", "가상", "virtual"),
    ("chart.before", "세로선은 전회 값", "a vertical line marks the previous value"),
    ("swap", "스왑", "Swap"),
    ("cpu", "CPU", "CPU"),
    ("load", "부하(1 · 5 · 15분)", "Load (1 · 5 · 15 min)"),
    ("inodes", "아이노드", "Inodes"),
    ("mount", "마운트", "Mount"),
    ("size", "크기", "Size"),
    ("used", "사용률", "Used"),
    ("network", "네트워크", "Network"),
    ("interface", "인터페이스", "Interface"),
    ("speed", "속도", "Speed"),
    ("errors", "오류 · 폐기(수신/송신)", "Errors · drops (rx/tx)"),
    ("logs", "로그 분석", "Log analysis"),
    ("logs.window", "분석 구간", "Window"),
    ("logs.top", "주요 식별자", "Most frequent"),
    ("logs.lines", "행", "lines"),
    ("logs.none", "주의할 로그 유형이 발견되지 않음", "No pattern of concern was found"),
    ("logs.days", "유형별 일자 분포", "Patterns by day"),
    ("logs.days_hit", "발생 일수", "Days"),
    ("logs.busiest", "최다 발생일(건수)", "Busiest day (lines)"),
    ("logs.week", "최근 7일(과거 → 최근)", "Last 7 days (old → new)"),
    ("logs.new", "전회 점검에 없던 오류 유형", "Faults that are new since the last inspection"),
    ("logs.template", "오류 유형(값은 <*>)", "Fault (values are <*>)"),
    ("logs.program", "프로그램", "Program"),
    ("logs.gaps", "로그 공백", "Gaps in the logs"),
    ("logs.log", "로그", "Log"),
    ("logs.gap", "내용", "What"),
    ("logs.from", "시작", "From"),
    ("logs.to", "끝", "To"),
    ("logs.gap.rotated_away", "점검 사이에 순환·삭제됨", "rotated away between scans"),
    ("logs.gap.over_budget", "분량 초과로 읽지 않음", "over the budget of a scan"),
    ("logs.gap.out_of_time", "시간 초과, 다음 점검에서 이어 읽음", "out of time, read next time"),
    ("logs.gap.unreadable", "읽을 수 없음", "cannot be read"),
    ("logs.silence", "기록 없는 최장 시간", "Longest silence in hours"),
    ("pattern", "유형", "Pattern"),
    ("count", "건수", "Count"),
    ("first", "최초", "First"),
    ("last", "최종", "Last"),
    ("sample", "대표 문구(가림 처리)", "Sample (masked)"),
    ("changes", "전회 대비 변동 사항", "Changes since the last inspection"),
    ("changes.none", "변동 사항 없음", "No change"),
    (
        "changes.first",
        "첫 점검이므로 비교 대상이 없음",
        "First inspection; nothing to compare with",
    ),
    ("changes.more", "건 생략", "more left out"),
    ("subject", "구분", "Subject"),
    ("name", "이름", "Name"),
    ("before", "변경 전", "Before"),
    ("after", "변경 후", "After"),
    ("subject.system", "시스템", "System"),
    ("subject.package", "패키지", "Package"),
    ("subject.parameter", "파라미터", "Parameter"),
    ("subject.unit", "서비스", "Unit"),
    ("subject.account", "계정", "Account"),
    ("subject.mount", "마운트", "Mount"),
    ("subject.listener", "수신 포트", "Listener"),
    ("recommendations", "권고 사항", "Recommendations"),
    ("recommendations.lead", "효과 대비 부담이 작은 순서", "Best value for its cost first"),
    ("recommendations.none", "조치할 사항이 없음", "Nothing to do"),
    ("rank", "순위", "Rank"),
    ("remedy", "조치 방법", "Remedy"),
    ("why", "영향", "Why"),
    ("risk", "변경 위험", "Change risk"),
    ("reboot", "재부팅", "Reboot"),
    ("downtime", "중단", "Downtime"),
    ("verify", "확인 방법", "Verify"),
    ("yes", "필요", "yes"),
    ("no", "불필요", "no"),
    ("level.critical", "심각", "Critical"),
    ("level.important", "중요", "Important"),
    ("level.moderate", "보통", "Moderate"),
    ("level.low", "낮음", "Low"),
    ("exceptions", "예외 목록", "Exceptions"),
    ("exceptions.none", "승인된 예외 없음", "No accepted risk"),
    ("reason", "사유", "Reason"),
    ("danger_text", "위험성", "Risk"),
    ("compensation", "보완대책", "Compensation"),
    ("approver", "승인자", "Approver"),
    ("expires", "만료일", "Expires"),
    ("confirmation", "확인", "Confirmation"),
    (
        "confirmation.text",
        "위와 같이 정기점검을 실시하고 그 결과를 확인함",
        "The inspection was carried out and its results confirmed as stated above",
    ),
    ("appendix", "부록: 근거 자료", "Appendix: evidence"),
    ("pack", "규칙 팩", "Rule pack"),
    ("snapshot", "스냅샷", "Snapshot"),
    ("taken", "수집 시각", "Taken at"),
    ("agent", "에이전트", "Agent"),
    ("masked", "가림 처리", "Masked"),
    ("unseen", "확인하지 못한 항목", "Sources not seen"),
    ("lost", "유실된 수집", "Snapshots lost"),
    ("recorded", "재현 데이터", "replayed recording"),
    ("coverage", "점검률", "Coverage"),
    ("provisional", "잠정", "provisional"),
    ("cap", "점수 상한", "Score capped by"),
    ("none", "없음", "none"),
    (
        "score.text",
        "점수: 위험도(영향 × 가능성)에 따른 가중 평균(‰). 심각한 위험이 남아 있으면 690점, 중요한 위험이 \
         남아 있으면 890점을 넘지 않음. 점검률 900‰ 미만은 잠정, 600‰ 미만은 점수 없음. 등급: A 900 이상, \
         B 700 이상, C 500 이상, D 500 미만",
        "Score: mean weighted by risk (impact × likelihood), per mille. An open critical finding caps it \
         at 690, an important one at 890. Under 900‰ coverage it is provisional, under 600‰ there is \
         none. Grades: A from 900, B from 700, C from 500, D below",
    ),
    (
        "silent.text",
        "점검 기간 중 응답이 없어 점검하지 못함. 에이전트 상태와 네트워크를 확인해야 함",
        "The host did not answer in this period and was not inspected. Check its agent and network",
    ),
    ("zone", "시각은 모두 Asia/Seoul(KST)", "All times are Asia/Seoul (KST)"),
    ("page", "쪽", "page"),
];

#[cfg(test)]
mod tests {
    use super::WORDS;

    #[test]
    fn every_key_stands_once_and_every_letter_has_a_glyph() {
        for (at, (key, ko, en)) in WORDS.iter().enumerate() {
            assert!(!ko.is_empty() && !en.is_empty(), "{key}");
            assert!(!WORDS[..at].iter().any(|(other, ..)| other == key), "{key} stands twice");
            assert!(carepack_pdf::uncovered(&format!("{ko}{en}")).is_empty(), "{key}");
        }
    }
}
