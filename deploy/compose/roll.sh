#!/bin/sh
# Replaces the containers of services one after the other, while votes flow:
#
#   deploy/compose/roll.sh [SERVICE …]      default: catalog vote-worker vote-gateway front
#
# Each service is first given as many new containers as it has, which use the image and the
# settings of now; once they are ready the old ones are asked to stop, one by one, and finish
# what they have in hand. Where the new ones do not become ready, they are removed, the old ones
# go on, and later services are left as they are; once that is mended, it is safe to repeat. After
# an interruption there are too many: `docker compose up --detach --wait` removes those.
#
# `front` holds the published port, so it cannot be there twice: it is replaced in place, new
# connections are refused for about a second, and there is no old one to go on.
#
# COMPOSE may name another way to call Docker Compose.
set -eu

cd "$(dirname "$0")/../.."
compose=${COMPOSE:-docker compose}
docker=${DOCKER:-docker}
[ $# -gt 0 ] || set -- catalog vote-worker vote-gateway front

# remove CONTAINER: asks it to stop, and waits until it has.
remove() {
    $docker stop "$1" > /dev/null
    $docker rm "$1" > /dev/null
    echo "$service: $(echo "$1" | cut -c1-12) has gone"
}

for service in "$@"; do
    old=$($compose ps --quiet "$service")
    n=$(echo "$old" | grep -c . || true)
    if [ "$n" = 0 ]; then
        echo "$service does not run"
        continue
    fi
    echo "$service: $n to be replaced"
    if [ "$service" = front ]; then
        $compose up --detach --no-deps --force-recreate --wait front
        continue
    fi
    # With a limit, for what ends and is started again, over and over, is never called unhealthy.
    if ! $compose up --detach --no-deps --no-recreate --scale "$service=$((2 * n))" \
        --wait --wait-timeout 240 "$service"; then
        all=$($compose ps --all --quiet "$service")
        for container in $all; do
            if ! echo "$old" | grep -qx "$container"; then
                $docker logs --tail 10 "$container" >&2 || true
                remove "$container"
            fi
        done
        echo "$service: the new ones did not become ready and were removed; the old ones go on" >&2
        exit 1
    fi
    for container in $old; do
        remove "$container"
    done
done
