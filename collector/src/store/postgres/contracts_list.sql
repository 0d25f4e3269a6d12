SELECT
    id, customer, name, level, cadence, window_day, window_hour, window_hours, time_zone,
    engineer, customer_contact, starts, ends, policy_version
FROM contracts
ORDER BY name, id
