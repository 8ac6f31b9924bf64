#!/usr/bin/env bash
# Makes cmd/weir/default.pgo, the profile weir is built with: weir under the loads of the benchmark, on one CPU.
set -euo pipefail
cd "$(dirname "$0")/.."
work=$(mktemp -d)
pids=()
trap 'kill "${pids[@]}" 2>/dev/null || true; rm -rf "$work"' EXIT
CGO_ENABLED=0 go build -pgo=off -o "$work/weir" ./cmd/weir
CGO_ENABLED=0 go build -o "$work/load" ./bench/load

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
hex() { printf "$1" | od -An -v -tx1 | tr -d ' \n'; }

codec() { # codec SCRIPT PREFACE MESSAGE END
  i=$((i + 1))
  start "$1" 0 "$work/weir" --cpu-profile="$work/$i.prof" "bench/weir/$1" --args 18191
  taskset -c 1 "$work/load" pump -addr 127.0.0.1:18191 -conns 64 -batch 100 -time 4s \
    -preface "$(hex "$2")" -until "$(hex "$2")" -message "$(hex "$3")" -suffix "$(hex "$4")"
  kill -INT "$pid"
  wait "$pid" || true
}

codec mqtt.js '\x10\x0d\x00\x04MQTT\x04\x02\x00\x3c\x00\x01c' '\x30\x20\x00\x0csensors/roomtemperature 21.5 C' '21.5 C'
codec resp.js '' '*3\r\n$3\r\nSET\r\n$11\r\nuser:1:name\r\n$10\r\nsomebody-x\r\n' 'somebody-x\r\n'
i=$((i + 1))
start json.js 0 "$work/weir" --cpu-profile="$work/$i.prof" bench/weir/json.js --args 18191
for path in /parse /print; do taskset -c 1 "$work/load" calls -addr 127.0.0.1:18191 -name "$path" -time 2s; done
kill -INT "$pid"
wait "$pid" || true
go tool pprof -proto "$work"/*.prof >cmd/weir/default.pgo
ls -l cmd/weir/default.pgo
