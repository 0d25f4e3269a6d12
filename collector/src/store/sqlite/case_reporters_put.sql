INSERT INTO case_reporters (case_id, contact)
VALUES (?1, ?2)
ON CONFLICT (case_id) DO UPDATE SET
    contact = excluded.contact
