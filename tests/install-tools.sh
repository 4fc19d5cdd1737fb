#!/bin/sh
# Debian's daemontools and its peers, the tracer and the clock, for the tests that compare and the tests that make
# calls fail; GNU time, which counts; two daemons to be supervised; readers of archives; two poor file
# systems; Prometheus' tools; what reads manual pages and JSON.
# Without root or without apt-get they stay away, and those tests say that they are skipped.
# With the argument "readers": also the programs with which the comparison of mlog is made.
# With the argument "services": the daemons of `make test-services`, and nothing else.
# With the argument "debootstrap": what `make test-debootstrap` needs, and nothing else.
# With the argument "compiler": Debian's compiler, for `make msrv`, and nothing else.
missing=
if [ "${1-}" = compiler ]; then
    # These packages exclude Debian's rustc and rustup. Whoever has one of those keeps it.
    { [ -e /usr/bin/rustc ] || [ -e /usr/bin/rustup ]; } || missing=" rustc-web cargo-web"
elif [ "${1-}" = services ]; then
    [ -x /usr/sbin/nginx ] || missing="$missing nginx-light"
    [ -x /usr/bin/redis-server ] || missing="$missing redis-server"
    [ -d /usr/lib/postgresql ] || missing="$missing postgresql"
    [ -x /usr/sbin/ip ] || missing="$missing iproute2"
    [ -x /usr/bin/pkill ] || missing="$missing procps"
elif [ "${1-}" = debootstrap ]; then
    [ -x /usr/sbin/debootstrap ] || missing="$missing debootstrap"
    [ -x /usr/bin/lintian ] || missing="$missing lintian"
else
    [ -x /usr/bin/multilog ] || missing="$missing daemontools"
    [ -x /usr/bin/strace ] || missing="$missing strace"
    [ -x /usr/bin/faketime ] || missing="$missing faketime"
    [ -x /usr/bin/time ] || missing="$missing time"
    [ -x /usr/bin/s6-log ] || missing="$missing s6"
    [ -x /usr/bin/svlogd ] || missing="$missing runit"
    [ -x /usr/sbin/nginx ] || missing="$missing nginx-light"
    [ -x /usr/bin/redis-server ] || missing="$missing redis-server"
    [ -x /usr/sbin/mount.exfat-fuse ] || missing="$missing exfat-fuse exfatprogs"
    [ -x /usr/bin/zstd ] || missing="$missing zstd"
    [ -x /usr/bin/pigz ] || missing="$missing pigz"
    [ -x /usr/bin/busybox ] || missing="$missing busybox"
    [ -x /usr/bin/lnav ] || missing="$missing lnav"
    [ -x /usr/bin/promtool ] || missing="$missing prometheus"
    [ -x /usr/bin/prometheus-node-exporter ] || missing="$missing prometheus-node-exporter"
    [ -x /usr/bin/mandoc ] || missing="$missing mandoc"
    [ -x /usr/bin/jq ] || missing="$missing jq"
    [ -x /usr/bin/bindfs ] || missing="$missing bindfs"
fi
if [ "${1-}" = readers ]; then
    [ -x /usr/bin/rg ] || missing="$missing ripgrep"
    [ -x /usr/bin/ugrep ] || missing="$missing ugrep"
    [ -x /lib/systemd/systemd-journal-remote ] || missing="$missing systemd-journal-remote"
fi
[ -n "$missing" ] || exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    # The daemons are for the tests alone: nothing is started by being installed.
    policy=/usr/sbin/policy-rc.d
    if [ ! -e $policy ]; then
        printf '#!/bin/sh\nexit 101\n' >$policy && chmod 755 $policy
        trap 'rm -f /usr/sbin/policy-rc.d' EXIT
    fi
    only=
    [ "${1-}" != services ] || only=--no-install-recommends
    if apt-get update -q >/dev/null &&
        DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-remove $only $missing >/dev/null; then
        # Nor is what was installed here started at the next boot.
        for daemon in nginx redis-server postgresql prometheus prometheus-node-exporter; do
            case "$missing " in *" $daemon "* | *" $daemon-light "*) update-rc.d "$daemon" disable >/dev/null 2>&1 || true ;; esac
        done
        exit 0
    fi
fi
echo "not installed:$missing - the tests that need it are skipped"
