#!/bin/sh
# Debian's daemontools and its peers, the tracer, the clock and two poor file systems, for the tests that compare and the tests that make
# calls fail.
# Without root or without apt-get they stay away, and those tests say that they are skipped.
missing=
[ -x /usr/bin/multilog ] || missing="$missing daemontools"
[ -x /usr/bin/strace ] || missing="$missing strace"
[ -x /usr/bin/faketime ] || missing="$missing faketime"
[ -x /usr/bin/s6-log ] || missing="$missing s6"
[ -x /usr/bin/svlogd ] || missing="$missing runit"
[ -x /usr/sbin/mount.exfat-fuse ] || missing="$missing exfat-fuse exfatprogs"
[ -x /usr/bin/bindfs ] || missing="$missing bindfs"
[ -n "$missing" ] || exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    apt-get update -q >/dev/null && DEBIAN_FRONTEND=noninteractive apt-get install -qy $missing >/dev/null && exit 0
fi
echo "not installed:$missing - the tests that need it are skipped"
