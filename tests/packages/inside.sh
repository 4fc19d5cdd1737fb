# Runs in a Debian of its own, as its first process's child: inside.sh RUST-VERSION. See debootstrap.sh.
set -eu
promised=$1
fail() {
    echo "failed: $*"
    exit 1
}
# What there is now, without what apt and this script use.
files() {
    find / -xdev \( -path /proc -o -path /src -o -path /crates -o -path /rust -o -path /root -o -path /tmp \
        -o -path /run -o -path /var/log -o -path /var/cache -o -path /var/lib/apt -o -path /var/lib/dpkg \
        -o -path '/etc/ld.so.cache' \) -prune -o ! -type d -print | sort >"$1"
}
same() {
    files /tmp/after
    diff /tmp/before /tmp/after || fail "files that differ after $1 and its removal"
    echo "nothing is left of $1"
}

# A compiler: Debian's, or the machine's.
apt-get -q update >/tmp/apt 2>&1 || true
offered=$(apt-cache policy rustc 2>/dev/null | sed -n 's/^ *Candidate: \([0-9.]*\).*/\1/p')
if [ -n "$offered" ] && [ "$(printf '%s\n' "$promised" "$offered" | sort -V | head -n 1)" = "$promised" ] &&
    DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends rustc cargo >/tmp/apt 2>&1; then
    echo "compiler of the distribution: $(rustc --version)"
else
    export PATH="/rust/bin:$PATH"
    echo "compiler of the machine: $(rustc --version), since the distribution has ${offered:-none}"
fi

# README's first example, as it is written there.
sed -n '/^## I run services/,/^## I have/p' /src/README.md | sed -n '/^```sh/,/^```/p' | sed '/^```/d' >/tmp/example
[ "$(wc -l </tmp/example)" = 10 ] || fail "README's first example has $(wc -l </tmp/example) lines"
example() {
    place=$(mktemp -d)
    (cd "$place" && sh -e /tmp/example >/tmp/said 2>&1) || { cat /tmp/said && fail "README's first example"; }
    grep -q '^hello: up, pid ' /tmp/said && grep -q ' process [0-9]* says hello$' /tmp/said ||
        { cat /tmp/said && fail 'it shows less'; }
    sleep 1
    for name in svscan supervise multilog; do
        ! grep -qx "$name" /proc/[0-9]*/comm 2>/dev/null || fail "$name still runs"
    done
    rm -rf "$place"
    echo "README's first example runs with $1"
}

files /tmp/before
dpkg -i /root/daemontools-again_*.deb >/tmp/dpkg 2>&1 || { cat /tmp/dpkg && fail "dpkg -i"; }
[ -z "$(dpkg --verify daemontools-again)" ] || fail "dpkg --verify"
example 'the package'
dpkg --purge daemontools-again >/tmp/dpkg 2>&1 || { cat /tmp/dpkg && fail "dpkg --purge"; }
same 'the package'

cd /src
from=
if [ "$BUILD" = no ]; then
    from=FROM=target/tools
    echo "skipped: make build; the programs are the machine's"
fi
make demo $from >/tmp/demo 2>&1 || { tail -n 30 /tmp/demo && fail "make demo"; }
tail -n 1 /tmp/demo | grep -q 'all of them are in the log.$' || { tail -n 30 /tmp/demo && fail "make demo"; }
tail -n 1 /tmp/demo

files /tmp/before
make -s install FROM=target/tools
PATH=/usr/local/bin:$PATH example 'make install'
make -s uninstall
same 'make install'

make -s slashpackage FROM=target/tools
PATH=/command:$PATH example 'make slashpackage'
make -s unslashpackage
same 'make slashpackage'
[ ! -e /package ] && [ ! -e /command ] && [ ! -e /service ] || fail "a folder of slashpackage is left"

[ "$TESTS" != no ] || { echo "skipped: the tests"; exit 0; }
# As a user without rights, so that nothing is installed and what is missing is said.
useradd -m tester
cp -r /root/.cargo /home/tester/ && chown -R tester /home/tester /src
chmod 755 /root 2>/dev/null || true
su tester -c "export PATH='$PATH' RUST_TEST_NOCAPTURE=1; cd /src && $TESTS" >/tmp/tests 2>&1 ||
    { grep -A 4 'panicked at' /tmp/tests; tail -n 60 /tmp/tests && fail "$TESTS"; }
echo "$TESTS, as a user without rights, passes, and says:"
grep -h '^not installed:\|skipped:' /tmp/tests | sort | uniq -c
