#!/bin/sh
# Makes the authority of the proxy, a key for what it issues, and a self-signed certificate for a server to try it with.
set -e
mkdir -p "$(dirname "$0")/certs"
cd "$(dirname "$0")/certs"
curve="-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes"
openssl req -x509 $curve -subj "/CN=Our own CA" -days 30 -keyout ca.key -out ca.crt 2>/dev/null
openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out issued.key 2>/dev/null
openssl req -x509 $curve -subj "/CN=localhost" -addext "subjectAltName=DNS:localhost" -days 30 -keyout server.key -out server.crt 2>/dev/null
