#!/bin/sh
# A real pipeline, from a program's output to a rotated log directory and back to readable times.
# usage: demo.sh FOLDER-WITH-THE-TOOLS
set -eu
tools=$(cd "$1" && pwd)
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
cd "$place"

service() {
    # What every Linux machine has to tell, several times over.
    for round in 1 2 3 4 5 6; do
        echo "starting round $round"
        find /etc -maxdepth 2 2>/dev/null | sed 's/^/found /'
        echo "error: this line is an example of one that matters (round $round)"
    done
    printf 'the last line has no newline'
}

echo '$ service | multilog t s16k n4 ./main "-*" "+@* error*" ./errors =./status'
service | "$tools/multilog" t s16k n4 ./main '-*' '+@* error*' ./errors =./status
echo
echo "The service is over. ./main keeps the newest lines in current and older ones in archives,"
echo "at most four files together. Mode 0744 says: complete and on the disk."
echo
echo '$ ls -l main'
ls -l main | sed 1d
echo
echo '$ tail -n 4 main/current | tai64nlocal'
tail -n 4 main/current | "$tools/tai64nlocal"
echo
echo "./errors took the lines that the pattern selected, and ./status the last of them:"
echo
echo '$ tai64nlocal < errors/current'
"$tools/tai64nlocal" < errors/current
echo
echo '$ head -n 1 status'
head -n 1 status
echo
lines=$(service | wc -l)
kept=$(cat main/@* main/current | wc -l)
echo "The service wrote $((lines + 1)) lines; main kept the last $kept of them in $(ls main | grep -c -e @ -e current) files."
