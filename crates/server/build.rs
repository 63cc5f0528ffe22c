//! Lets the linker fold functions that came out alike, of which every dialect has its copies, and pack the list of
//! addresses that are known only at the start, a megabyte.

use std::env::var;
use std::process::Command;

/// The first glibc whose loader reads the packed list.
const PACKED: (u32, u32) = (2, 36);

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    // Where `rustc` links with LLD unless told otherwise; other linkers do not know the option.
    let lld = ["ARCH=x86_64", "OS=linux", "ENV=gnu"].into_iter().all(|wanted| {
        let (name, value) = wanted.split_once('=').unwrap_or_default();
        var(format!("CARGO_CFG_TARGET_{name}")).is_ok_and(|set| set == value)
    });
    if lld && var("PROFILE").is_ok_and(|profile| profile == "release") {
        println!("cargo::rustc-link-arg-bins=-Wl,--icf=all");
        if glibc().is_some_and(|version| version >= PACKED) {
            println!("cargo::rustc-link-arg-bins=-Wl,-z,pack-relative-relocs");
        }
    }
}

/// The glibc of this machine, which the binary is linked with.
fn glibc() -> Option<(u32, u32)> {
    let asked = Command::new("getconf").arg("GNU_LIBC_VERSION").output().ok()?;
    let text = String::from_utf8(asked.stdout).ok()?;
    let (major, minor) = text.trim().strip_prefix("glibc ")?.split_once('.')?;
    Some((major.parse().ok()?, minor.parse().ok()?))
}
