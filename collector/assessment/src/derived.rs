//! Facts that the assessment itself adds to what parsers put.

use carepack_facts::Spec;

/// Facts that the assessment itself adds before rules judge: no parser can know them, since they
/// depend on the last inspection, the contract's visits and its standards.
pub const DERIVED: &[Spec] = &[
    Spec {
        key: "advisories.applicable",
        unit: "",
        about: "advisories whose fix can be had now: {id, kind, severity, cvss_tenths, exploited, \
                age_days, reboot, live_patched, product, packages}; only while the feed is fresh",
    },
    Spec {
        key: "advisories.not_running",
        unit: "",
        about: "advisories whose fix is installed and not booted",
    },
    Spec {
        key: "advisories.elsewhere",
        unit: "",
        about: "advisories whose fix is in another life-cycle stream or a repository that is off",
    },
    Spec {
        key: "advisories.unfixed",
        unit: "",
        about: "vulnerabilities without a fix: class no_fix_yet or will_not_fix",
    },
    Spec {
        key: "drift.unexplained",
        unit: "",
        about: "changes since the last inspection without an author; not at the first",
    },
    Spec { key: "drift.compared", unit: "", about: "there is a last inspection to compare with" },
    Spec { key: "drift.explained", unit: "changes", about: "changes whose author is known" },
    Spec { key: "standard.name", unit: "", about: "the standard of the host's role" },
    Spec { key: "standard.deviations", unit: "", about: "what is not as the standard has it" },
    Spec { key: "group.kind", unit: "", about: "of a whole: cluster, web_app or app_db" },
    Spec { key: "group.name", unit: "", about: "the cluster's name, or `from → to`" },
    Spec {
        key: "group.nodes",
        unit: "",
        about: "of a cluster: name and asked facts of each member",
    },
    Spec { key: "group.strangers", unit: "", about: "nodes or targets outside the contract" },
    Spec { key: "link.entries", unit: "", about: "of tiers: each target and what answers it" },
    Spec {
        key: "link.pool_total",
        unit: "connections",
        about: "to a database: what the caller's pools may open together",
    },
    Spec {
        key: "link.pool_total_all",
        unit: "connections",
        about: "to a database: what the pools of all callers may open together",
    },
    Spec { key: "link.from", unit: "", about: "of tiers: the caller and its asked facts" },
    Spec {
        key: "link.peers",
        unit: "",
        about: "of web → app: all callers of that server, with their asked facts",
    },
    Spec { key: "link.to", unit: "", about: "of tiers: the called and its asked facts" },
    Spec { key: "standard.unseen", unit: "", about: "facts of the standard that were not seen" },
];
