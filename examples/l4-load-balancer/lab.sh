#!/bin/sh
# Makes three backends and a client in network namespaces, joined by this one, until it is killed. The client's is that of the
# process whose number is in the file client.pid.
set -e

service=10.86.0.100
pids=

namespace() { # NAME NETWORK: joins a new one by an interface of that name, and runs what is on standard input there
  unshare --net sleep infinity &
  pid=$!
  pids="$pids $pid"
  while [ "$(readlink /proc/$pid/ns/net)" = "$(readlink /proc/self/ns/net)" ]; do sleep 0.01; done
  ip link add "$1" type veth peer name eth0 netns $pid
  ip addr add "$2.1/24" dev "$1"
  ip link set "$1" up
  nsenter --target $pid --net sh -ec "
    ip link set lo up
    ip addr add $2.2/24 dev eth0
    ip link set eth0 up
    ip route add default via $2.1
  "
}

trap 'kill $pids' EXIT
trap 'exit 0' INT TERM

sysctl -qw net.ipv4.ip_forward=1
for i in 1 2 3; do
  namespace backend$i 10.86.$i
  nsenter --target $pid --net ip addr add $service/32 dev lo
  nsenter --target $pid --net bin/weir -e "pipy.listen(8000, \$=>\$.onStart(() => [new Data('Hello from backend $i\n'), new StreamEnd]))" &
  pids="$pids $!"
done
namespace client 10.86.0
nsenter --target $pid --net ip route add $service via 10.86.0.1
echo $pid >client.pid
wait
