SELECT inspection, host, rule, area, level, verdict, standing, title_ko, title_en
FROM failing
WHERE (?1 IS NULL OR host = ?1) AND (?2 IS NULL OR rule = ?2)
ORDER BY rule, host
LIMIT ?3
