//! The words of what customers keep back.

use super::Word;

pub const WORDS: &[Word] = &[
    ("privacy", "고객이 보내지 않은 것", "Kept back by the customer"),
    (
        "privacy.text",
        "고객 정책에 따라 호스트를 떠나지 않은 항목은 판정하지 않고 점검불가로 둠. 가명은 고객이 호스트에서 \
         carepack-agent reveal --report로 되돌릴 수 있음",
        "What stayed on the host by the customer's policy is not judged (cannot check). Codes are turned \
         back by the customer, on the host: carepack-agent reveal --report",
    ),
    ("privacy.mode", "전송 범위", "What is sent"),
    ("privacy.full", "원문(가림 처리)", "Evidence, masked"),
    (
        "privacy.facts-only",
        "사실만(원문은 호스트에 보관)",
        "Facts only; evidence stays on the host",
    ),
    ("privacy.numbers-only", "수치만(글자 제외)", "Numbers only, no text"),
    ("privacy.identity", "이름과 주소", "Names and addresses"),
    ("privacy.codes", "가명", "Codes"),
    ("privacy.names", "실명", "As they are"),
    ("privacy.facts", "보내지 않은 사실", "Facts kept back"),
    ("privacy.subjects", "주제", "Subjects"),
];
