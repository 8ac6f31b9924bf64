#!/usr/bin/env bash
# Runs every fuzz target below internal/ for a while, six at a time: fuzz.sh [TIME], default 30s.
set -euo pipefail
cd "$(dirname "$0")/.."
time=${1:-30s}

targets() {
  grep -rEo --include='*_test.go' '^func Fuzz[A-Za-z0-9_]*\(' internal | sed -E 's|^(.*)/[^/]*:func (Fuzz[A-Za-z0-9_]*)\($|./\1 \2|' | sort -u
}

run() {
  # Quiet as long as all is well; a crasher's input and the way to repeat it are in the output.
  local try out
  for try in 1 2; do
    if out=$(go test "$1" -run '^$' -fuzz "^$2\$" -fuzztime "$3" -fuzzminimizetime 5x -parallel 1 -timeout 10m 2>&1 </dev/null); then
      echo "ok  	fuzz $1 $2"
      return
    fi
    # The fuzzing engine now and then reports its own deadline as a failure. A finding comes with an input.
    if ! grep -q 'context deadline exceeded' <<<"$out" || grep -q 'Failing input written' <<<"$out"; then
      break
    fi
  done
  printf '%s\nFAIL	fuzz %s %s\n' "$out" "$1" "$2"
  return 1
}
export -f run

list=$(targets)
if [ -z "$list" ]; then
  echo "fuzz: no targets below internal/" >&2
  exit 0
fi
echo "$list" | xargs -P 6 -L 1 bash -c 'run "$1" "$2" "$0"' "$time"
