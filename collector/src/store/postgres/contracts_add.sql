INSERT INTO contracts (
    id, customer, name, level, cadence, window_day, window_hour, window_hours, time_zone,
    engineer, customer_contact, starts, ends, policy_version
)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
