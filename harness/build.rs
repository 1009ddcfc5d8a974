//! Rebuilds sceptic when a data file comes, goes or changes: `include_dir!` alone does not see new files.

fn main() {
    for folder in ["cases", "bundles", "mutants", "profiles", "register", "peers"] {
        println!("cargo::rerun-if-changed={folder}");
    }
}
