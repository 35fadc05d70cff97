#!/bin/sh
# Draws every secret of the installation, once: one file each in deploy/secrets (or the folder
# named by TALLY_SECRETS), which containers see as /run/secrets. What is there already stays.
#
# The folder is for its owner alone; the files in it can be read by whoever is let in, for
# containers run as users of their own.
set -eu

folder=${TALLY_SECRETS:-$(dirname "$0")/../secrets}
umask 077
mkdir -p "$folder"
cd "$folder"
[ -e .gitignore ] || echo '*' > .gitignore

# put NAME: writes its input to the file NAME, whole or not at all, unless it is there.
put() {
    if [ -e "$1" ]; then
        cat > /dev/null
    else
        cat > "$1.new"
        chmod 444 "$1.new"
        mv "$1.new" "$1"
        echo "drew $1"
    fi
}
draw() {
    openssl rand -hex "$1"
}

draw 32 | put auth-secret
draw 32 | put partners-key
draw 12 | put admin-password
draw 24 | put mysql-root-password
draw 24 | put mysql-owner-password
draw 24 | put mysql-password
draw 24 | put rabbitmq-password
draw 24 | put valkey-password
draw 24 | put valkey-operator-password
draw 12 | put grafana-password

printf 'mysql://tally:%s@mysql:3306/tally\n' "$(cat mysql-password)" | put mysql-url
printf 'mysql://tally_owner:%s@mysql:3306/tally\n' "$(cat mysql-owner-password)" | put mysql-owner-url
printf 'amqp://tally:%s@rabbitmq:5672/tally\n' "$(cat rabbitmq-password)" | put rabbitmq-url
printf 'redis://tally:%s@valkey:6379/0\n' "$(cat valkey-password)" | put redis-url
# For deploy/kubernetes alone: KEDA takes one address, where services take several brokers', and
# resolves it from its own namespace.
put keda-rabbitmq-url < rabbitmq-url

# RabbitMQ keeps a password as base64(salt, SHA-256(salt, password)), the salt being four bytes.
salt=$(draw 2)
hash=$({
    printf '%s' "$salt"
    printf '%s%s' "$salt" "$(cat rabbitmq-password)" | openssl dgst -sha256 -binary
} | openssl base64 -A)
put rabbitmq-definitions << JSON
{
  "vhosts": [{ "name": "tally" }],
  "users": [
    {
      "name": "tally",
      "password_hash": "$hash",
      "hashing_algorithm": "rabbit_password_hashing_sha256",
      "tags": []
    }
  ],
  "permissions": [
    { "user": "tally", "vhost": "tally", "configure": "^(tally|votes)\\\\.", "write": "^(tally|votes|amq)\\\\.", "read": "^(tally|votes)\\\\." }
  ]
}
JSON

# Valkey keeps a password as its SHA-256. Nodes of a cluster need a user for each other: the
# operator, who may do everything.
digest() {
    printf '%s' "$(cat "$1")" | openssl dgst -sha256 -r | cut -d' ' -f1
}
put valkey-users << ACL
user default on nopass resetkeys resetchannels -@all +ping
user tally on #$(digest valkey-password) resetkeys ~tally:* resetchannels +@all -@admin -@dangerous +info
user operator on #$(digest valkey-operator-password) allkeys allchannels +@all
ACL
echo "The secrets are in $(pwd). The first admin is \`admin\`, with the password in admin-password."
