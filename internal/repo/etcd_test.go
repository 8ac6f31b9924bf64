package repo

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"
	"go.uber.org/zap"
)

// cluster is an etcd of three members.
type cluster struct {
	endpoints []string
	members   []*exec.Cmd
}

// spec names a store in the cluster.
func (c *cluster) spec(prefix string) string {
	return "etcd://" + strings.Join(c.endpoints, ",") + "/" + prefix
}

func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	return l.Addr().String()
}

// etcdCluster starts a cluster for a test, which ends with it.
func etcdCluster(t *testing.T) *cluster {
	t.Helper()
	if _, err := exec.LookPath("etcd"); err != nil {
		if os.Getenv("WEIR_SKIP_TOOLS") != "" {
			t.Skip("etcd is not installed (Debian package etcd-server)")
		}
		t.Fatal("etcd is not installed: apt-get install etcd-server, or set WEIR_SKIP_TOOLS=1 to skip such tests")
	}
	const size = 3
	c := &cluster{}
	var peers, initial []string
	for i := range size {
		peers = append(peers, "http://"+freeAddress(t))
		c.endpoints = append(c.endpoints, freeAddress(t))
		initial = append(initial, fmt.Sprintf("m%d=%s", i, peers[i]))
	}
	dir := t.TempDir()
	for i := range size {
		cmd := exec.Command("etcd", "--name", fmt.Sprintf("m%d", i), "--data-dir", filepath.Join(dir, fmt.Sprint(i)),
			"--listen-peer-urls", peers[i], "--initial-advertise-peer-urls", peers[i],
			"--listen-client-urls", "http://"+c.endpoints[i], "--advertise-client-urls", "http://"+c.endpoints[i],
			"--initial-cluster", strings.Join(initial, ","), "--initial-cluster-state", "new",
			"--heartbeat-interval", "200", "--election-timeout", "2000", "--unsafe-no-fsync", "--log-level", "error")
		cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		c.members = append(c.members, cmd)
		t.Cleanup(func() {
			_ = cmd.Process.Kill()
			_ = cmd.Wait()
		})
	}
	return c
}

// leader returns the index of the leading member.
func (c *cluster) leader(t *testing.T) int {
	t.Helper()
	client, err := clientv3.New(clientv3.Config{Endpoints: c.endpoints, Logger: zap.NewNop()})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = client.Close() }()
	deadline := time.Now().Add(patience)
	for time.Now().Before(deadline) {
		for i, endpoint := range c.endpoints {
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			s, err := client.Status(ctx, endpoint)
			cancel()
			if err == nil && s.Leader == s.Header.MemberId {
				return i
			}
		}
	}
	t.Fatal("the cluster has no leader")
	return 0
}
