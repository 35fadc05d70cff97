#!/bin/sh
# What the official image's entry script does, as far as docker-compose.yml needs it: makes the
# data folder once, with a password for root, the database, and what the scripts in
# /docker-entrypoint-initdb.d say.
set -eu

data=/var/lib/mysql
socket=/var/run/mysqld/mysqld.sock

# docker_process_sql [--database=NAME]: runs its input as root.
docker_process_sql() {
    mysql --user=root --socket="$socket" --password="${root_password}" "$@" 2> /tmp/said || {
        cat /tmp/said >&2
        return 1
    }
}

if [ "${1:-}" = mysqld ] && [ ! -d "$data/mysql" ]; then
    root_password=''
    mysqld --initialize-insecure --datadir="$data"
    mysqld --datadir="$data" --skip-networking --socket="$socket" &
    server=$!
    until mysqladmin --socket="$socket" --user=root ping --silent 2> /dev/null; do
        kill -0 "$server"
        sleep 0.2
    done
    given=$(cat "$MYSQL_ROOT_PASSWORD_FILE")
    docker_process_sql << SQL
ALTER USER 'root'@'localhost' IDENTIFIED BY '$given';
CREATE DATABASE \`$MYSQL_DATABASE\`;
SQL
    root_password=$given
    for script in /docker-entrypoint-initdb.d/*.sh; do
        . "$script"
    done
    kill "$server"
    wait "$server"
fi
exec "$@"
