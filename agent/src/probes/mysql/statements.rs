//! The statements that a server is asked, in their order; nothing else is ever sent.
//!
//! A server that does not know one, or refuses it, goes on to the next.

/// The account that suffices, as SQL that the customer runs once.
///
/// `REFERENCES` shows the definitions of tables and no row of them, and without `CREATE` it
/// allows nothing. The view runs with its maker's rights: the account sees whether a password is
/// set and never a hash.
pub const GRANTS: &[&str] = &[
    "CREATE USER 'carepack'@'localhost' IDENTIFIED BY '...';",
    "GRANT PROCESS, REPLICATION CLIENT, REFERENCES ON *.* TO 'carepack'@'localhost';",
    "/* MariaDB 10.5 and later */ GRANT REPLICA MONITOR ON *.* TO 'carepack'@'localhost';",
    "CREATE DATABASE carepack;",
    "CREATE SQL SECURITY DEFINER VIEW carepack.accounts AS SELECT user, host, plugin, \
     plugin NOT IN ('auth_socket', 'unix_socket') AND authentication_string = '' \
     AS no_password FROM mysql.user WHERE user <> 'mariadb.sys'; \
     /* MySQL 5.5, 5.6 and MariaDB up to 10.3: AND password = '' before AS */",
    "GRANT SELECT ON carepack.accounts TO 'carepack'@'localhost';",
];

/// Schemas of the servers' own.
macro_rules! own {
    () => {
        "('mysql', 'sys', 'information_schema', 'performance_schema', 'ndbinfo', 'carepack')"
    };
}

/// The section that the answer belongs to (none: settings of this session), and the statement.
pub const STATEMENTS: &[(&str, &str)] = &[
    ("", "SET SESSION max_execution_time = 5000"),
    ("", "SET SESSION max_statement_time = 5"),
    ("", "SET SESSION lock_wait_timeout = 2"),
    ("variables", "SHOW GLOBAL VARIABLES"),
    ("status", "SHOW GLOBAL STATUS"),
    (
        "privileges",
        "SELECT privilege_type AS privilege FROM information_schema.user_privileges \
         WHERE grantee = CONCAT('''', REPLACE(CURRENT_USER(), '@', '''@'''), '''')",
    ),
    ("slaves", "SHOW ALL SLAVES STATUS"),
    ("replica", "SHOW REPLICA STATUS"),
    ("slave", "SHOW SLAVE STATUS"),
    (
        "transactions",
        "SELECT COUNT(*) AS number, COALESCE(MAX(TIMESTAMPDIFF(SECOND, trx_started, NOW())), 0) \
         AS oldest_seconds FROM information_schema.innodb_trx",
    ),
    (
        "sessions",
        "SELECT COUNT(*) AS number, COALESCE(SUM(command = 'Sleep'), 0) AS sleeping, \
         COALESCE(SUM(state LIKE 'Waiting for%lock%'), 0) AS waiting, \
         COALESCE(SUM(command LIKE 'Binlog Dump%'), 0) AS replicas, \
         COALESCE(MAX(IF(command IN ('Query', 'Execute'), time, 0)), 0) AS longest_seconds \
         FROM information_schema.processlist",
    ),
    (
        "metrics",
        "SELECT name, count AS number FROM information_schema.innodb_metrics \
         WHERE name IN ('trx_rseg_history_len', 'lock_deadlocks', 'lock_timeouts')",
    ),
    (
        "engines",
        concat!(
            "SELECT engine, COUNT(*) AS number, COALESCE(SUM(data_length + index_length), 0) \
             AS bytes, COALESCE(SUM(data_free), 0) AS free_bytes FROM information_schema.tables \
             WHERE table_type = 'BASE TABLE' AND table_schema NOT IN ",
            own!(),
            " GROUP BY engine LIMIT 30"
        ),
    ),
    (
        "collations",
        concat!(
            "SELECT SUBSTRING_INDEX(table_collation, '_', 1) AS charset, COUNT(*) AS number \
             FROM information_schema.tables WHERE table_type = 'BASE TABLE' AND table_schema \
             NOT IN ",
            own!(),
            " GROUP BY 1 ORDER BY 2 DESC LIMIT 30"
        ),
    ),
    (
        "without_key",
        concat!(
            "SELECT t.table_schema AS db, t.table_name AS name, t.engine AS engine, \
             COALESCE(t.table_rows, 0) AS number FROM information_schema.tables t \
             LEFT JOIN information_schema.table_constraints c ON c.table_schema = t.table_schema \
             AND c.table_name = t.table_name AND c.constraint_type = 'PRIMARY KEY' \
             WHERE t.table_type = 'BASE TABLE' AND c.constraint_name IS NULL AND t.table_schema \
             NOT IN ",
            own!(),
            " ORDER BY 4 DESC LIMIT 100"
        ),
    ),
    (
        "auto_increment",
        concat!(
            "SELECT t.table_schema AS db, t.table_name AS name, c.column_type AS type, \
             t.auto_increment AS next FROM information_schema.tables t \
             JOIN information_schema.columns c ON c.table_schema = t.table_schema \
             AND c.table_name = t.table_name AND c.extra LIKE '%auto_increment%' \
             WHERE t.auto_increment IS NOT NULL AND t.table_schema NOT IN ",
            own!(),
            " ORDER BY t.auto_increment / (CASE c.data_type WHEN 'tinyint' THEN 127 \
             WHEN 'smallint' THEN 32767 WHEN 'mediumint' THEN 8388607 WHEN 'int' THEN 2147483647 \
             ELSE 9223372036854775807 END * IF(c.column_type LIKE '%unsigned%', 2, 1)) DESC \
             LIMIT 50"
        ),
    ),
    (
        "fragmented",
        concat!(
            "SELECT table_schema AS db, table_name AS name, engine, data_length + index_length \
             AS bytes, data_free AS free_bytes FROM information_schema.tables \
             WHERE table_type = 'BASE TABLE' AND data_free > 0 AND table_schema NOT IN ",
            own!(),
            " ORDER BY data_free DESC LIMIT 50"
        ),
    ),
    (
        "schemas",
        "SELECT schema_name AS name, default_character_set_name AS charset \
         FROM information_schema.schemata LIMIT 200",
    ),
    ("accounts", "SELECT user, host, plugin, no_password FROM carepack.accounts LIMIT 200"),
];
