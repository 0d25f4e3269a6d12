//! Publication: a reviewed inspection becomes an immutable, signed edition, which the customer
//! acknowledges (확인).
//!
//! An edition is its files (the report in both languages and formats, the frozen assessment, the
//! words of the review), a manifest of their digests, and the manifest's signature. All lie in the
//! object store under their SHA-256; the row that names them is written last, in one batch with
//! the inspection's state.

use carepack_assessment::Assessment;
use carepack_shared::digest::sha256_hex;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::manifest::{
    self, FILE_BYTES_MAX, File, MANIFEST, Manifest, Replaced, SCHEMA, SIGNATURE,
};
use super::review::{ReviewError, Reviewing, combined, named, refused, signature, stale};
use super::signing::ReportKey;
use super::{InspectionError, Inspector, archive, changes, results};
use crate::reports::review::{Confirmed, Revision, Texts};
use crate::reports::{self, Cover, Lang, Review};
use crate::store::{Acknowledged, Contract, Edition, Inspection, State};

/// Name of the frozen assessment among the files.
const ASSESSMENT: &str = "assessment.json";
/// Name of the cover and the words of the review.
const REVIEW: &str = "review.json";
/// Earlier inspections looked at for the last acknowledgement.
const EARLIER_MAX: usize = 12;

/// What an edition is rendered from, beside the assessment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Frozen {
    pub cover: Cover,
    pub review: Review,
}

/// A file of an edition with its bytes.
pub struct Exported {
    pub name: String,
    pub bytes: Vec<u8>,
}

impl Inspector {
    /// Cover and review as a report made now would have them, and the corrected assessment:
    /// of an inspection in any state, for a draft or for publication.
    ///
    /// # Errors
    /// [`ReviewError`] when a row or object cannot be read.
    pub async fn drafted(
        &self,
        contract: &Contract,
        (inspection, assessment): (&Inspection, &Assessment),
    ) -> Result<(Assessment, Frozen), ReviewError> {
        let entries = self.store.review_findings(inspection.id).await?;
        let exceptions = self.store.exceptions(contract.id).await?;
        let (corrected, remarks) = combined(assessment, &entries, &exceptions);
        let review = self.store.review(inspection.id).await?;
        let customer = self.store.customer(contract.customer).await?;
        let customer = customer.map(|customer| customer.name).unwrap_or_default();
        let cover = cover(&customer, contract, inspection, assessment.as_of);
        let own = review.as_ref();
        let opinion = |edited: Option<&String>, lang| match edited {
            Some(edited) if !edited.is_empty() => edited.clone(),
            _ => reports::drafted_opinion(&corrected, &cover, lang),
        };
        let review = Review {
            edition: 0,
            published_at: None,
            opinion: Texts {
                ko: opinion(own.map(|review| &review.opinion_ko), Lang::Ko),
                en: opinion(own.map(|review| &review.opinion_en), Lang::En),
            },
            author: own.and_then(|review| review.author.as_ref()).map(signature),
            reviewer: own.and_then(|review| review.reviewer.as_ref()).map(signature),
            approver: own.and_then(|review| review.approver.as_ref()).map(signature),
            remarks,
            visits: self.visits(contract, Some(&inspection.period)).await?,
            revision: None,
            confirmed: self.last_confirmed(contract, &inspection.period).await?,
        };
        Ok((corrected, Frozen { cover, review }))
    }

    /// One file of the next edition as it would be published now, by its name
    /// (`report.ko.html`, `report.en.pdf`); none for another name. Nothing is kept.
    ///
    /// # Errors
    /// [`ReviewError`] when the report cannot be made.
    pub async fn draft_file(
        &self,
        contract: &Contract,
        of: (&Inspection, &Assessment),
        name: &str,
    ) -> Result<Option<Vec<u8>>, ReviewError> {
        let (corrected, frozen) = self.drafted(contract, of).await?;
        let files = render(&corrected, &frozen).await?;
        Ok(files.into_iter().find(|(made, _)| made == name).map(|(_, bytes)| bytes))
    }

