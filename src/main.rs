//! Parses the command line and runs it.
#![forbid(unsafe_code)]

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> std::process::ExitCode {
    watercooler::cli::main(std::env::args_os(), std::env::vars_os())
}
