# Runs in namespaces of its own: beside.sh PLACE PACKAGE... The machine's root is below an overlay, so that
# packages are installed on a real Debian and nothing of it stays. PLACE is a folder for a tmpfs. Exit code 99: no overlay here.
set -e
place=$1
shift
mount --make-rprivate / && mount -t tmpfs tmpfs "$place" && mkdir "$place/up" "$place/work" "$place/root" "$place/debs" || exit 99
cp "$@" "$place/debs"
mount -t overlay overlay -o "lowerdir=/,upperdir=$place/up,workdir=$place/work" "$place/root" || exit 99
root=$place/root
mount -t proc proc "$root/proc"
mount --rbind /dev "$root/dev"
mkdir "$root/debs"
mount --bind "$place/debs" "$root/debs"
# Nothing is started by being installed, as in every build of an image.
printf '#!/bin/sh\nexit 101\n' >"$root/usr/sbin/policy-rc.d"
chmod 755 "$root/usr/sbin/policy-rc.d"

cat >"$root/inside.sh" <<'END'
set -e
cd /debs
export DEBIAN_FRONTEND=noninteractive LC_ALL=C PATH=/usr/sbin:/usr/bin:/sbin:/bin
version() { dpkg-query -W -f '${Status} ${Version}' "$1" 2>/dev/null || echo none; }
built() { dpkg-deb -f ./daemontools-again_*-$1_*.deb Version; }
is() { [ "$2" = "$3" ] || { echo "$1: $2, and not $3"; exit 1; }; }
apt() { apt-get -qy -o Dpkg::Use-Pty=0 "$@" >/debs/said 2>&1 || { cat /debs/said; exit 1; }; }

# The original and its neighbour, if the machine has none of them, then ours in its place.
apt install ./daemontools-again_*-1_*.deb ./daemontools-run_*.deb
is ours "$(version daemontools-again)" "install ok installed $(built 1)"
is run "$(version daemontools-run | cut -d ' ' -f 1-3)" 'install ok installed'
case $(version daemontools) in install\ ok\ installed*) echo 'the original is still there' && exit 1 ;; esac
dpkg --verify daemontools-again | grep -v ' /usr/share/\(doc\|man\)' && exit 1
apt check

# The unit of the neighbour is the one that is enabled, and its program is ours.
wants=/etc/systemd/system/multi-user.target.wants
[ -L $wants/daemontools-run.service ] && [ ! -e $wants/svscan.service ]
grep -q '^ExecStart=/usr/bin/svscanboot' /lib/systemd/system/daemontools-run.service
svscanboot --version | grep -q '^svscanboot 0'

# What it starts, its update-service, and a service with a logger.
mkdir -p /srv/x/log
printf '#!/bin/sh\necho hello; exec sleep 1000\n' >/srv/x/run
printf '#!/bin/sh\nexec multilog t ./main\n' >/srv/x/log/run
chmod 755 /srv/x/run /srv/x/log/run
setsid svscanboot /etc/service/ &
until pidof svscan >/dev/null; do sleep 0.1; done
update-service --add /srv/x >/dev/null
until mlog /srv/x/log/main 2>/dev/null | grep -q hello; do sleep 0.1; done
update-service --list | grep -q x

# Services go on through an upgrade.
process() { svstat "$1" | sed 's/.*(pid \([0-9]*\)).*/\1/'; }
before=$(process /etc/service/x)
apt install ./daemontools-again_*-2_*.deb
is newer "$(version daemontools-again)" "install ok installed $(built 2)"
is process "$(process /etc/service/x)" "$before"
[ ! -e $wants/svscan.service ]
update-service --remove /srv/x >/dev/null
svshutdown /etc/service
until ! pidof svscan >/dev/null; do sleep 0.1; done

# argv0 of others, in either order.
apt install ./ucspi-tcp_*.deb
apt remove daemontools-again daemontools-run
apt install ./daemontools-again_*-2_*.deb
is argv0 "$(dpkg -S /usr/bin/argv0)" 'ucspi-tcp: /usr/bin/argv0'
apt install ./ucspi-tcp-ipv6_*.deb
is argv0 "$(dpkg -S /usr/bin/argv0)" 'ucspi-tcp-ipv6: /usr/bin/argv0'
is ours "$(dpkg -S /usr/lib/daemontools-again/argv0)" 'daemontools-again: /usr/lib/daemontools-again/argv0'
is name "$(/usr/lib/daemontools-again/argv0 sh other -c 'echo $0')" other

# The first example of the README.
cd /root
printf 'one\ntwo\n' | multilog t ./main
is lines "$(tai64nlocal <main/current | cut -d ' ' -f 3 | tr '\n' ' ')" 'one two '

# The way back, and then nothing of ours is left.
apt install /debs/daemontools_*.deb
case $(version daemontools) in install\ ok\ installed*) ;; *) echo 'there is no way back' && exit 1 ;; esac
[ ! -e /usr/bin/svshutdown ]
apt purge daemontools-again
is gone "$(version daemontools-again)" none
[ ! -e /usr/bin/mlog ] && [ ! -e /usr/lib/daemontools-again ] && [ ! -e /usr/share/doc/daemontools-again ]
echo done
END
exec chroot "$root" sh /inside.sh