    /// The newest acknowledgement of an earlier inspection's report.
    async fn last_confirmed(
        &self,
        contract: &Contract,
        period: &str,
    ) -> Result<Option<Confirmed>, ReviewError> {
        let mut list = self.store.inspections(Some(contract.id)).await?;
        list.retain(|one| one.period.as_str() < period);
        list.sort_by(|a, b| b.period.cmp(&a.period));
        for inspection in list.iter().take(EARLIER_MAX) {
            let editions = self.store.editions(inspection.id).await?;
            let acknowledged = editions.into_iter().rev().find_map(|edition| {
                let acknowledged = edition.acknowledged?;
                Some(Confirmed {
                    document: edition.document,
                    edition: edition.number,
                    name: acknowledged.name,
                    at: acknowledged.at,
                })
            });
            if acknowledged.is_some() {
                return Ok(acknowledged);
            }
        }
        Ok(None)
    }

    /// Publishes a signed review as the next edition. `reason` says why there is another one.
    ///
    /// # Errors
    /// [`ReviewError::Unsigned`] while a name is missing, [`ReviewError::NoReason`] for a second
    /// edition without one, [`ReviewError::Changed`] when somebody else was faster; nothing is
    /// published then.
    pub async fn publish(
        &self,
        reviewing: &Reviewing,
        reason: &str,
        (by, now): (&str, Timestamp),
    ) -> Result<Edition, ReviewError> {
        let by = named("who publishes", by)?;
        let Reviewing { contract, inspection, assessment, review, entries } = reviewing;
        let stale = stale(assessment, entries);
        if !stale.is_empty() {
            return Err(ReviewError::Stale(stale));
        }
        let names = [
            (&review.author, "author"),
            (&review.reviewer, "reviewer"),
            (&review.approver, "approver"),
        ];
        if let Some((_, missing)) = names.iter().find(|(signed, _)| signed.is_none()) {
            return Err(ReviewError::Unsigned { missing });
        }
        let editions = self.store.editions(inspection.id).await?;
        let before = editions.last();
        if before.is_some() && reason.trim().is_empty() {
            return Err(ReviewError::NoReason);
        }
        let (corrected, mut frozen) = self.drafted(contract, (inspection, assessment)).await?;
        frozen.review.edition = before.map_or(1, |before| before.number + 1);
        frozen.review.published_at = Some(now);
        if let Some(before) = before {
            let (was, words) = self.frozen(before).await?;
            let changes = changes::changes((&was, &words.review), (&corrected, &frozen.review));
            let (replaces, reason) = (before.number, reason.trim().to_owned());
            frozen.review.revision = Some(Revision { replaces, reason, changes });
        }
        let issue = Issue { contract, inspection, before, reason: reason.trim(), by, now };
        let edition = self.issue(&issue, &corrected, &frozen).await?;
        if !self.store.publish(review, &edition).await? {
            return Err(ReviewError::Changed);
        }
        // Lists and pages show what was told, not what was judged.
        results::keep(self, inspection, &corrected).await?;
        tracing::info!(document = %edition.document, edition = edition.number, "inspection.published");
        Ok(edition)
    }

