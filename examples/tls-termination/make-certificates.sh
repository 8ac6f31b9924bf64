#!/bin/sh
# Makes an authority and a certificate for each name, into the folder certs beside this script. For trying out only.
set -e
mkdir -p "$(dirname "$0")/certs"
cd "$(dirname "$0")/certs"
curve="-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes"
openssl req -x509 $curve -subj "/CN=Example CA" -days 30 -keyout ca.key -out ca.crt 2>/dev/null
for name in "$@"; do
  openssl req $curve -subj "/CN=$name" -keyout "$name.key" -out "$name.csr" 2>/dev/null
  echo "subjectAltName=DNS:$name" > "$name.ext"
  openssl x509 -req -in "$name.csr" -CA ca.crt -CAkey ca.key -CAcreateserial -days 30 -extfile "$name.ext" -out "$name.crt" 2>/dev/null
  rm "$name.csr" "$name.ext"
done
