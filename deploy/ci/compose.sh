#!/usr/bin/env bash
# docker compose, by whichever name this machine has it.
set -euo pipefail
if docker compose version >/dev/null 2>&1; then exec docker compose "$@"; fi
exec docker-compose "$@"
