INSERT INTO failing (
    inspection, host, rule, area, level, verdict, standing, title_ko, title_en
)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
