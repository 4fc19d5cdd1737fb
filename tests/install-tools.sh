#!/bin/sh
# Debian's daemontools and its peers, the tracer and the clock, for the tests that compare and the tests that make
# calls fail; GNU time, which counts; two daemons to be supervised.
# Without root or without apt-get they stay away, and those tests say that they are skipped.
missing=
[ -x /usr/bin/multilog ] || missing="$missing daemontools"
[ -x /usr/bin/strace ] || missing="$missing strace"
[ -x /usr/bin/faketime ] || missing="$missing faketime"
[ -x /usr/bin/time ] || missing="$missing time"
[ -x /usr/bin/s6-log ] || missing="$missing s6"
[ -x /usr/bin/svlogd ] || missing="$missing runit"
[ -x /usr/sbin/nginx ] || missing="$missing nginx-light"
[ -x /usr/bin/redis-server ] || missing="$missing redis-server"
[ -n "$missing" ] || exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    # The daemons are for the tests alone: nothing is started by being installed.
    policy=/usr/sbin/policy-rc.d
    if [ ! -e $policy ]; then
        printf '#!/bin/sh\nexit 101\n' >$policy && chmod 755 $policy
        trap 'rm -f /usr/sbin/policy-rc.d' EXIT
    fi
    apt-get update -q >/dev/null && DEBIAN_FRONTEND=noninteractive apt-get install -qy $missing >/dev/null && exit 0
fi
echo "not installed:$missing - the tests that need it are skipped"
