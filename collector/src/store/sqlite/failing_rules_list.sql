SELECT
    failing_rules.rule,
    max(failing_rules.area) AS area,
    min(failing_rules.severity) AS severity,
    max(failing_rules.title_ko) AS title_ko,
    max(failing_rules.title_en) AS title_en,
    sum(failing_rules.danger) AS danger,
    sum(failing_rules.attention) AS attention,
    sum(failing_rules.unknown) AS unknown,
    sum(failing_rules.excepted) AS excepted
FROM failing_rules
INNER JOIN contracts ON contracts.id = failing_rules.contract
WHERE ?1 IS NULL OR contracts.customer IN (SELECT each.value FROM json_each(?1) AS each)
GROUP BY failing_rules.rule
ORDER BY failing_rules.rule
LIMIT ?2
