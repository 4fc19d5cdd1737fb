#!/bin/sh
# Everything that a reader of the front page does, on a Debian with nothing but make, a C compiler and Rust:
# debootstrap.sh SUITE... The package is the one in target/. Debian's Rust is taken where it is new enough, otherwise that
# of this machine. TESTS is what tests there (make test; no: nothing), and BUILD=no takes the static programs in
# target/tools instead of building them there. Archives of the systems are kept in target/debootstrap.
set -eu
cd "$(dirname "$0")/../.."
work=$PWD/target/debootstrap
skip() {
    echo "skipped: $*"
    exit 0
}
[ "$(id -u)" = 0 ] || skip "debootstrap needs root"
command -v debootstrap >/dev/null || skip "there is no debootstrap"
command -v unshare >/dev/null || skip "there is no unshare"
package=$(ls -t "$PWD"/target/daemontools-again_*.deb 2>/dev/null | head -n 1)
[ -n "$package" ] || { echo "there is no package in target/ (make deb)" >&2 && exit 111; }
mkdir -p "$work"

if command -v lintian >/dev/null; then
    # As root it says that it should not be run so.
    lintian --fail-on error,warning --tag-display-limit 0 "$package" 2>"$work/lintian" ||
        { cat "$work/lintian" && exit 1; }
    echo "lintian has no error and no warning"
else
    echo "skipped: there is no lintian"
fi

# The crates, since a system of its own has no place for them and perhaps no way to a registry.
cargo vendor --locked --quiet "$work/crates"
printf '[source.crates-io]\nreplace-with = "here"\n[source.here]\ndirectory = "/crates"\n' >"$work/crates.toml"
promised=$(sed -n 's/^rust-version = "\(.*\)"/\1/p' Cargo.toml)
rust=$(rustc --print sysroot)

one() {
    suite=$1 root=$work/$1 kept=$work/$1.tar
    rm -rf "$root"
    if [ ! -e "$kept" ]; then
        if ! debootstrap --variant=minbase --include=make,gcc,libc6-dev "$suite" "$root" >"$work/$suite.log" 2>&1
        then
            echo "skipped: $suite can't be fetched: $(tail -n 1 "$work/$suite.log")"
            rm -rf "$root"
            return
        fi
        tar -C "$root" -cf "$kept.new" . && mv "$kept.new" "$kept"
    else
        mkdir "$root" && tar -C "$root" -xpf "$kept"
    fi
    mkdir -p "$root/src" "$root/crates" "$root/rust" "$root/root/.cargo"
    git ls-files -z --cached --others --exclude-standard | tar --null --no-recursion -T - -c | tar -C "$root/src" -x
    cp "$work/crates.toml" "$root/root/.cargo/config.toml"
    cp "$package" "$root/root/"
    cp tests/packages/inside.sh "$root/inside.sh"
    if [ "${BUILD-yes}" = no ]; then
        mkdir -p "$root/src/target" && cp -r target/tools "$root/src/target/"
    fi
    echo "== $suite"
    code=0
    unshare --mount --pid --fork --kill-child sh -c '
        mount --make-rprivate / && mount -t proc proc "$1/proc" || exit 99
        mount -t devpts -o newinstance,ptmxmode=0666 devpts "$1/dev/pts" && mount --bind "$1/dev/pts/ptmx" "$1/dev/ptmx" ||
            exit 99
        mount --bind "$2" "$1/crates" && mount --bind "$3" "$1/rust" || exit 99
        mount -o remount,bind,ro "$1/crates" && mount -o remount,bind,ro "$1/rust" || exit 99
        exec env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C HOME=/root TESTS="$5" BUILD="$6" \
            chroot "$1" sh /inside.sh "$4"
    ' sh "$root" "$work/crates" "$rust" "$promised" "${TESTS-make test}" "${BUILD-yes}" </dev/null || code=$?
    rm -rf "$root"
    [ $code != 99 ] || skip "no mounts here"
    return $code
}

for suite; do
    one "$suite"
done
