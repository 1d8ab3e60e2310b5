#!/usr/bin/env bash
# Waits until every container of the compose project is healthy, or running where it has no health check.
#   wait-healthy.sh [SECONDS]     300; exit code 1 with the containers' last lines when they are not, or when one has ended
set -euo pipefail
compose=$(dirname "$0")/compose.sh
seconds=${1:-300}
deadline=$((SECONDS + seconds))

give_up() {
  echo "wait-healthy: $1" >&2
  "$compose" logs --tail 30 >&2 || true
  exit 1
}

while :; do
  mapfile -t containers < <("$compose" ps -a -q 2>/dev/null || "$compose" ps -q)
  waiting=()
  if ((${#containers[@]})); then
    states=$(docker inspect -f '{{.Name}} {{if .State.Health}}{{.State.Health.Status}}{{else}}{{.State.Status}}{{end}} {{.State.Status}}' \
      "${containers[@]}")
    while read -r name health status; do
      case $status in exited | dead) give_up "${name#/} has ended" ;; esac
      case $health in healthy | running) ;; *) waiting+=("${name#/}: $health") ;; esac
    done <<<"$states"
    if ((${#waiting[@]} == 0)); then
      echo "wait-healthy: ${#containers[@]} containers are up"
      exit 0
    fi
  fi
  ((SECONDS < deadline)) || give_up "not healthy after $seconds s: ${waiting[*]:-no container}"
  sleep 1
done
