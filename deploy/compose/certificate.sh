#!/bin/sh
# Puts a certificate and its key where nginx takes them from, the first time and after each
# renewal:
#
#   deploy/compose/certificate.sh CERTIFICATE KEY
#
# CERTIFICATE has those it was signed by below it (certbot's fullchain.pem), KEY no passphrase
# (privkey.pem). Certbot calls this by itself after a renewal, told once:
#
#   certbot … --deploy-hook '/…/certificate.sh $RENEWED_LINEAGE/fullchain.pem $RENEWED_LINEAGE/privkey.pem'
#
# They come to lie in deploy/secrets (or the folder named by TALLY_SECRETS), to be read like the
# other secrets there. A front that runs with TLS takes them up at once.
set -eu

# What is checked is what is written, whatever becomes of the files meanwhile.
certificate=$(cat "${1:?a certificate}")
key=$(cat "${2:?the key of the certificate}")
cd "$(dirname "$0")/../.."
folder=${TALLY_SECRETS:-deploy/secrets}
compose=${COMPOSE:-docker compose}

of_certificate=$(printf '%s\n' "$certificate" | openssl x509 -noout -pubkey)
of_key=$(printf '%s\n' "$key" | openssl pkey -pubout -passin pass:)
if [ "$of_certificate" != "$of_key" ]; then
    echo "$2 is not the key of $1: nothing was changed." >&2
    exit 1
fi

# put NAME TEXT: writes into the file that is there, for that one, not its name, is what
# containers see.
umask 077
put() {
    [ ! -e "$folder/$1" ] || chmod u+w "$folder/$1"
    printf '%s\n' "$2" > "$folder/$1"
    chmod 444 "$folder/$1"
}
put tls-certificate "$certificate"
put tls-key "$key"

front=$($compose ps --quiet front)
if [ -z "$front" ] || ! $compose exec -T front test -e /run/secrets/tls-certificate; then
    echo "They are in $folder. front takes them up once it is started with deploy/compose/tls.yml."
elif $compose exec -T front cat /run/secrets/tls-certificate | cmp -s - "$folder/tls-certificate"; then
    $compose kill --signal HUP front
    echo "They are in $folder, and front takes them up."
else
    echo "front still sees another file, as after one was replaced. This gives it the new one:" >&2
    echo "    docker compose up --detach --no-deps --force-recreate --wait front" >&2
    exit 1
fi
