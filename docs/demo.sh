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
echo

echo "Now the same logger under supervision: a service that numbers its lines, and its log."
echo
mkdir -p scan sv/count/log
cat >sv/count/run <<'SCRIPT'
#!/bin/sh
trap 'echo "process $$ ends after line $n"; exit 0' TERM
n=0
while :; do
    n=$((n + 1))
    echo "process $$ line $n"
    sleep 0.01
done
SCRIPT
cat >sv/count/log/run <<'SCRIPT'
#!/bin/sh
exec multilog t n20 ./main
SCRIPT
chmod 755 sv/count/run sv/count/log/run
export SVDIR="$place/scan" PATH="$tools:$PATH"
svscan scan &
svscan=$!
trap 'kill -TERM $svscan 2>/dev/null; wait $svscan; rm -rf "$place"' EXIT

echo '$ svctl enable sv/count'
svctl -w 20 enable sv/count
sleep 1
echo '$ svctl kill count'
svctl -w 20 kill count
sleep 2
echo '$ svctl status'
svctl status
echo '$ svctl disable count'
svctl -w 20 disable count
echo '$ mlog sv/count/log/main | tail -n 3'
mlog sv/count/log/main | tail -n 3
echo
# Each process numbers its lines from 1 on, so its last number is how many it has written.
mlog -o none sv/count/log/main | awk '
    $3 == "line" { lines[$2]++; if ($4 != lines[$2]) { print "line " $4 " of process " $2 " is out of place"; wrong = 1 } }
    $3 == "ends" { if ($6 != lines[$2]) { print "process " $2 " wrote " $6 " lines"; wrong = 1 } ended++ }
    END {
        for (one in lines) { all += lines[one]; processes++ }
        if (wrong || processes != 2 || ended != 1) { print "lines are missing"; exit 1 }
        print "Two processes, one killed and one ended in order, wrote " all " lines, and all of them are in the log."
    }'
