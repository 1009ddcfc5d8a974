//! The rules as data: one row per package and one per place in the source.

use super::paths::NamedPath;

/// All rules of one workspace.
#[derive(Debug, Clone, Copy)]
pub struct Rules {
    /// What each package may depend on.
    pub packages: &'static [PackageRule],
    /// What the source in a place may name.
    pub sources: &'static [SourceRule],
}

/// What one package may depend on.
#[derive(Debug, Clone, Copy)]
pub struct PackageRule {
    /// Package name.
    pub package: &'static str,
    /// Packages of this workspace that it may depend on.
    pub may: &'static [&'static str],
    /// Further packages of this workspace that its tests may use.
    pub may_in_tests: &'static [&'static str],
    /// Packages, ours or not, that a normal build of it must not compile.
    pub never_compiles: &'static [&'static str],
    /// What is lost when the rule is broken.
    pub why: &'static str,
}

/// What the source in some places may name.
#[derive(Debug, Clone, Copy)]
pub struct SourceRule {
    /// `a/src/b` is the file `a/src/b.rs` and the folder `a/src/b`.
    pub within: &'static [&'static str],
    /// Paths that must not be named.
    pub never: &'static [&'static str],
    /// When not empty: the only parts of its own crate that may be named.
    pub only_from_crate: &'static [&'static str],
    /// What is lost when the rule is broken.
    pub why: &'static str,
}

impl SourceRule {
    /// Whether this path must not be named.
    pub(super) fn refuses(&self, named: &NamedPath) -> bool {
        let of_own_crate = named.segments.first().is_some_and(|first| first == "crate");
        let elsewhere = of_own_crate
            && named.segments.len() > 1
            && !self.only_from_crate.is_empty()
            && !self.only_from_crate.contains(&named.segments[1].as_str());
        elsewhere || self.never.iter().any(|pattern| named.contains(pattern))
    }
}

/// Libraries with sockets in them.
const NETWORK: &[&str] = &[
    "tokio",
    "mio",
    "hyper",
    "hyper-util",
    "http",
    "http-body",
    "http-body-util",
    "axum",
    "reqwest",
    "ureq",
];

/// The arrows of this workspace, as ARCHITECTURE.md draws them.
pub const RULES: Rules = Rules {
    packages: &[
        PackageRule {
            package: "scep",
            may: &[],
            may_in_tests: &["scep-vectors"],
            never_compiles: NETWORK,
            why: "the protocol is bytes and values: no I/O, and no other crate of ours below it",
        },
        PackageRule {
            package: "scep-vectors",
            may: &[],
            may_in_tests: &[],
            never_compiles: NETWORK,
            why: "vectors serve any implementation, so they depend on none",
        },
        PackageRule {
            package: "mock-ca",
            may: &["scep"],
            may_in_tests: &["scep-vectors"],
            never_compiles: &["mock-client", "sceptic"],
            why: "the reference server knows the protocol and nobody who uses it",
        },
        PackageRule {
            package: "mock-client",
            may: &["scep"],
            may_in_tests: &["scep-vectors"],
            never_compiles: &["mock-ca", "sceptic"],
            why: "the reference client knows the protocol and nobody who uses it",
        },
        PackageRule {
            package: "sceptic",
            may: &["scep", "mock-ca", "mock-client", "scep-vectors"],
            may_in_tests: &[],
            never_compiles: &[],
            why: "only tests stand above the harness",
        },
        PackageRule {
            package: "benches",
            may: &["scep", "mock-ca", "mock-client", "sceptic", "scep-vectors"],
            may_in_tests: &[],
            never_compiles: &[],
            why: "nothing stands above the benchmarks",
        },
        PackageRule {
            package: "scep-fuzz",
            may: &["scep", "scep-vectors"],
            may_in_tests: &[],
            never_compiles: &["tokio", "mio", "hyper", "mock-ca", "mock-client", "sceptic"],
            why: "a fuzz target is a reader of the protocol core, and everything that it compiles it slows down",
        },
        PackageRule {
            package: "tests",
            may: &["scep", "mock-ca", "mock-client", "sceptic", "scep-vectors"],
            may_in_tests: &[],
            never_compiles: &[],
            why: "nothing stands above the tests",
        },
    ],
    sources: &[
        SourceRule {
            within: &["scep/src"],
            never: &[
                "tokio",
                "hyper",
                "std::net",
                "std::fs",
                "std::env",
                "std::process",
                "std::thread",
                "SystemTime",
                "Instant",
                "OsRng",
                "ThreadRng",
                "thread_rng",
                "rand::rng",
                "getrandom",
                "from_os_rng",
                "from_entropy",
                "openssl::rand",
            ],
            only_from_crate: &[],
            why: "same bytes, same time, same seed, same output: the caller owns files, sockets, clock and chance",
        },
        SourceRule {
            within: &["harness/src/judge", "harness/src/plan"],
            never: &[
                "crate::*",
                "crate::runner",
                "crate::step",
                "crate::cli",
                "crate::report",
                "mock_ca",
                "mock_client",
                "std::net",
                "std::fs",
                "std::process",
                "tokio",
                "hyper",
                "SystemTime::now",
                "Instant::now",
            ],
            only_from_crate: &[],
            why: "a verdict is a function of the evidence, and can be given again without the subject",
        },
        SourceRule {
            within: &["harness/src/report"],
            never: &["scep", "mock_ca", "mock_client", "tokio", "hyper", "std::net", "SystemTime::now"],
            only_from_crate: &["report", "results", "verdict", "exit"], // exit: the codes as words
            why: "a report is a function of the run folder, and adds no judgement of its own",
        },
        SourceRule {
            within: &["mock-ca/src/ra", "mock-ca/src/ca"],
            never: &[
                "crate::*",
                "crate::store",
                "crate::service",
                "crate::server",
                "hyper",
                "hyper_util",
                "http",
                "http_body_util",
                "tokio",
                "std::net",
                "std::fs",
                "SystemTime::now",
                "fault",
                "rusqlite",
            ],
            only_from_crate: &[],
            why: "deciding and issuing are pure, so each has tests without a server, and a fault cannot hide in them",
        },
        SourceRule {
            within: &["fuzz/targets"],
            never: &["scep", "scep_vectors", "std"],
            only_from_crate: &[],
            why: "a target is one line: what it does lies in scep and its tests, where it is tested",
        },
    ],
};
