//! Frozen assessments in the object store: JSON in zstd, named by inspection and digest.

use carepack_assessment::Assessment;
use carepack_shared::digest::sha256_hex;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::io::Read;
use uuid::Uuid;

use super::InspectionError;
use crate::objects::Objects;

/// Longest assessment in bytes, uncompressed: 2,000 hosts with full facts are about 1 GiB; a
/// contract of that size is split. Ours is a quarter of it.
const BYTES_MAX: u64 = 256 * 1024 * 1024;
/// Longest stored form in bytes.
const STORED_BYTES_MAX: u64 = 64 * 1024 * 1024;
/// zstd level: assessments are read rarely and kept for years.
const ZSTD_LEVEL: i32 = 6;

/// Writes an assessment and gives its key.
pub async fn write(
    objects: &Objects,
    inspection: Uuid,
    assessment: &Assessment,
) -> Result<String, InspectionError> {
    write_json(objects, &format!("assessments/{inspection}"), assessment).await
}

/// Reads an assessment and checks its digest against its name.
pub async fn read(objects: &Objects, key: &str) -> Result<Assessment, InspectionError> {
    read_json(objects, key).await
}

/// Writes a value below `folder`, named by its digest, and gives its key.
pub async fn write_json<T: Serialize>(
    objects: &Objects,
    folder: &str,
    value: &T,
) -> Result<String, InspectionError> {
    let damaged = |detail: String| InspectionError::Damaged { what: folder.to_owned(), detail };
    let json = serde_json::to_vec(value).map_err(|error| damaged(error.to_string()))?;
    let key = format!("{folder}/{}.zst", sha256_hex(&json));
    let packed =
        zstd::bulk::compress(&json, ZSTD_LEVEL).map_err(|error| damaged(error.to_string()))?;
    objects
        .put(&key, packed)
        .await
        .map_err(|source| InspectionError::Object { what: key.clone(), source })?;
    Ok(key)
}

/// Reads what [`write_json`] wrote and checks its digest against its name.
pub async fn read_json<T: DeserializeOwned>(
    objects: &Objects,
    key: &str,
) -> Result<T, InspectionError> {
    let what = || key.to_owned();
    let damaged = |detail: String| InspectionError::Damaged { what: what(), detail };
    let packed = objects
        .get(key, STORED_BYTES_MAX)
        .await
        .map_err(|source| InspectionError::Object { what: what(), source })?
        .ok_or_else(|| InspectionError::Gone { what: what() })?;
    let mut json = Vec::new();
    zstd::stream::read::Decoder::with_buffer(&packed[..])
        .and_then(|decoder| decoder.take(BYTES_MAX).read_to_end(&mut json))
        .map_err(|error| damaged(error.to_string()))?;
    if !key.ends_with(&format!("/{}.zst", sha256_hex(&json))) {
        return Err(damaged("its digest does not match its name".to_owned()));
    }
    serde_json::from_slice(&json).map_err(|error| damaged(error.to_string()))
}
