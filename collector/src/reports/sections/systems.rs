//! The systems under contract, and a line for each with its verdicts.

use carepack_assessment::model::{HostAssessment, Verdict};
use carepack_facts::Facts;
use serde_json::Value;

use super::{AREAS, Scene, area_score, epoch, fact_i64, fact_text, grade_text, score_text, size};
use crate::reports::clean::{clean, or_dash};
use crate::reports::model::{Counted, Summary, SummaryRow, Table};

pub fn systems(scene: &Scene<'_>) -> Table {
    let head = ["host", "role", "model", "os", "kernel", "cpu_memory", "uptime"];
    let rows = scene.assessment.hosts.iter().map(|page| {
        let facts = &page.facts;
        vec![
            name(scene, page),
            or_dash(&page.host.role),
            model(facts),
            fact_text(facts, "os.name").unwrap_or_else(|| "-".into()),
            fact_text(facts, "kernel.release").unwrap_or_else(|| "-".into()),
            cpu_memory(scene, facts),
            booted(scene, facts),
        ]
    });
    Table { head: head.iter().map(|key| scene.say(key)).collect(), rows: rows.collect() }
}

/// The name under contract, with a note for recordings.
pub fn name(scene: &Scene<'_>, page: &HostAssessment) -> String {
    let note = note(scene, page);
    let name = clean(&page.host.name);
    if note.is_empty() { name } else { format!("{name} ({note})") }
}

/// 재현 데이터 or 접속 불가, where it applies.
pub fn note(scene: &Scene<'_>, page: &HostAssessment) -> String {
    match &page.snapshot {
        None => scene.say("verdict.silent"),
        Some(snapshot) if snapshot.recorded => scene.say("recorded"),
        Some(_) => String::new(),
    }
}

pub fn model(facts: &Facts) -> String {
    let parts = ["hardware.vendor", "hardware.product", "hardware.serial"];
    let known: Vec<String> = parts.iter().filter_map(|key| fact_text(facts, key)).collect();
    if known.is_empty() { "-".to_owned() } else { known.join(" · ") }
}

pub fn cpu_memory(scene: &Scene<'_>, facts: &Facts) -> String {
    let guest = facts.value("hardware.virtual").and_then(Value::as_bool).unwrap_or(false);
    let unit = if guest { "vCPU" } else { "CPU" };
    let cpus = fact_i64(facts, "cpu.count").map(|n| format!("{n} {unit}"));
    let memory = fact_i64(facts, "memory.total_kib").map(|kib| size(kib.saturating_mul(1024)));
    let kind = guest.then(|| match fact_text(facts, "hardware.hypervisor") {
        Some(name) if name != "none" => format!("{} ({name})", scene.say("virtual")),
        _ => scene.say("virtual"),
    });
    let known: Vec<String> = [cpus, memory, kind].into_iter().flatten().collect();
    if known.is_empty() { "-".to_owned() } else { known.join(" · ") }
}

/// How long it has been up, and since when.
pub fn booted(scene: &Scene<'_>, facts: &Facts) -> String {
    match epoch(facts.value("boot.time")) {
        at if at == "-" => uptime(scene, facts),
        at => format!("{} ({at})", uptime(scene, facts)),
    }
}

fn uptime(scene: &Scene<'_>, facts: &Facts) -> String {
    let days = fact_i64(facts, "boot.uptime_seconds").map(|seconds| seconds / 86_400);
    days.map_or_else(
        || "-".to_owned(),
        |days| match scene.lang {
            crate::reports::Lang::Ko => format!("{days}일"),
            crate::reports::Lang::En => format!("{days} days"),
        },
    )
}

pub fn summary(scene: &Scene<'_>) -> Summary {
    let mut head = vec![scene.say("host"), scene.say("score")];
    head.extend(AREAS.iter().map(|area| scene.area(*area)));
    let verdicts = [Verdict::Danger, Verdict::Attention, Verdict::Unknown, Verdict::Pass];
    head.extend(verdicts.iter().map(|verdict| scene.mark(*verdict).word));
    let rows = scene.assessment.hosts.iter().map(|page| SummaryRow {
        host: clean(&page.host.name),
        note: note(scene, page),
        score: score_text(page.score.effective),
        grade: grade_text(page.score.effective),
        counts: verdicts.iter().map(|verdict| counted(scene, page, *verdict)).collect(),
        areas: AREAS.iter().map(|area| area_score(page, *area)).collect(),
        silent: page.snapshot.is_none(),
    });
    Summary { head, rows: rows.collect() }
}

fn counted(scene: &Scene<'_>, page: &HostAssessment, verdict: Verdict) -> Counted {
    let count = page.findings.iter().filter(|finding| finding.verdict == verdict).count();
    Counted { mark: scene.mark(verdict), count: u32::try_from(count).unwrap_or(u32::MAX) }
}
