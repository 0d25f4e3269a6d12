SELECT contact
FROM case_reporters
WHERE case_id = ?1
