#!/usr/bin/env bash
# Makes cmd/weir/default.pgo, the profile weir is built with: weir under the loads of the benchmark, on one CPU.
set -euo pipefail
cd "$(dirname "$0")/.."
work=$(mktemp -d)
pids=()
trap 'kill "${pids[@]}" 2>/dev/null || true; rm -rf "$work"' EXIT
CGO_ENABLED=0 go build -pgo=off -o "$work/weir" ./cmd/weir

start() { # start NAME CPU COMMAND...: sets pid
  local cpu=$2
  shift 2
  taskset -c "$cpu" "$@" 2>/dev/null &
  pid=$!
  pids+=("$pid")
  sleep 1
}

start backend 1 "$work/weir" bench/weir/static.js --args 18190
i=0
for program in "static.js 18191" "static-head.js 18191" "scaling.js 18191" "proxy.js 18191 127.0.0.1:18190"; do
  i=$((i + 1))
  # shellcheck disable=SC2086
  start "$program" 0 "$work/weir" --cpu-profile="$work/$i.prof" bench/weir/${program%% *} --args ${program#* }
  taskset -c 1 wrk -t1 -c64 -d8 'http://127.0.0.1:18191/api/users?page=2' | grep Requests
  kill -INT "$pid"
  wait "$pid" || true
done
go tool pprof -proto "$work"/*.prof >cmd/weir/default.pgo
ls -l cmd/weir/default.pgo
