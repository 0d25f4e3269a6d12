SELECT
    id, plan, at, from_state, to_state, snapshot, note
FROM plan_changes
WHERE plan = $1
ORDER BY at, id
