#!/bin/sh
# Replaces the containers of services one after the other, while votes flow:
#
#   deploy/compose/roll.sh [SERVICE …]      default: catalog vote-worker vote-gateway front
#
# Each service is first given as many new containers as it has, which use the image and the
# settings of now; once they are ready the old ones are asked to stop, one by one, and finish
# what they have in hand. Where the new ones do not become ready, the old ones go on.
#
# `front` holds the published port, so it cannot be there twice: it is replaced in place, and new
# connections are refused for about a second. It is safe to repeat.
#
# COMPOSE may name another way to call Docker Compose, such as with more files.
set -eu

cd "$(dirname "$0")/../.."
compose=${COMPOSE:-docker compose}
docker=${DOCKER:-docker}
[ $# -gt 0 ] || set -- catalog vote-worker vote-gateway front

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
    $compose up --detach --no-deps --no-recreate --scale "$service=$((2 * n))" --wait "$service"
    for container in $old; do
        $docker stop "$container" > /dev/null
        $docker rm "$container" > /dev/null
        echo "$service: $(echo "$container" | cut -c1-12) has gone"
    done
done
