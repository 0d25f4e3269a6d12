SELECT
    plans.id, plans.notice, plans.host, plans.decision, plans.window_from, plans.window_until,
    plans.reason, plans.compensation, plans.approver, plans.expires_at, plans.state,
    plans.decided_at, plans.decided_by, plans.verified_by, plans.verified_at, plans.superseded_at
FROM plans
INNER JOIN notices ON notices.id = plans.notice
WHERE
    plans.superseded_at IS NULL
    AND ($1::uuid IS NULL OR plans.notice = $1)
    AND (notices.revised_at >= $2 OR notices.state <> 'verified')
ORDER BY plans.notice, plans.host
