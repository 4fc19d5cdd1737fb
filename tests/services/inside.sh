# Runs in namespaces of its own: inside.sh PLACE TOOLS EXAMPLES. The machine's root is below an overlay, and the network is
# its own, so that the daemons run as on a real Debian and nothing of them stays. Exit code 99: no overlay here.
set -e
place=$1 tools=$2 examples=$3
mount --make-rprivate / && mount -t tmpfs tmpfs "$place" && mkdir "$place/up" "$place/work" "$place/root" || exit 99
mount -t overlay overlay -o "lowerdir=/,upperdir=$place/up,workdir=$place/work" "$place/root" || exit 99
root=$place/root
mount -t proc proc "$root/proc" && mount --rbind /dev "$root/dev" && mount -t tmpfs tmpfs "$root/dev/shm" || exit 99
ip link set lo up || exit 99
mkdir -p "$root/tools" "$root/var/sv" && rm -rf "$root/var/sv" "$root/srv/web" && cp -r "$examples" "$root/var/sv"
mount --bind "$tools" "$root/tools"

cat >"$root/inside.sh" <<'END'
set -e
export LC_ALL=C PATH=/tools:/usr/sbin:/usr/bin:/sbin:/bin SVDIR=/scan
fail() {
    echo "failed: $*"
    svctl status || true
    mlog -S /scan | tail -n 40
    exit 1
}
wait_for() {
    what=$1
    shift
    for try in $(seq 600); do
        ! "$@" >/tmp/tried 2>&1 || return 0
        sleep 0.1
    done
    fail "never: $what: $(tail -n 3 /tmp/tried)"
}
# How many lines of a service match.
lines() { mlog -o none -c -S /scan -u "$1" -g "$2" 2>/dev/null | sed 's/.* //' | awk '{ all += $1 } END { print all + 0 }'; }
has() { [ "$(lines "$1" "$2")" = "$3" ]; }
process() { svstat /scan/"$1" | sed 's/.*(pid \([0-9]*\)).*/\1/'; }
# The process is killed, and another one comes.
killed() {
    before=$(process "$1")
    svctl -w 60 kill "$1" >/dev/null
    [ "$(process "$1")" != "$before" ] || fail "$1 is still process $before"
}

mkdir /scan /scan/.svscan
cp -r /var/sv/svscan-log /scan/.svscan/log
for name in nginx redis postgresql web; do svctl check /var/sv/$name >/dev/null || svctl check /var/sv/$name; done

# The application of the example: it starts when the others accept connections.
mkdir -p /srv/web/bin
printf '#!/bin/sh\necho serving; exec sleep 1000\n' >/srv/web/bin/serve
chmod 755 /srv/web/bin/serve
install -d -o www-data /var/lib/prometheus/node-exporter
[ -d /etc/postgresql/*/main ] || pg_createcluster "$(ls /usr/lib/postgresql | sort -V | tail -n 1)" main >/dev/null
svscan /scan &
svscan=$!
svctl enable /var/sv/web >/dev/null
svctl enable /var/sv/redis >/dev/null

get() { bash -c 'exec 3<>/dev/tcp/127.0.0.1/80 && printf "GET %s HTTP/1.0\r\n\r\n" "$1" >&3 && cat <&3' sh "$1"; }
asked() { get "/?request=$1" | grep -q '^HTTP/1.1 200'; }
query() { setuidgid postgres psql -h /run/postgresql -Atc "$1" postgres; }

echo '# redis'
wait_for 'redis answers' redis-cli ping
[ "$(redis-cli set kept 1)" = OK ] && [ "$(redis-cli save)" = OK ]
killed redis
wait_for 'redis answers again' redis-cli ping
[ "$(redis-cli get kept)" = 1 ] || fail 'redis has lost what it saved'
wait_for 'both starts are in the log' has redis 'Ready to accept connections' 2
has redis 'DB saved on disk' 1 || fail 'no line about the save'

echo '# PostgreSQL, for which the application waits'
has web serving 0 || fail 'the application did not wait'
svctl enable /var/sv/postgresql >/dev/null
wait_for 'PostgreSQL answers' query 'create table kept (one int); insert into kept values (1);'
wait_for 'the application has started' has web 'web: serving' 1
! query 'select * from first_mistake' 2>/dev/null
killed postgresql
wait_for 'PostgreSQL answers again' query 'select 1'
[ "$(query 'select * from kept')" = 1 ] || fail 'PostgreSQL has lost what it had'
! query 'select * from second_mistake' 2>/dev/null
wait_for 'both mistakes are in the log' has postgresql 'ERROR:  relation "(first|second)_mistake" does not exist' 2

echo '# nginx'
svctl enable /var/sv/nginx >/dev/null
wait_for 'nginx answers' asked 1
killed nginx
wait_for 'nginx answers again' asked 2
svctl -w 60 reload nginx >/dev/null
wait_for 'nginx answers after a reload' asked 3
for number in 1 3; do wait_for "request $number is in the log" has nginx "request=$number " 1; done
[ "$(lines nginx 'request=2 ')" -ge 1 ] || fail 'request 2 is not in the log'

echo '# all of it'
svctl status || fail status
svctl check || fail check
[ -f /scan/.svscan/log/main/current ] || fail "svscan's own log"
svctl shutdown || fail shutdown
wait $svscan || fail "svscan ended with $?"
for name in nginx redis-server postgres multilog supervise sleep; do
    ! pgrep -x $name >/dev/null || fail "$name still runs: $(pgrep -ax $name)"
done
last() { mlog -o none /var/sv/"$1"/log/main | tail -n 1; }
case $(last redis) in *'bye bye...') ;; *) fail "the last line of redis: $(last redis)" ;; esac
case $(last postgresql) in
*'database system is shut down') ;;
*) fail "the last line of PostgreSQL: $(last postgresql)" ;;
esac
mlog verify -S /scan >/dev/null 2>&1 || mlog verify -S /scan || fail verify
echo done
END
exec chroot "$root" sh /inside.sh
