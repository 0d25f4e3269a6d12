DELETE FROM host_results
WHERE inspection = ?1
