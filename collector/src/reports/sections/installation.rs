//! The installation report (설치 결과 보고서): one host's first snapshot against its standard.

use super::{Scene, back, day, host, moment, standard};
use crate::reports::clean::{clean, or_dash};
use crate::reports::model::{Installation, Table};
use crate::reports::words;
use crate::reports::{Cover, Lang, Review};
use carepack_assessment::Assessment;

/// The report of the only host of an assessment; none for one without snapshot or standard.
pub fn installation(assessment: &Assessment, cover: &Cover, lang: Lang) -> Option<Installation> {
    let scene = Scene { assessment, cover, review: &Review::default(), lang };
    let page = assessment.hosts.first()?;
    let (snapshot, compared) = (page.snapshot.as_ref()?, page.standard.as_ref()?);
    let (deviations, note) = standard::standard(&scene, page);
    let head = ["evidence", "reason"];
    let unseen = compared.unseen.iter();
    let rows = unseen.map(|(key, why)| vec![clean(key), scene.say(super::unseen_key(*why))]);
    let verdict = match (compared.deviations.len(), compared.unseen.len()) {
        (0, 0) => "installation.conforms",
        (0, _) => "installation.partly",
        _ => "installation.deviates",
    };
    let mut confirm = back::confirm(&scene);
    // One who installed and one who takes it over.
    confirm.retain(|pair| !pair.value.is_empty());
    Some(Installation {
        lang: lang.code().to_owned(),
        title: scene.say("installation.title"),
        customer: clean(&cover.customer),
        document: cover.document.clone(),
        date: day(cover.inspected_at),
        cover: vec![
            scene.pair("customer", or_dash(&cover.customer)),
            scene.pair("contract", or_dash(&cover.contract)),
            scene.pair("host", or_dash(&page.host.name)),
            scene.pair("taken", moment(snapshot.taken_at)),
            scene.pair("standard", clean(&compared.standard)),
            scene.pair("document", or_dash(&cover.document)),
        ],
        result: scene.say(verdict),
        note,
        about: host::about(&scene, page),
        deviations,
        unseen: Table {
            head: head.iter().map(|key| scene.say(key)).collect(),
            rows: rows.collect(),
        },
        evidence: format!("{} · SHA-256 {}", snapshot.id, snapshot.sha256),
        confirm,
        words: words::all()
            .map(|(key, ..)| ((*key).to_owned(), lang.say(key).to_owned()))
            .collect(),
    })
}
