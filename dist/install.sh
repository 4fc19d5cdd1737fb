#!/bin/sh
# Installs and removes: install.sh install|uninstall|slashpackage|unslashpackage FROM NAME...
#
# FROM is a folder with the programs and NAME... are their names. What goes where is said once, in `everything`; removing goes
# through the same list. DESTDIR is put before each place, and PREFIX is /usr/local where it is not set. A file is replaced by a
# rename, so that a service that is started meanwhile finds its program.
set -eu
what=$1 from=$2
shift 2
here=$(cd "$(dirname "$0")/.." && pwd)
DESTDIR=${DESTDIR-} PREFIX=${PREFIX:-/usr/local}
name=daemontools-again
share=$PREFIX/share
examples=$share/doc/$name/examples
version=$(sed -n 's/^version = "\(.*\)"/\1/p' "$here/Cargo.toml" | head -n 1)
bin=$PREFIX/bin
new=$(mktemp)
trap 'rm -f "$new"' EXIT

# put MODE PLACE: standard input becomes the file.
put() {
    if [ "$what" = uninstall ]; then
        cat >/dev/null
        take "$2"
        return
    fi
    cat >"$new"
    mkdir -p "$DESTDIR${2%/*}"
    install -m "$1" "$new" "$DESTDIR$2.new"
    mv -f "$DESTDIR$2.new" "$DESTDIR$2"
}

# take PLACE: removes a file, and directories that are empty then. Without DESTDIR only those that nobody else has.
take() {
    rm -f "$DESTDIR$1"
    folder=${1%/*}
    while [ -n "$folder" ] && [ "$folder" != / ]; do
        case $DESTDIR:$folder in
        ?*:* | *"/doc/$name"*) rmdir "$DESTDIR$folder" 2>/dev/null || return 0 ;;
        *) return 0 ;;
        esac
        folder=${folder%/*}
    done
}

# Programs are where they were installed.
placed() {
    sed "s,/usr/bin/svscan,$bin/svscan,; s,/command/svscan,$bin/svscan," "$1"
}

completions() {
    "$from/mlog" completions "$1" 2>/dev/null || [ "$what" = uninstall ]
}

programs() {
    for program; do
        if [ "$what" = uninstall ]; then take "$bin/$program"; else put 755 "$bin/$program" <"$from/$program"; fi
    done
}

everything() {
    # A program for another machine can't say them; a pipe would hide that.
    [ "$what" = uninstall ] || "$from/mlog" completions bash >/dev/null
    programs "$@"
    for page in "$here"/docs/*.[1-8]; do
        put 644 "$share/man/man${page##*.}/${page##*/}" <"$page"
    done
    completions bash | put 644 "$share/bash-completion/completions/mlog"
    completions zsh | put 644 "$share/zsh/site-functions/_mlog"
    completions fish | put 644 "$share/fish/vendor_completions.d/mlog.fish"
    placed "$here/dist/systemd/svscan.service" | put 644 "$PREFIX/lib/systemd/system/svscan.service"
    # At the same places as in the repository, so that links from one to another lead there.
    (cd "$here" && ls README.md CHANGELOG.md SECURITY.md LICENSE-APACHE LICENSE-MIT docs/*.md dist/README.md) |
        while IFS= read -r file; do put 644 "$share/doc/$name/$file" <"$here/$file"; done
    for folder in dist/boot dist/openrc dist/runit dist/container examples; do
        [ -d "$here/$folder" ] || continue
        find "$here/$folder" -type f | while IFS= read -r file; do
            mode=644
            [ ! -x "$file" ] || mode=755
            below=${file#"$here/"}
            below=${below#dist/}
            placed "$file" | put $mode "$examples/${below#examples/}"
        done
    done
}

# As `package/install` of daemontools does it: /package has the version, /command has links to the one that is in use.
slashpackage() {
    version=$name-$version
    bin=/package/admin/$version/command
    mkdir -p "$DESTDIR/package" "$DESTDIR/command" "$DESTDIR/service"
    chmod 1755 "$DESTDIR/package"
    programs "$@"
    for page in "$here"/docs/*.[1-8]; do
        put 644 "/package/admin/$version/man/man${page##*.}/${page##*/}" <"$page"
    done
    link "$version" /package/admin/daemontools
    for program; do
        link "/package/admin/daemontools/command/$program" "/command/$program"
    done
}

# link TARGET PLACE: never is there no link at all.
link() {
    ln -sfn "$1" "$DESTDIR$2.new"
    mv -fT "$DESTDIR$2.new" "$DESTDIR$2"
}

# Removes this version, and links to programs that no version has then. /package and /service stay if others use them.
unslashpackage() {
    version=$name-$version
    admin=$DESTDIR/package/admin
    if [ "$(readlink "$admin/daemontools")" = "$version" ]; then
        for other in "$admin"/daemontools-*; do
            if [ -d "$other" ] && [ "$other" != "$admin/$version" ]; then
                echo "$version is in use; first: ln -sfn ${other##*/} $admin/daemontools" >&2
                exit 111
            fi
        done
        rm -f "$admin/daemontools"
    fi
    rm -rf "${admin:?}/$version"
    for program; do
        place=$DESTDIR/command/$program
        if [ "$(readlink "$place")" = "/package/admin/daemontools/command/$program" ] &&
            [ ! -e "$admin/daemontools/command/$program" ]; then
            rm -f "$place"
        fi
    done
    for folder in "$admin" "$DESTDIR/package" "$DESTDIR/command" "$DESTDIR/service"; do
        rmdir "$folder" 2>/dev/null || true
    done
}

case $what in
install | uninstall) everything "$@" ;;
slashpackage | unslashpackage) $what "$@" ;;
*) echo "usage: install.sh install|uninstall|slashpackage|unslashpackage FROM NAME..." >&2 && exit 100 ;;
esac
