#!/usr/bin/env bash
# One load test for a CI job: runs it, keeps what it measured and said, tells what came of it. Ends with kctl's exit code.
#
#   LOAD_TEST_SCRIPT=scripts/load-tests/baseline.js LOAD_TEST_TARGET=https://staging.example/api deploy/ci/run-load-test.sh
#
#   LOAD_TEST_SCRIPT      the k6 script or archive
#   LOAD_TEST_TARGET      the script's API_BASE_URL
#   LOAD_TEST_ENV         more variables for the script, in the format of an --env-file; never on a command line
#   LOAD_TEST_VARIABLES   names of variables of this environment that the script gets as they are: secrets, whatever is in them
#   LOAD_TEST_AGENTS      how many agents
#   LOAD_TEST_THRESHOLDS  a line each, METRIC=EXPRESSION, such as http_req_duration=p(95)<200, beside the script's
#   LOAD_TEST_STRICT      true: a result that is not trustworthy fails (exit code 98)
#   LOAD_TEST_TIME_SCALE  0.1: a rehearsal in a tenth of the time
#   LOAD_TEST_CONTROLLER  address of a cluster's controller; without one, controller and agents are in kctl's process
#   LOAD_TEST_ARGUMENTS   more arguments of kctl, a line each
#   LOAD_TEST_KCTL        the command kctl
#   LOAD_TEST_RESULTS     folder for summary.json, summary.md, output.txt, and of a run that sent load result.json (for kctl
#                         compare), report.html and junit.xml [results]
#
# In a GitHub job it also writes the outputs verdict (passed, failed, not-trustworthy, error), exit-code, run, summary, report,
# and the job's summary.
set -euo pipefail
here=$(dirname "$0")
: "${LOAD_TEST_SCRIPT:?the k6 script to run}"
results=${LOAD_TEST_RESULTS:-results}
mkdir -p "$results"
rm -f "$results"/{summary.json,summary.md,output.txt,result.json,report.html,junit.xml}

# The current folder, not /tmp: kctl may run in a container that sees nothing else. Not the results: they are uploaded, also
# those of a job that was cancelled before this file could be removed.
env_file=$(mktemp ./.load-test-env.XXXXXX)
trap 'rm -f "$env_file"' EXIT
printf '%s\n' "${LOAD_TEST_ENV:-}" >"$env_file"
for name in ${LOAD_TEST_VARIABLES:-}; do
  value=${!name-}
  [[ $value ]] || continue
  value=${value//\\/\\\\} value=${value//\"/\\\"} value=${value//\$/\\\$} value=${value//$'\n'/\\n}
  printf '%s="%s"\n' "$name" "$value" >>"$env_file"
done

arguments=()
if [[ ${LOAD_TEST_CONTROLLER:-} ]]; then
  arguments+=(--controller "$LOAD_TEST_CONTROLLER" start)
else
  arguments+=(run)
fi
arguments+=("$LOAD_TEST_SCRIPT" --env-file "$env_file" --summary-export "$results/summary.json" --export "$results/result.json")
[[ ${LOAD_TEST_TARGET:-} ]] && arguments+=(-e "API_BASE_URL=$LOAD_TEST_TARGET")
[[ ${LOAD_TEST_AGENTS:-} ]] && arguments+=(--agents "$LOAD_TEST_AGENTS")
[[ ${LOAD_TEST_TIME_SCALE:-1} != 1 ]] && arguments+=(--time-scale "$LOAD_TEST_TIME_SCALE")
[[ ${LOAD_TEST_STRICT:-false} == true ]] && arguments+=(--strict)
while IFS= read -r threshold; do
  [[ $threshold =~ [^[:space:]] ]] && arguments+=(--threshold "$threshold")
done <<<"${LOAD_TEST_THRESHOLDS:-}"
while IFS= read -r argument; do
  [[ $argument ]] && arguments+=("$argument")
done <<<"${LOAD_TEST_ARGUMENTS:-}"

code=0
NO_COLOR=1 "${LOAD_TEST_KCTL:-kctl}" "${arguments[@]}" 2>&1 </dev/null | tee "$results/output.txt" || code=${PIPESTATUS[0]}

case $code in
  0) verdict=passed ;;
  99) verdict=failed ;;
  98) verdict=not-trustworthy ;;
  *) verdict=error ;;
esac
python3 "$here/summary.py" "$results/summary.json" --exit-code "$code" --script "$LOAD_TEST_SCRIPT" \
  --target "${LOAD_TEST_TARGET:-}" --output "$results/output.txt" >"$results/summary.md"
if [[ -s $results/result.json ]]; then
  for form in junit=junit.xml html=report.html; do
    "${LOAD_TEST_KCTL:-kctl}" report "$results/result.json" "--${form%=*}" "$results/${form#*=}" </dev/null ||
      echo "load test: ${form#*=} could not be made" >&2
  done
fi

if [[ ${GITHUB_OUTPUT:-} ]]; then
  {
    echo "verdict=$verdict"
    echo "exit-code=$code"
    echo "run=$(python3 "$here/summary.py" "$results/summary.json" --run-id)"
    echo "summary=$results/summary.json"
    echo "report=$results/summary.md"
  } >>"$GITHUB_OUTPUT"
fi
if [[ ${GITHUB_STEP_SUMMARY:-} ]]; then cat "$results/summary.md" >>"$GITHUB_STEP_SUMMARY"; fi
echo "load test: $verdict (exit code $code)"
exit "$code"
