//! The words of mails and of the answer page, Korean and English side by side.

use crate::store::Language;

/// The words of a key; the key itself when there is none, which a test excludes.
pub fn say(language: Language, key: &str) -> &str {
    let row = WORDS.iter().find(|(known, ..)| *known == key);
    row.map_or(key, |(_, ko, en)| match language {
        Language::Korean => *ko,
        Language::English => *en,
    })
}

/// Key, Korean, English.
pub const WORDS: &[(&str, &str, &str)] = &[
    ("title.notice", "버그 및 패치 공지", "Bug and patch notice"),
    ("title.digest", "버그 및 패치 공지 모음", "Digest of bug and patch notices"),
    (
        "greeting",
        "안녕하세요. 아래 서버에 적용할 업데이트를 알려 드립니다.",
        "Please find below an update that applies to your servers.",
    ),
    (
        "greeting.digest",
        "안녕하세요. 지난 공지 이후 새로 확인된 업데이트를 모아 알려 드립니다.",
        "Please find below the updates found since the last digest.",
    ),
    (
        "greeting.reminder",
        "앞서 보내 드린 공지에 대한 회신을 기다리고 있습니다.",
        "We are still waiting for your answer to the notice below.",
    ),
    ("reason.new", "", ""),
    (
        "reason.revised",
        "벤더가 권고의 내용을 바꾸었습니다.",
        "The vendor has changed this advisory.",
    ),
    ("reason.host_added", "대상 서버가 늘었습니다.", "More servers are affected."),
    (
        "reason.acceptance_expired",
        "정하신 기한이 지나 다시 알려 드립니다.",
        "The date that you set has passed, so this is open again.",
    ),
    (
        "reason.regressed",
        "적용되었던 업데이트가 최근 점검에서 다시 빠진 것으로 확인되었습니다.",
        "The update had been applied and is missing again in the latest snapshot.",
    ),
    ("case", "케이스", "Case"),
    ("case.title", "케이스 안내", "About your case"),
    (
        "case.reply",
        "이 메일에 회신하시면 케이스에 기록됩니다.",
        "Your reply to this mail goes into the case.",
    ),
    (
        "case.answered",
        "접수하신 건에 대한 답변입니다.",
        "Please find below our answer to your case.",
    ),
    (
        "case.ended",
        "접수하신 건의 처리 결과입니다.",
        "Please find below how your case was settled.",
    ),
    ("case.warned", "첫 응답 기한이 다가왔습니다.", "The first response is due soon."),
    ("case.breached", "첫 응답 기한이 지났습니다.", "The first response is overdue."),
    ("case.state", "상태", "State"),
    ("case.state.open", "접수", "Open"),
    ("case.state.in_progress", "처리 중", "In progress"),
    ("case.state.waiting_customer", "고객 회신 대기", "Waiting for you"),
    ("case.state.resolved", "해결", "Resolved"),
    ("case.state.closed", "종료", "Closed"),
    ("case.customer", "고객", "Customer"),
    ("case.due", "응답 기한", "Response due"),
    ("case.assignee", "담당 엔지니어", "Engineer"),
    ("case.cause", "원인", "Cause"),
    ("case.resolution", "조치 결과", "Resolution"),
    ("urgent", "긴급", "Urgent"),
    ("answer.wanted", "회신 요청", "Answer requested"),
    ("severity", "심각도", "Severity"),
    ("severity.critical", "심각 (Critical)", "Critical"),
    ("severity.important", "중요 (Important)", "Important"),
    ("severity.moderate", "보통 (Moderate)", "Moderate"),
    ("severity.low", "낮음 (Low)", "Low"),
    ("severity.none", "없음", "None"),
    ("kind", "구분", "Kind"),
    ("kind.security", "보안", "Security"),
    ("kind.bugfix", "버그 수정", "Bug fix"),
    ("kind.enhancement", "기능 개선", "Enhancement"),
    ("exploited", "악용 사례가 확인된 취약점입니다.", "Known to be exploited."),
    ("cves", "취약점", "Vulnerabilities"),
    ("published", "발표일", "Published"),
    ("hosts", "대상 서버", "Affected servers"),
    ("host", "서버", "Server"),
    ("package", "패키지", "Package"),
    ("installed", "설치된 버전", "Installed"),
    ("fixed", "수정된 버전", "Fixed in"),
    ("note", "비고", "Note"),
    ("running", "설치됨, 재부팅 필요. 실행 중:", "Installed, reboot needed. Running:"),
    ("live_patched", "커널 라이브 패치가 적용 중입니다.", "A kernel live patch is in force."),
    ("without_epoch", "에포크 없이 비교", "Compared without epoch"),
    ("more.rows", "그 밖의 패키지 수:", "More packages:"),
    ("more.hosts", "그 밖의 서버 수:", "More servers:"),
    ("risk", "변경 위험", "Risk of the change"),
    (
        "risk.default",
        "담당 엔지니어의 검토 의견이 아직 없습니다. 적용 전에 백업과 원복 절차를 확인하십시오.",
        "Your engineer has not commented on it yet. Check backup and roll-back before you apply it.",
    ),
    ("reboot", "재부팅", "Reboot"),
    ("reboot.yes", "적용한 뒤 재부팅이 필요합니다.", "A reboot is needed after it is applied."),
    (
        "reboot.restart",
        "적용한 뒤 관련 서비스를 다시 시작해야 합니다.",
        "Services must be restarted after it is applied.",
    ),
    ("reboot.no", "벤더가 재부팅을 요구하지 않습니다.", "The vendor asks for no reboot."),
    ("how", "적용 방법", "How to apply"),
    (
        "how.product",
        "벤더의 설치 안내에 따라 수정된 버전 이상으로 올리십시오.",
        "Upgrade to the fixed version or later as the vendor describes.",
    ),
    ("references", "참고", "References"),
    (
        "answer",
        "내용을 확인하고 서버마다 조치 계획을 알려 주십시오. 로그인은 필요 없습니다.",
        "Please read it and tell us your plan for each server. No account is needed.",
    ),
    ("answer.link", "확인 및 회신", "Read and answer"),
    ("answer.until", "링크의 유효 기한:", "The link works until:"),
    (
        "sender",
        "이 메일은 유지보수 계약에 따라 자동으로 보내 드립니다. 계약:",
        "Sent automatically under your support contract:",
    ),
    ("plan", "조치 계획", "Plan"),
    ("plan.all", "모든 서버에 같은 계획", "The same plan for all servers"),
    ("plan.own", "서버마다 다른 계획", "Another plan for single servers"),
    ("plan.current", "현재 계획:", "Current plan:"),
    ("plan.none", "아직 정해지지 않았습니다.", "Not decided yet."),
    ("plan.closed", "적용이 확인되었습니다.", "Shown to be applied."),
    ("plan.keep", "선택하지 않음", "No choice"),
    ("decision.apply", "기간을 정해 적용", "Apply in a window"),
    ("decision.wait", "이 날까지 보류", "Wait until a date"),
    ("decision.accept_risk", "위험을 수용", "Accept the risk"),
    ("decision.not_ours", "당사 관리 대상이 아님", "Not ours to manage"),
    ("state.planned", "예정", "planned"),
    ("state.applied", "적용 확인", "applied"),
    ("state.applied_not_running", "설치됨, 재부팅 전", "installed, not running"),
    ("state.not_applied", "기간이 지났으나 적용되지 않음", "window passed, not applied"),
    ("state.regressed", "다시 빠짐", "missing again"),
    ("state.expired", "기한 지남", "date passed"),
    ("field.from", "시작", "From"),
    ("field.until", "끝", "Until"),
    ("field.date", "보류 기한", "Wait until"),
    ("field.reason", "사유", "Reason"),
    ("field.compensation", "보완 대책", "Compensating measure"),
    ("field.approver", "승인자", "Approver"),
    ("field.expiry", "수용 만료일", "Acceptance ends"),
    ("zone", "시간대:", "Time zone:"),
    ("send", "계획 보내기", "Send the plan"),
    (
        "evidence",
        "계획은 적용한 뒤의 점검 자료로 확인되어야 완료됩니다.",
        "A plan is closed only by the evidence of a later snapshot.",
    ),
    (
        "error.expired",
        "링크의 유효 기한이 지났습니다. 담당 엔지니어에게 새 링크를 요청하십시오.",
        "This link has expired. Please ask your engineer for a new one.",
    ),
    (
        "error.unknown",
        "이 링크로 열 수 있는 공지가 없습니다. 메일의 링크 전체를 복사했는지 확인하십시오.",
        "This link opens nothing. Please check that you copied all of it from the mail.",
    ),
    (
        "error.origin",
        "다른 곳에서 보낸 양식은 받지 않습니다. 메일의 링크를 다시 여십시오.",
        "Forms sent from elsewhere are not accepted. Please open the link in the mail again.",
    ),
    ("error.form", "입력을 확인하십시오:", "Please check the form:"),
    ("error.nothing", "계획이 선택되지 않았습니다.", "No plan was chosen."),
    (
        "error.busy",
        "지금은 처리할 수 없습니다. 잠시 뒤 다시 시도하십시오.",
        "This cannot be done now. Please try again in a while.",
    ),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_is_once_there_in_both_languages_and_every_used_one_exists() {
        let mut keys = std::collections::BTreeSet::new();
        for (key, ko, en) in WORDS {
            assert!(keys.insert(*key), "{key} twice");
            assert_eq!(ko.is_empty(), en.is_empty(), "{key}");
        }
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/notices/templates");
        let mut used = 0;
        for entry in std::fs::read_dir(folder).unwrap() {
            let text = std::fs::read_to_string(entry.unwrap().path()).unwrap();
            for rest in text.split("w(\"").skip(1) {
                let key = rest.split('"').next().unwrap();
                assert!(keys.contains(key), "{key} is used and not there");
                used += 1;
            }
        }
        assert!(used > 30, "{used} words used");
        use crate::store::{Decision, PlanState, Reason};
        let words = Reason::ALL.iter().map(|word| format!("reason.{}", word.as_str()));
        let words = words.chain(Decision::ALL.iter().map(|d| format!("decision.{}", d.as_str())));
        let words = words.chain(PlanState::ALL.iter().map(|s| format!("state.{}", s.as_str())));
        for word in words {
            assert!(keys.contains(word.as_str()), "{word}");
        }
    }
}
