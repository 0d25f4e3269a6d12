UPDATE machines
SET settled = ?3, settled_at = ?4, settled_by = ?5
WHERE host = ?1 AND machine_sha256 = ?2 AND settled IS NULL
