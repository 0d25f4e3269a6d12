UPDATE people
SET totp_secret = $2, totp_step = $3
WHERE id = $1
