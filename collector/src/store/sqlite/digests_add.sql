-- One digest a contract and moment, whichever job is first.
INSERT INTO digests (
    id, contract, due_at, made_at
)
VALUES (?1, ?2, ?3, ?4)
ON CONFLICT (contract, due_at) DO NOTHING
