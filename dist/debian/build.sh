#!/bin/sh
# Makes a package for Debian of what `make install` installs: build.sh FROM FOLDER NAME... FROM has the programs of these names,
# and the package goes to FOLDER. It needs dpkg-deb, and not root. REVISION is the number of the package for one version (1),
# and COMPRESSION has options of dpkg-deb.
set -eu
from=$(cd "$1" && pwd) folder=$2
shift 2
here=$(cd "$(dirname "$0")/../.." && pwd)
files=$here/dist/debian
name=daemontools-again
version=$(sed -n 's/^version = "\(.*\)"/\1/p' "$here/Cargo.toml" | head -n 1)-${REVISION:-1}
architecture=$(dpkg --print-architecture)
stage=$(mktemp -d)
trap 'rm -rf "$stage"' EXIT
chmod 755 "$stage"
umask 022
doc=$stage/usr/share/doc/$name

DESTDIR=$stage PREFIX=/usr sh "$here/dist/install.sh" install "$from" "$@"

# ucspi-tcp and ucspi-tcp-ipv6 have /usr/bin/argv0, so that of this package has a folder of its own.
mkdir -p "$stage/usr/lib/$name"
mv "$stage/usr/bin/argv0" "$stage/usr/lib/$name/argv0"
# Debian's places and forms.
mkdir -p "$stage/lib/systemd" "$stage/usr/share/zsh/vendor-completions"
mv "$stage/usr/lib/systemd/system" "$stage/lib/systemd/system"
mv "$stage/usr/share/zsh/site-functions/_mlog" "$stage/usr/share/zsh/vendor-completions/_mlog"
rmdir "$stage/usr/lib/systemd" "$stage/usr/share/zsh/site-functions"
rm "$doc/LICENSE-APACHE" "$doc/LICENSE-MIT"
mv "$doc/CHANGELOG.md" "$doc/changelog"
cp "$files/changelog" "$doc/changelog.Debian"
gzip -9n "$doc/changelog" "$doc/changelog.Debian"
find "$stage/usr/share/man" -type f -exec gzip -9n {} +
sed '/^@MIT@/{
s/.*//
r /dev/stdin
d
}' "$files/copyright" <<END >"$doc/copyright"
$(sed 's/^$/./; s/^/ /' "$here/LICENSE-MIT")
END
mkdir -p "$stage/usr/share/lintian/overrides"
cp "$files/lintian-overrides" "$stage/usr/share/lintian/overrides/$name"

size=$(du -sk "$stage" | cut -f 1)
mkdir "$stage/DEBIAN"
sed "s/@VERSION@/$version/; s/@ARCHITECTURE@/$architecture/; s/@SIZE@/$size/" "$files/control" >"$stage/DEBIAN/control"
for script in postinst prerm postrm; do install -m 755 "$files/$script" "$stage/DEBIAN/$script"; done
(cd "$stage" && find usr lib -type f -exec md5sum {} + | LC_ALL=C sort -k 2) >"$stage/DEBIAN/md5sums"
chmod 644 "$stage/DEBIAN/control" "$stage/DEBIAN/md5sums"
dpkg-deb ${COMPRESSION-} --root-owner-group --build "$stage" "$folder/${name}_${version}_$architecture.deb"
