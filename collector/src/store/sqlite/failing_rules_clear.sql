DELETE FROM failing_rules
WHERE contract = ?1
