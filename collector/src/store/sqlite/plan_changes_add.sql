INSERT INTO plan_changes (
    id, plan, at, from_state, to_state, snapshot, note
)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
