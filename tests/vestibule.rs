//! The binary `vestibule` once more: Cargo builds it for the stories of this package, which start it as a process.

fn main() -> std::process::ExitCode {
    vestibule_server::cli::main()
}
