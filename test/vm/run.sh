#!/usr/bin/env bash
# Runs Go tests in a virtual machine with a Debian kernel of its own: run.sh [-p PACKAGE] [TEST FLAGS…]
# for what a container's limits or an older kernel would refuse. The default is the many connections of ./test:
#
#   test/vm/run.sh -test.run 'TestManyIdleConnections$' -test.v
#
# Needs Debian's qemu-system-x86, busybox-static and cpio, and fetches a kernel package. Without /dev/kvm the machine
# is emulated and some twenty times slower. The exit code is the test's.
set -euo pipefail
cd "$(dirname "$0")/../.."

package=./test
if [ "${1:-}" = -p ]; then
  package=$2
  shift 2
fi
[ $# -gt 0 ] || set -- -test.run 'TestManyIdleConnections$' -test.v

./test/setup.sh test/vm/apt-packages.txt

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

kernel=$(apt-cache depends linux-image-cloud-amd64 | awk '/Depends: linux-image/ { print $2; exit }')
(cd "$work" && apt-get download -qq "$kernel" >/dev/null)
dpkg-deb --fsys-tarfile "$work"/linux-image-*.deb | tar -x -C "$work" --wildcards './boot/vmlinuz-*'

root=$work/root
mkdir -p "$root"/{bin,dev,proc,sys,tmp,weir/test,etc}
CGO_ENABLED=0 go build -pgo=off -trimpath -o "$root/weir/weir" ./cmd/weir
CGO_ENABLED=0 go test -c -o "$root/weir/test/tests" "$package"
install -m 755 /bin/busybox "$root/bin/busybox"
echo 'module weir' >"$root/weir/go.mod" # by which tests find the project's folder
echo '127.0.0.1 localhost' >"$root/etc/hosts"
printf '%q ' ./tests "$@" >"$root/weir/command"
cat >"$root/init" <<'INIT'
#!/bin/busybox sh
/bin/busybox --install -s /bin
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs dev /dev
mount -t tmpfs tmp /tmp
ip link set lo up
sysctl -q -w fs.nr_open=1048576 fs.file-max=1048576
ulimit -n 262144
cd /weir/test
export WEIR_BINARY=/weir/weir HOME=/tmp PATH=/bin
(while sleep 15; do sed -n 2p /proc/net/sockstat; done) &
sh /weir/command
echo "exit code $?"
poweroff -f
INIT
chmod 755 "$root/init"
(cd "$root" && find . | cpio --quiet -o -H newc | gzip -1) >"$work/initramfs"

accel=tcg
if [ -w /dev/kvm ]; then accel=kvm; fi
timeout "${WEIR_VM_TIMEOUT:-1200}" qemu-system-x86_64 -accel "$accel" -cpu max -smp 2 -m "${WEIR_VM_MEMORY:-6G}" \
  -nodefaults -nographic -serial stdio -no-reboot -kernel "$work"/boot/vmlinuz-* -initrd "$work/initramfs" \
  -append 'console=ttyS0 quiet panic=-1' </dev/null | stdbuf -o0 tr -d '\r' | tee "$work/log"
code=$(sed -n 's/^exit code \([0-9]*\)$/\1/p' "$work/log" | tail -n 1)
exit "${code:-1}"
