SELECT
    plans.id, plans.notice, plans.host, plans.decision, plans.window_from, plans.window_until,
    plans.reason, plans.compensation, plans.approver, plans.expires_at, plans.state,
    plans.decided_at, plans.decided_by, plans.verified_by, plans.verified_at, plans.superseded_at
FROM plans
INNER JOIN notices ON notices.id = plans.notice
WHERE notices.contract = ?1 AND (plans.superseded_at IS NULL OR ?2)
ORDER BY plans.decided_at, plans.id
LIMIT ?3
