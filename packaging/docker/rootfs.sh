#!/bin/sh
# Composes the root file system of the container image in DIR, and its empty state directory in DIR.state: rootfs.sh DIR
# VERSION is what weir --version prints. WEIR_BINARY names a static executable to take instead of building one.
set -eu
[ $# -eq 1 ] || { echo "use: $0 DIR" >&2; exit 1; }
mkdir -p "$1/bin" "$1/etc/ssl/certs" "$1/etc/weir" "$1/tmp" "$1.state"
out=$(cd "$1" && pwd)
chmod 1777 "$out/tmp"
cd "$(dirname "$0")/../.."

certificates=
for file in /etc/ssl/certs/ca-certificates.crt /etc/pki/tls/certs/ca-bundle.crt /etc/ssl/cert.pem; do
  [ -n "$certificates" ] || [ ! -f "$file" ] || certificates=$file
done
[ -n "$certificates" ] || { echo "$0: no CA certificates: install ca-certificates" >&2; exit 1; }
cp "$certificates" "$out/etc/ssl/certs/ca-certificates.crt"
cp packaging/docker/echo.js "$out/etc/weir/echo.js"

export CGO_ENABLED=0
if [ -n "${WEIR_BINARY:-}" ]; then
  cp "$WEIR_BINARY" "$out/bin/weir"
else
  go build -trimpath -buildvcs=false -ldflags "-s -w -X main.version=${VERSION:-dev}" -o "$out/bin/weir" ./cmd/weir
fi
go build -trimpath -buildvcs=false -ldflags "-s -w" -o "$out/bin/entrypoint" ./packaging/docker/entrypoint