    /// Writes an edition's files, manifest and signature; its row is not written yet.
    async fn issue(
        &self,
        issue: &Issue<'_>,
        corrected: &Assessment,
        frozen: &Frozen,
    ) -> Result<Edition, ReviewError> {
        let Issue { contract, inspection, before, reason, by, now } = issue;
        let assessment_key = archive::write(&self.objects, inspection.id, corrected).await?;
        let assessed = serde_json::to_vec(corrected)?;
        let mut files = vec![listed(ASSESSMENT, &assessed)];
        drop(assessed);
        let words = serde_json::to_vec_pretty(frozen)?;
        files.push(listed(REVIEW, &words));
        let review_key = self.keep(inspection.id, words).await?;
        for (name, bytes) in render(corrected, frozen).await? {
            files.push(listed(&name, &bytes));
            self.keep(inspection.id, bytes).await?;
        }
        let replaces = match before {
            Some(before) => Some(Replaced {
                edition: before.number,
                manifest_sha256: sha256_hex(&self.object(&before.manifest_key).await?),
            }),
            None => None,
        };
        let manifest = Manifest {
            schema: SCHEMA,
            document: frozen.cover.document.clone(),
            edition: frozen.review.edition,
            customer: frozen.cover.customer.clone(),
            contract: contract.name.clone(),
            period: inspection.period.clone(),
            replaces,
            files,
            rule_pack: corrected.pack.clone(),
            advisories: corrected.advisories.clone(),
            assessed_at: corrected.as_of,
            author: frozen.review.author.clone(),
            reviewer: frozen.review.reviewer.clone(),
            approver: frozen.review.approver.clone(),
            published_at: *now,
            published_by: by.clone(),
        };
        let bytes = manifest.to_bytes()?;
        let key = ReportKey::open(&self.data)?;
        let comment = manifest::comment(&manifest.document, manifest.edition);
        let signature = key.sign(&bytes, &comment)?;
        Ok(Edition {
            id: Uuid::now_v7(),
            inspection: inspection.id,
            number: manifest.edition,
            document: manifest.document,
            reason: (*reason).to_owned(),
            published_at: *now,
            published_by: by.clone(),
            manifest_key: self.keep(inspection.id, bytes).await?,
            signature_key: self.keep(inspection.id, signature.into_bytes()).await?,
            assessment_key,
            review_key,
            acknowledged: None,
        })
    }

    /// An edition's corrected assessment, and its cover and words.
    ///
    /// # Errors
    /// [`InspectionError`] when an object is gone or damaged.
    pub async fn frozen(&self, edition: &Edition) -> Result<(Assessment, Frozen), ReviewError> {
        let assessment = archive::read(&self.objects, &edition.assessment_key).await?;
        let frozen = serde_json::from_slice(&self.object(&edition.review_key).await?)?;
        Ok((assessment, frozen))
    }

    /// The editions of a period, by number.
    ///
    /// # Errors
    /// [`ReviewError::NoEdition`] when nothing was published.
    pub async fn editions(
        &self,
        contract: &Contract,
        period: &str,
    ) -> Result<Vec<Edition>, ReviewError> {
        let none = || ReviewError::NoEdition(period.to_owned());
        let inspection = self.store.inspection(contract.id, period).await?.ok_or_else(none)?;
        let editions = self.store.editions(inspection.id).await?;
        if editions.is_empty() { Err(none()) } else { Ok(editions) }
    }

    /// An edition's manifest and files as they were published, each checked against the manifest
    /// and the manifest against its signature.
    ///
    /// # Errors
    /// [`ReviewError::Manifest`] names what differs.
    pub async fn export(
        &self,
        edition: &Edition,
    ) -> Result<(Manifest, Vec<Exported>), ReviewError> {
        let bytes = self.object(&edition.manifest_key).await?;
        let signature = self.object(&edition.signature_key).await?;
        let public = ReportKey::open(&self.data)?.public;
        let key = minisign_verify::PublicKey::decode(&public)
            .map_err(|_| manifest::ManifestError::Key(super::signing::public_file(&self.data)))?;
        let manifest = manifest::open(&bytes, &String::from_utf8_lossy(&signature), &key)?;
        let mut files = vec![
            Exported { name: MANIFEST.to_owned(), bytes },
            Exported { name: SIGNATURE.to_owned(), bytes: signature },
        ];
        for file in &manifest.files {
            let bytes = if file.name == ASSESSMENT {
                let assessment = archive::read(&self.objects, &edition.assessment_key).await?;
                serde_json::to_vec(&assessment)?
            } else {
                self.object(&key_of(edition.inspection, &file.sha256)).await?
            };
            if sha256_hex(&bytes) != file.sha256 {
                let name = file.name.clone();
                return Err(manifest::ManifestError::Differs { name, what: "SHA-256" }.into());
            }
            files.push(Exported { name: file.name.clone(), bytes });
        }
        Ok((manifest, files))
    }

