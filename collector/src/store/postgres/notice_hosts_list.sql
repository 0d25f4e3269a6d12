SELECT
    notice_hosts.notice, notice_hosts.host, notice_hosts.evidence, notice_hosts.standing,
    notice_hosts.was_applied, notice_hosts.snapshot, notice_hosts.observed_at
FROM notice_hosts
INNER JOIN notices ON notices.id = notice_hosts.notice
WHERE
    ($1::uuid IS NULL OR notice_hosts.notice = $1)
    AND (notices.revised_at >= $2 OR notices.state <> 'verified')
ORDER BY notice_hosts.notice, notice_hosts.host
