SELECT
    id, contract, host, rule, reason, risk, compensation, approver, approved_at, expires_at
FROM exceptions
WHERE contract = ?1
ORDER BY approved_at, id