    /// Keeps the customer's acknowledgement of the edition in force.
    ///
    /// # Errors
    /// [`ReviewError::State`] when nothing is published, or it is acknowledged already.
    pub async fn acknowledge(
        &self,
        contract: &Contract,
        period: &str,
        acknowledged: &Acknowledged,
    ) -> Result<Edition, ReviewError> {
        let name = named("who confirms", &acknowledged.name)?;
        let editions = self.editions(contract, period).await?;
        let inspection = self.store.inspection(contract.id, period).await?;
        let state = inspection.map_or(State::Due, |inspection| inspection.state);
        let edition = editions.into_iter().next_back().filter(|_| state == State::Published);
        let Some(edition) = edition else {
            let way = match state {
                State::Acknowledged => "it is confirmed already",
                _ => "a corrected edition is being made; confirm that one",
            };
            return Err(refused(period, state, way));
        };
        let acknowledged = Acknowledged { name, ..acknowledged.clone() };
        if self.store.acknowledge(&edition, &acknowledged).await? {
            tracing::info!(document = %edition.document, edition = edition.number, "inspection.acknowledged");
            return Ok(Edition { acknowledged: Some(acknowledged), ..edition });
        }
        Err(ReviewError::Changed)
    }

    /// Keeps a file of an edition under its digest; its key.
    async fn keep(&self, inspection: Uuid, bytes: Vec<u8>) -> Result<String, InspectionError> {
        let key = key_of(inspection, &sha256_hex(&bytes));
        let put = self.objects.put(&key, bytes).await;
        put.map_err(|source| InspectionError::Object { what: key.clone(), source })?;
        Ok(key)
    }

    async fn object(&self, key: &str) -> Result<Vec<u8>, InspectionError> {
        let what = || format!("edition file {key}");
        let got = self.objects.get(key, FILE_BYTES_MAX).await;
        got.map_err(|source| InspectionError::Object { what: what(), source })?
            .ok_or_else(|| InspectionError::Gone { what: what() })
    }
}

/// What an edition is issued with.
struct Issue<'a> {
    contract: &'a Contract,
    inspection: &'a Inspection,
    before: Option<&'a Edition>,
    reason: &'a str,
    by: String,
    now: Timestamp,
}

fn key_of(inspection: Uuid, sha256: &str) -> String {
    format!("editions/{inspection}/{sha256}")
}

fn listed(name: &str, bytes: &[u8]) -> File {
    File { name: name.to_owned(), sha256: sha256_hex(bytes), bytes: bytes.len() as u64 }
}

/// The report in both languages and formats.
async fn render(
    assessment: &Assessment,
    frozen: &Frozen,
) -> Result<Vec<(String, Vec<u8>)>, ReviewError> {
    let (assessment, frozen) = (assessment.clone(), frozen.clone());
    let rendering = tokio::task::spawn_blocking(move || {
        let mut files = Vec::new();
        for lang in [Lang::Ko, Lang::En] {
            let Frozen { cover, review } = &frozen;
            let rendered = reports::render_reviewed(&assessment, cover, review, lang)?;
            files.push((format!("report.{}.html", lang.code()), rendered.html.into_bytes()));
            files.push((format!("report.{}.pdf", lang.code()), rendered.pdf));
        }
        Ok::<_, reports::ReportError>(files)
    });
    Ok(rendering.await.map_err(InspectionError::Stopped)??)
}

/// What stands on the cover of a contract's report.
#[must_use]
pub fn cover(
    customer: &str,
    contract: &Contract,
    inspection: &Inspection,
    inspected_at: Timestamp,
) -> Cover {
    let short: String = inspection.id.simple().to_string().chars().rev().take(6).collect();
    Cover {
        customer: customer.to_owned(),
        contract: contract.name.clone(),
        level: contract.level.clone(),
        period: inspection.period.clone(),
        document: format!("CP-{}-{}", inspection.period, short.to_uppercase()),
        inspected_at,
        engineer: contract.engineer.clone(),
        contact: contract.customer_contact.clone(),
    }
}
