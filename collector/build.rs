//! Rebuilds the collector when a rule changes: `include_dir!` does not watch its folder.

fn main() {
    println!("cargo:rerun-if-changed=rules");
}
