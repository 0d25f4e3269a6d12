SELECT
    failing_rules.rule,
    max(failing_rules.area) AS area,
    min(failing_rules.severity) AS severity,
    max(failing_rules.title_ko) AS title_ko,
    max(failing_rules.title_en) AS title_en,
    sum(failing_rules.danger)::bigint AS danger,
    sum(failing_rules.attention)::bigint AS attention,
    sum(failing_rules.unknown)::bigint AS unknown,
    sum(failing_rules.excepted)::bigint AS excepted
FROM failing_rules
INNER JOIN contracts ON contracts.id = failing_rules.contract
WHERE $1::text IS NULL
    OR contracts.customer IN (
        SELECT each.value::uuid
        FROM json_array_elements_text($1::json) AS each (value)
    )
GROUP BY failing_rules.rule
ORDER BY failing_rules.rule
LIMIT $2
