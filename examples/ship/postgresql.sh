#!/bin/sh
# Writes a batch of lines to PostgreSQL, whole or not at all, and not a second time.
# For mlog-ship: exec:/path/to/postgresql.sh, with postgresql.sql beside it, the table of postgresql-tables.sql in the
# database, and PGHOST, PGDATABASE, PGUSER and a file for the password (PGPASSFILE) in the environment.
#
# Lines are any bytes. What is not printable ASCII becomes \\ooo, which COPY and bytea turn back.
LC_ALL=C perl -pe 's/([^\n -\[\]-~])/sprintf "\\\\%03o", ord $1/ge' |
	psql -X -q -o /dev/null -1 -v ON_ERROR_STOP=1 \
		-v instance="$SHIP_INSTANCE" -v directory="$SHIP_DIRECTORY" -v number="$SHIP_NUMBER" -v crc="$SHIP_CRC" \
		-v host="$SHIP_HOST" -v service="$SHIP_SERVICE" -v lines="$SHIP_LINES" \
		-f "${0%/*}/postgresql.sql"
