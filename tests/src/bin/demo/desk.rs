//! The service desk of the demo: an incident from its call to its report, a question that waits
//! for the customer, and accounts for whoever wants to look around.

use std::path::Path;

use anyhow::Result;
use carepack_tests::collector::Collector;
use serde_json::Value as Json;

/// Login, name, role, and whether it is the customer's.
const ACCOUNTS: &[(&str, &str, &str, bool)] = &[
    ("engineer", "김도현", "engineer", false),
    ("reviewer", "박검토", "reviewer", false),
    ("manager", "이서연", "customer_manager", true),
    ("reader", "최열람", "customer_reader", true),
];

/// A visit in a period (`2026-10`) with its checklist, and a recorded service.
pub fn visit(collector: &Collector, (contract, period): (&str, &str), dir: &Path) -> Result<()> {
    let date = format!("{period}-20");
    let checklist = dir.join("visit.yaml");
    std::fs::write(
        &checklist,
        "- {item: 전원 이중화와 팬 상태, result: pass}\n\
         - {item: 랙 온도, result: pass, note: 23도}\n\
         - {item: 디스크 경고등, result: attention, note: rhel8-db 3번 디스크 주황색}\n",
    )?;
    let by = ["--by", "김도현"];
    let made = ["--contract", contract, "--date", &date];
    let visited = ["--who", "김도현", "--host", "rhel8-db", "--host", "rhel9-web"];
    let checklist = checklist.to_string_lossy();
    let said = [
        "--checklist",
        &*checklist,
        "--ko",
        "rhel8-db 의 3번 디스크를 다음 방문 전에 교체하도록 권고합니다.",
        "--en",
        "The third disk of rhel8-db should be replaced before the next visit.",
    ];
    let add = ["inspection", "visit", "add"];
    collector.run(&[&add[..], &made, &visited, &said, &by].concat())?;
    let done = ["--kind", "dr-drill", "--engineer", "김도현"];
    let results = [
        "--result",
        "scenario=pass",
        "--result",
        "restore=pass:전체 백업에서 47분",
        "--result",
        "time=pass",
        "--result",
        "point=attention:12분의 변경이 복구되지 않음",
    ];
    collector.run(&[&["service", "record"][..], &made, &done, &results, &by].concat())?;
    Ok(())
}

/// Opens two cases; one is followed to its end.
pub fn cases(collector: &Collector, contract: &str) -> Result<()> {
    let opened = |title: &str, about: &str, more: &[&str]| -> Result<String> {
        let mut words = vec!["case", "open", "--contract", contract, "--title", title];
        words.extend(["--description", about, "--by", "이서연"]);
        words.extend(more);
        Ok(collector.run(&words)?.split_whitespace().next().unwrap_or_default().to_owned())
    };
    let incident = opened(
        "주문 DB 응답 지연",
        "주문 화면이 20초 넘게 걸립니다. rhel8-db 의 mysqld 가 다시 시작된 것 같습니다.",
        &["--channel", "phone", "--severity", "critical", "--emergency"],
    )?;
    let case = |words: &[&str]| -> Result<String> {
        let mut all = vec!["case"];
        all.extend(words);
        all.extend(["--by", "김도현"]);
        collector.run(&all)
    };
    case(&["link", &incident, "rhel8-db"])?;
    case(&["state", &incident, "in_progress", "--note", "원격으로 접속하여 로그를 확인합니다."])?;
    case(&["comment", &incident, "커널 로그에 메모리 부족으로 mysqld 가 종료된 기록이 있습니다."])?;
    case(&["comment", &incident, "서비스가 정상임을 고객과 확인했습니다."])?;
    case(&[
        "close",
        &incident,
        "--cause",
        "InnoDB 버퍼 풀이 물리 메모리에 견주어 크게 설정되어 메모리가 부족했음",
        "--resolution",
        "버퍼 풀을 줄이고 mysqld 를 다시 시작함. 다음 점검에서 메모리 추이를 확인함",
    ])?;
    let question = opened(
        "openssl 업데이트 일정 문의",
        "공지 받은 업데이트를 12월 둘째 주에 적용해도 되는지 묻습니다.",
        &["--channel", "email", "--severity", "low"],
    )?;
    case(&["state", &question, "waiting_customer", "--note", "작업 가능 시간을 여쭈었습니다."])?;
    Ok(())
}

/// Adds accounts and prints where the console is and the one-time links.
pub fn accounts(collector: &Collector, customer: &str) -> Result<()> {
    println!("\nconsole accounts; each link opens once and chooses a password:");
    let known: Json = collector.json(&["person", "list"])?;
    let operator = collector.run(&["person", "invite", "operator"])?;
    println!("{:10} {}", "operator", operator.trim());
    for (login, name, role, is_customers) in ACCOUNTS {
        let is_there = known.as_array().is_some_and(|all| all.iter().any(|p| p["login"] == *login));
        let mut words = vec!["person", "add", login, "--name", name, "--role", role];
        if *is_customers {
            words.extend(["--customer", customer]);
        }
        if is_there {
            words = vec!["person", "invite", login];
        }
        println!("{login:10} {}", collector.run(&words)?.trim());
    }
    Ok(())
}
