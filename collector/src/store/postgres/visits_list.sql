SELECT
    id, contract, period, held_on, who, hosts, checklist, words_ko, words_en, entered_at,
    entered_by
FROM visits
WHERE contract = $1 AND ($2::text IS NULL OR period = $2)
ORDER BY held_on, id
LIMIT $3
