//go:build linux

package harness

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"
	"go.uber.org/zap"

	"weir/test/harness/proc"
)

// Etcd is a cluster of three members.
type Etcd struct {
	Members   []*proc.Process
	endpoints []string
}

// StartEtcd starts a cluster until the end of the test.
func StartEtcd(t testing.TB) *Etcd {
	t.Helper()
	const size = 3
	e := &Etcd{}
	var peers, initial []string
	ports := Ports(t, 2*size)
	for i := range size {
		peers = append(peers, "http://"+Addr(ports[i]))
		e.endpoints = append(e.endpoints, Addr(ports[size+i]))
		initial = append(initial, fmt.Sprintf("m%d=%s", i, peers[i]))
	}
	dir := t.TempDir()
	for i := range size {
		e.Members = append(e.Members, StartPeer(t, proc.Command{Name: "etcd", Args: []string{
			"--name", fmt.Sprintf("m%d", i), "--data-dir", filepath.Join(dir, fmt.Sprint(i)),
			"--listen-peer-urls", peers[i], "--initial-advertise-peer-urls", peers[i],
			"--listen-client-urls", "http://" + e.endpoints[i], "--advertise-client-urls", "http://" + e.endpoints[i],
			"--initial-cluster", strings.Join(initial, ","), "--initial-cluster-state", "new",
			"--heartbeat-interval", "200", "--election-timeout", "2000", "--unsafe-no-fsync", "--log-level", "error"}}))
	}
	e.Leader(t)
	return e
}

// Store returns the argument of weir's --store for a prefix of keys.
func (e *Etcd) Store(prefix string) string {
	return "etcd://" + strings.Join(e.endpoints, ",") + "/" + prefix
}

// Leader returns the leading member, once there is one.
func (e *Etcd) Leader(t testing.TB) *proc.Process {
	t.Helper()
	client, err := clientv3.New(clientv3.Config{Endpoints: e.endpoints, Logger: zap.NewNop()})
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	var leader *proc.Process
	Eventually(t, "the cluster has a leader", func() bool {
		for i, endpoint := range e.endpoints {
			ctx, cancel := context.WithTimeout(context.Background(), time.Second)
			s, err := client.Status(ctx, endpoint)
			cancel()
			if err == nil && s.Leader == s.Header.MemberId {
				leader = e.Members[i]
			}
		}
		return leader != nil
	})
	return leader
}
