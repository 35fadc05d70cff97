# Sourced by backup.sh and restore.sh, which set `compose`.

# in_mysql PROGRAM …: there, as root, with the password in a file that only the program sees.
in_mysql() {
    $compose exec -T mysql sh -c '
        umask 077
        login=$(mktemp)
        trap "rm -f $login" EXIT
        printf "[client]\nuser=root\npassword=%s\n" "$(cat /run/secrets/mysql-root-password)" > "$login"
        program=$1
        shift
        "$program" --defaults-extra-file="$login" "$@"' in_mysql "$@"
}

# ask STATEMENT: its rows, columns between tabs.
ask() {
    echo "$1" | in_mysql mysql --batch --skip-column-names --raw
}
