#!/bin/sh
# Puts back what deploy/compose/backup.sh saved, into an empty MySQL:
#
#   docker compose rm --stop --force mysql && docker volume rm tally_mysql   # what was broken
#   deploy/compose/restore.sh FOLDER
#
# The binary log is replayed up to the last transaction that FOLDER/gtids names, and not beyond.
#
# Services are stopped before. Valkey is emptied before they start again, for what it knows of
# voters is newer than the database, and an older base never replaces a newer one. RabbitMQ is
# left as it is: what waits in it is settled, and what the ledger has already is known by its id.
set -eu

folder=$(cd "${1:?a folder}" && pwd)
cd "$(dirname "$0")/../.."
compose=${COMPOSE:-docker compose}
. deploy/compose/in_mysql.sh

gzip -dc "$folder/dump.sql.gz" | tail -n 1 | grep -q '^-- Dump completed'
$compose up --detach --wait mysql
n_tables=$(ask "SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = 'tally'")
if [ "$n_tables" != 0 ]; then
    echo 'The database is not empty: nothing was stopped, nothing restored.' >&2
    exit 1
fi
$compose stop front vote-gateway vote-worker catalog valkey

echo 'The dump …'
gzip -dc "$folder/dump.sql.gz" | in_mysql mysql

echo 'The binary log since then …'
# As the log of a source that this server follows, for the official image has no mysqlbinlog.
n=0
for file in "$folder"/log/*; do
    [ -e "$file" ] || continue
    n=$((n + 1))
    $compose exec -T mysql sh -c 'cat > "/var/lib/mysql/relay.$1" && echo "./relay.$1" >> /var/lib/mysql/relay.index' \
        restore "$(printf %06d $n)" < "$file"
done
if [ $n -gt 0 ]; then
    position=$(gzip -dc "$folder/dump.sql.gz" | sed -n 's/.*SOURCE_LOG_POS=\([0-9]*\).*/\1/p;T;q')
    gtids=$(cat "$folder/gtids")
    # A server leaves out what bears its own number.
    ask "SET GLOBAL server_id = 2"
    ask "CHANGE REPLICATION SOURCE TO SOURCE_HOST = 'nobody', RELAY_LOG_FILE = 'relay.000001', RELAY_LOG_POS = $position"
    ask "START REPLICA SQL_THREAD UNTIL SQL_AFTER_GTIDS = '$gtids'"
    while :; do
        # None works once the applier has stopped, for a fault or at the end that was given, or has
        # come to the end of the log and would wait there for ever.
        n_working=$(ask "SELECT COUNT(*) FROM performance_schema.threads
            WHERE (name = 'thread/sql/replica_sql'
                    AND COALESCE(processlist_state, '') NOT LIKE '%has read all relay log%')
                OR (name = 'thread/sql/replica_worker'
                    AND COALESCE(processlist_state, '') <> 'Waiting for an event from Coordinator')")
        late=$(ask "SELECT WAIT_FOR_EXECUTED_GTID_SET('$gtids', 5)")
        [ "$late" != 0 ] || break
        if [ "$n_working" = 0 ]; then
            failed=$(ask "SELECT last_error_message FROM performance_schema.replication_applier_status_by_worker WHERE last_error_number <> 0
                UNION SELECT last_error_message FROM performance_schema.replication_applier_status_by_coordinator WHERE last_error_number <> 0")
            echo "${failed:-The log in $folder ends before what its gtids name: $gtids}" >&2
            echo 'Not all was restored, and nothing was started. Once that is mended, begin with an empty MySQL again.' >&2
            exit 1
        fi
    done
    ask "STOP REPLICA"
    ask "RESET REPLICA ALL"
    ask "SET GLOBAL server_id = 1"
fi

$compose run --rm --no-deps --entrypoint sh valkey -c 'rm -rf /data/*'
$compose up --detach --wait
echo "Restored. Now: docker compose run --rm votectl verify"
echo "And take a new backup, into a new folder: this server's log does not go with the dump in $folder."
