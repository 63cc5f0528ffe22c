//! Lets the linker fold functions that came out alike, of which every dialect has its copies.

use std::env::var;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    // Where `rustc` links with LLD unless told otherwise; other linkers do not know the option.
    let lld = ["ARCH=x86_64", "OS=linux", "ENV=gnu"].into_iter().all(|wanted| {
        let (name, value) = wanted.split_once('=').unwrap_or_default();
        var(format!("CARGO_CFG_TARGET_{name}")).is_ok_and(|set| set == value)
    });
    if lld && var("PROFILE").is_ok_and(|profile| profile == "release") {
        println!("cargo::rustc-link-arg-bins=-Wl,--icf=all");
    }
}
