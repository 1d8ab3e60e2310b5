#!/usr/bin/env bash
# kctl of the compose project's image, as an operator of its cluster, with the current folder's files: nothing is installed here.
#   kctl-in-compose.sh --controller controller:7070 start scripts/load-tests/baseline.js
set -euo pipefail
# As root, who may read the cluster's keys and write results into this folder.
exec "$(dirname "$0")/compose.sh" run --rm --no-deps -T --user 0:0 -e NO_COLOR=1 -v "$PWD:$PWD" -w "$PWD" controller kctl "$@"
