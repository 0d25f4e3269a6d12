SELECT message_id, case_id, outcome, sender, subject, why, came_at
FROM case_mails
WHERE message_id = $1
