#!/bin/sh
# Backs MySQL up while votes flow:
#
#   deploy/compose/backup.sh FOLDER         a dump, and the binary log from there on
#   deploy/compose/backup.sh --log FOLDER   what the binary log got since then: every few minutes,
#                                           for what is in no copy of it is lost with the disk
#
# FOLDER gets `dump.sql.gz`, consistent at one moment for which commits wait; `server`, whose dump
# it is; `log/`, the binary log from that moment on; and `gtids`, what is in both.
# deploy/compose/restore.sh takes it. After a restore a new dump is needed: the new server's log
# begins anew, and the dump of the old one does not go with it.
#
# Keep it on another machine, and deploy/secrets apart from it: without `partners-key` no
# partner's secret can be read.
set -eu

only_log=no
if [ "${1:-}" = --log ]; then
    only_log=yes
    shift
fi
folder=$(mkdir -p "${1:?a folder}" && cd "$1" && pwd)
cd "$(dirname "$0")/../.."
compose=${COMPOSE:-docker compose}
. deploy/compose/in_mysql.sh

server=$(ask 'SELECT @@GLOBAL.server_uuid')
if [ "$only_log" = no ]; then
    in_mysql mysqldump --single-transaction --flush-logs --source-data=2 --set-gtid-purged=ON \
        --hex-blob --routines --triggers --databases tally \
        | gzip -3 > "$folder/dump.sql.gz.new"
    # The last line says that the dump is whole.
    gzip -dc "$folder/dump.sql.gz.new" | tail -n 1 | grep -q '^-- Dump completed'
    mv "$folder/dump.sql.gz.new" "$folder/dump.sql.gz"
    rm -rf "$folder/log"
    echo "$server" > "$folder/server"
elif [ ! -e "$folder/dump.sql.gz" ]; then
    echo "$folder has no dump yet: call this without --log first. Nothing was saved." >&2
    exit 1
elif [ "$(cat "$folder/server" 2> /dev/null)" != "$server" ]; then
    echo "The dump in $folder is of another server, as after a restore, and this one's log does" >&2
    echo "not go with it: take a new dump into a new folder, without --log. Nothing was saved." >&2
    exit 1
fi
mkdir -p "$folder/log"
first=$(gzip -dc "$folder/dump.sql.gz" | sed -n "s/.*SOURCE_LOG_FILE='\([^']*\)'.*/\1/p;T;q")
# What was committed up to here is in files that are finished then.
ask 'SELECT @@GLOBAL.gtid_executed' | tr -d '\n ' > "$folder/gtids.new"
ask 'FLUSH BINARY LOGS'
for file in $(ask 'SHOW BINARY LOGS' | cut -f 1 | sed '$d'); do
    # What is older than the dump is in it; what was copied does not change any more.
    oldest=$(printf '%s\n' "$first" "$file" | sort | head -n 1)
    if [ "$oldest" = "$first" ] && [ ! -e "$folder/log/$file" ]; then
        $compose exec -T mysql cat "/var/lib/mysql/$file" > "$folder/log/$file.new"
        mv "$folder/log/$file.new" "$folder/log/$file"
    fi
done
mv "$folder/gtids.new" "$folder/gtids"
echo "$folder: $(du -sh "$folder" | cut -f 1), up to $(date -u +%H:%M:%S) UTC"
