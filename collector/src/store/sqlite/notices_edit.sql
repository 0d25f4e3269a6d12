UPDATE notices
SET risk_ko = ?2, risk_en = ?3, how_ko = ?4, how_en = ?5
WHERE id = ?1
