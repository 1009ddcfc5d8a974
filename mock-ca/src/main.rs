//! The program `mock-ca`: see the library's `cli`.

fn main() -> std::process::ExitCode {
    std::process::ExitCode::from(mock_ca::cli::run(std::env::args_os().skip(1)))
}
