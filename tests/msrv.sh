#!/bin/sh
# Checks that everything compiles with a second compiler: the one of the version that Cargo.toml promises where rustup
# has it, otherwise the one in /usr/bin (Debian's rustc-web and cargo-web) where that is new enough.
set -eu
cd "$(dirname "$0")/.."
promised=$(sed -n 's/^rust-version = "\(.*\)"/\1/p' Cargo.toml)
export CARGO_TARGET_DIR=target/msrv

check() {
    echo "rust-version is $promised; checked with $("$RUSTC" --version)"
    "$CARGO" check --locked --quiet --workspace --exclude parts --all-targets
}

if command -v rustup >/dev/null && rustup toolchain list 2>/dev/null | grep -q "^$promised[.-]"; then
    CARGO=$(rustup which --toolchain "$promised" cargo)
    RUSTC=$(rustup which --toolchain "$promised" rustc)
    export RUSTC
    check
    exit
fi
if [ ! -x /usr/bin/rustc ] || [ ! -x /usr/bin/cargo ]; then
    echo "skipped: there is no second compiler (Debian has rustc-web and cargo-web)"
    exit
fi
CARGO=/usr/bin/cargo
RUSTC=/usr/bin/rustc
export RUSTC
found=$($RUSTC --version | cut -d' ' -f2)
if [ "$(printf '%s\n' "$promised" "$found" | sort -V | head -n1)" != "$promised" ]; then
    echo "skipped: /usr/bin/rustc is $found, which is older than $promised"
    exit
fi
check
