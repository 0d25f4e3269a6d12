UPDATE tokens
SET used_by_host = ?2
WHERE secret_sha256 = ?1
