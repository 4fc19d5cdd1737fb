#!/bin/sh
# Runs the suite of the chain-loading tools as a user without rights: on ours, and on Debian's where they are installed.
set -eu
cd "$(dirname "$0")/.."
[ "$(id -u)" = 0 ] || { echo "skipped: the suites have no rights here anyway"; exit 0; }
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
chmod 755 "$place"
executables() { cargo "$@" --locked --quiet --message-format=json | sed -n 's/.*"executable":"\([^"]*\)".*/\1/p'; }
cp $(executables build --bins -p multilog -p supervise-min) "$place"
cp "$(executables test --test chain --no-run)" "$place/suite"
cd /
umask 022
run() { env -i PATH=/usr/bin:/bin TMPDIR=/tmp "$@" "$place/setuidgid" nobody "$place/suite" --quiet; }
run OUR_TOOLS="$place"
[ ! -x /usr/bin/setuidgid ] || run TOOLS_UNDER_TEST=/usr/bin
