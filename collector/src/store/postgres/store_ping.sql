SELECT 1::bigint AS one
