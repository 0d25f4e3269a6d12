//! `carepack-agent`: see `carepack-agent --help`.

use std::process::ExitCode;

fn main() -> ExitCode {
    carepack_agent::host::give_memory_back();
    // One TLS provider for the whole process, before anything can ask for one. An error means
    // that one is installed already, which is as good.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    carepack_agent::cli::main()
}
