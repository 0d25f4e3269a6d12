//! The words of what people add to a report.

use super::Word;

pub const WORDS: &[Word] = &[
    ("review", "검토", "Review"),
    ("review.author", "작성자", "Author"),
    ("review.edition", "판", "Edition"),
    ("review.edition.n", "제{n}판", "Edition {n}"),
    ("review.draft", "초안 (미발행)", "Draft (not published)"),
    ("review.confirmed", "직전 보고서 확인", "Last report confirmed"),
    ("review.remarks", "판정 정정과 검토 의견", "Corrections and remarks"),
    ("review.judged", "자동 판정", "Judged"),
    ("review.holds", "확정 판정", "Final"),
    ("review.words", "의견", "Remark"),
    ("review.by", "검토", "By"),
    ("review.case", "지원 사례", "Case"),
    ("review.changes", "개정 내역", "Changes in this edition"),
    ("review.replaces", "대체하는 판", "Replaces"),
    ("review.what", "구분", "Kind"),
    ("review.before", "변경 전", "Before"),
    ("review.after", "변경 후", "After"),
    ("visit", "방문 예방 점검", "On-site inspection"),
    ("visit.who", "방문자", "Visited by"),
    ("installation.title", "설치 결과 보고서", "Installation Report"),
    ("installation.result", "설치 결과", "Result"),
    ("installation.conforms", "설치 표준에 맞게 설치됨", "Installed as the standard has it"),
    (
        "installation.partly",
        "확인한 항목은 설치 표준에 맞음. 확인하지 못한 항목이 있음",
        "What was checked is as the standard has it; not everything could be checked",
    ),
    (
        "installation.deviates",
        "설치 표준과 다른 항목이 있음",
        "Installed with deviations from the standard",
    ),
    ("installation.deviations", "표준과 다른 항목", "Deviations"),
    ("installation.unseen", "확인하지 못한 항목", "Not checked"),
];
