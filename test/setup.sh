#!/usr/bin/env bash
# Installs the Debian packages that tests need: setup.sh [LIST…], default test/apt-packages.txt.
# As root it installs what is missing, otherwise it names what is missing and fails.
set -euo pipefail
cd "$(dirname "$0")/.."

lists=("$@")
[ ${#lists[@]} -gt 0 ] || lists=(test/apt-packages.txt)

if ! command -v dpkg-query >/dev/null; then
  echo "setup: not a Debian system; the tests need what these packages hold:" $(cat "${lists[@]}") >&2
  exit 0
fi

missing=()
while read -r package; do
  [ -n "$package" ] || continue
  status=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null || true)
  [ "$status" = installed ] || missing+=("$package")
done < <(sort -u "${lists[@]}")
[ ${#missing[@]} -gt 0 ] || exit 0

if [ "$(id -u)" != 0 ]; then
  echo "setup: missing Debian packages: ${missing[*]}" >&2
  echo "setup: install them with: sudo apt-get install ${missing[*]}" >&2
  exit 1
fi

echo "setup: installing ${missing[*]}" >&2
export DEBIAN_FRONTEND=noninteractive
# No package may start its service: nginx would take port 80.
export RUNLEVEL=1
install() {
  timeout 600 apt-get install -y -qq --no-install-recommends -o Dpkg::Use-Pty=0 "${missing[@]}" </dev/null
}
log=$(mktemp)
trap 'rm -f "$log"' EXIT
if ! install >"$log" 2>&1; then
  # The package lists are missing or old.
  if ! { timeout 300 apt-get update -qq </dev/null && install; } >>"$log" 2>&1; then
    cat "$log" >&2
    echo "setup: could not install ${missing[*]}" >&2
    exit 1
  fi
fi
