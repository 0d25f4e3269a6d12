-- The policy's version grows with every change, so that no agent keeps an older one.
UPDATE contracts
SET
    level = ?2, cadence = ?3, window_day = ?4, window_hour = ?5, window_hours = ?6,
    time_zone = ?7, engineer = ?8, customer_contact = ?9, starts = ?10, ends = ?11,
    policy_version = policy_version + 1
WHERE id = ?1
