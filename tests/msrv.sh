#!/bin/sh
# Checks that everything compiles with a second compiler: the one of the version that Cargo.toml promises, from rustup or from
# Debian's packages, otherwise the one in /usr/bin where that is new enough. A crate that promises another version by itself
# is checked with that one where rustup has it.
set -eu
cd "$(dirname "$0")/.."
promised=$(sed -n 's/^rust-version = "\(.*\)"/\1/p' Cargo.toml)
export CARGO_TARGET_DIR=target/msrv
unpacked=$PWD/target/msrv/debian-$promised

check() {
    others=$(grep -l '^rust-version = ' ./*/Cargo.toml ./*/*/Cargo.toml | sed 's,.*/\([^/]*\)/Cargo.toml,--exclude \1,')
    echo "rust-version is $promised; checked with $("$RUSTC" --version)"
    # shellcheck disable=SC2086
    "$CARGO" check --locked --quiet --workspace $others --all-targets
    exit
}

# The toolchain of rustup for a version.
toolchain() {
    command -v rustup >/dev/null && rustup toolchain list 2>/dev/null | grep "^$1[.-]" | head -n 1 | cut -d ' ' -f 1
}

for manifest in $(grep -l '^rust-version = ' ./*/Cargo.toml ./*/*/Cargo.toml); do
    name=$(sed -n 's/^name = "\(.*\)"/\1/p' "$manifest" | head -n 1)
    own=$(sed -n 's/^rust-version = "\(.*\)"/\1/p' "$manifest")
    found=$(toolchain "$own") || true
    if [ -z "$found" ]; then
        echo "skipped: $name, since rustup has no Rust $own (rustup toolchain install $own)"
        continue
    fi
    echo "rust-version of $name is $own; checked with $found"
    RUSTC=$(rustup which --toolchain "$found" rustc) \
        "$(rustup which --toolchain "$found" cargo)" check --locked --quiet -p "$name" --all-targets
done

# Debian's packages of that version, unpacked and not installed. Fails where apt-get does not have them.
unpack() {
    [ ! -x "$unpacked/usr/bin/cargo" ] || return 0
    command -v apt-get >/dev/null && [ "$(id -u)" = 0 ] || return 1
    for suffix in '' -web; do
        version=$(apt-cache madison "cargo$suffix" | cut -d '|' -f 2 | tr -d ' ' | grep "^$promised[.]" | head -n 1)
        [ -z "$version" ] || break
    done
    [ -n "$version" ] || return 1
    packages=$PWD/target/msrv/packages
    mkdir -p "$packages/partial"
    apt-get install -qq --download-only --reinstall --allow-downgrades --no-install-recommends \
        -o "Dir::Cache::archives=$packages" -o APT::Sandbox::User=root \
        "cargo$suffix=$version" "rustc$suffix=$version" "libstd-rust$suffix-dev=$version" >/dev/null || return 1
    for package in "$packages"/*.deb; do dpkg-deb --extract "$package" "$unpacked.new"; done
    mv "$unpacked.new" "$unpacked"
    rm -r "$packages"
}

if command -v rustup >/dev/null && rustup toolchain list 2>/dev/null | grep -q "^$promised[.-]"; then
    CARGO=$(rustup which --toolchain "$promised" cargo)
    RUSTC=$(rustup which --toolchain "$promised" rustc)
    export RUSTC
    check
fi
if /usr/bin/rustc --version 2>/dev/null | grep -q "^rustc $promised[.]" && [ -x /usr/bin/cargo ]; then
    CARGO=/usr/bin/cargo
    RUSTC=/usr/bin/rustc
    export RUSTC
    check
fi
if unpack; then
    libraries=$(find "$unpacked" -name '*.so.*' -printf '%h\n' | sort -u | tr '\n' ':')
    LD_LIBRARY_PATH=$libraries$(dirname "$(find "$unpacked" -name 'librustc_driver-*.so' | head -n 1)")
    CARGO=$unpacked/usr/bin/cargo
    RUSTC=$unpacked/usr/bin/rustc
    RUSTFLAGS="--sysroot $unpacked/usr"
    export LD_LIBRARY_PATH RUSTC RUSTFLAGS
    check
fi
sh tests/install-tools.sh compiler
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
