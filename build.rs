//! Makes the program smaller where the machine it is built on can load it so: the relative addresses of a program
//! that may lie anywhere in memory take a hundredth of the room when they are packed (2 MiB less), which glibc understands since
//! 2.36. A linker that does not know the word says so and goes on. Functions that came out the same, of which generic code makes
//! many, are kept once where the linker is the one that rustc brings along, which can do that.

use std::{env, path::Path, process::Command};

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    let is = |name: &str, wanted: &str| env::var(name).is_ok_and(|value| value == wanted);
    let here = env::var("HOST").ok() == env::var("TARGET").ok();
    if here && is("CARGO_CFG_TARGET_OS", "linux") && is("CARGO_CFG_TARGET_ENV", "gnu") && glibc() >= Some((2, 36)) {
        println!("cargo:rustc-link-arg-bins=-Wl,-z,pack-relative-relocs");
    }
    if here && is("TARGET", "x86_64-unknown-linux-gnu") && is("PROFILE", "release") && own_linker() == Some(true) {
        println!("cargo:rustc-link-arg-bins=-Wl,--icf=all");
    }
}

/// Whether rustc links with the linker it brings along (since 1.90, on this one platform), because nobody chose another.
fn own_linker() -> Option<bool> {
    println!("cargo:rerun-if-env-changed=CARGO_ENCODED_RUSTFLAGS");
    let flags = env::var("CARGO_ENCODED_RUSTFLAGS").unwrap_or_default();
    let chosen = env::var_os("RUSTC_LINKER").is_some() || flags.contains("link");
    let rustc = env::var("RUSTC").ok()?;
    let said = |argument: &[&str]| -> Option<String> {
        String::from_utf8(Command::new(&rustc).args(argument).output().ok()?.stdout).ok()
    };
    let version = said(&["-V"])?;
    let minor: u32 = version.split('.').nth(1)?.parse().ok()?;
    let sysroot = said(&["--print", "sysroot"])?;
    let brought = "lib/rustlib/x86_64-unknown-linux-gnu/bin/gcc-ld/ld.lld";
    Some(!chosen && minor >= 90 && Path::new(sysroot.trim()).join(brought).exists())
}

/// The version of the machine's C library.
fn glibc() -> Option<(u32, u32)> {
    let said = Command::new("getconf").arg("GNU_LIBC_VERSION").output().ok()?;
    let said = String::from_utf8(said.stdout).ok()?;
    let (major, minor) = said.trim().strip_prefix("glibc ")?.split_once('.')?;
    Some((major.parse().ok()?, minor.split('.').next()?.parse().ok()?))
}
