//go:build linux

package test

import (
	"context"
	"fmt"
	"os"
	"strings"
	"testing"

	clientv3 "go.etcd.io/etcd/client/v3"
	"go.uber.org/zap"

	"weir/test/harness"
	"weir/test/harness/proc"
)

// startEtcd runs an etcd of one member, for clients that use a scheme, until the end of the test.
func startEtcd(t *testing.T, scheme string, flags ...string) (port int) {
	t.Helper()
	ports := harness.Ports(t, 2)
	clients, peers := scheme+"://"+harness.Addr(ports[0]), "http://"+harness.Addr(ports[1])
	harness.StartPeer(t, proc.Command{Name: "etcd", Args: append([]string{"--name", "m", "--data-dir", t.TempDir(), "--unsafe-no-fsync",
		"--log-level", "error", "--listen-client-urls", clients, "--advertise-client-urls", clients,
		"--listen-peer-urls", peers, "--initial-advertise-peer-urls", peers, "--initial-cluster", "m=" + peers}, flags...)}, ports[0])
	return ports[0]
}

// shareRepo starts two repos of a store, and shows that each is told what is committed at the other.
func shareRepo(t *testing.T, first, second []string) (logs string) {
	t.Helper()
	ports := harness.Ports(t, 2)
	var repos []*harness.Weir
	for i, flags := range [][]string{first, second} {
		repos = append(repos, harness.Start(t, harness.Config{
			Flags: append([]string{"repo", "--log-level=debug", fmt.Sprintf("--admin-port=%d", ports[i])}, flags...), Listen: ports[i : i+1]}))
	}
	for _, c := range []struct {
		repo             int
		path, args, want string
	}{
		{0, "/api/v1/repo/x", "-d{}", "\n201"},
		{1, "/api/v1/repo-files/x/main.js", "-dsecond", "\n201"},
		{0, "/api/v1/repo/x", `-XPATCH -d{"version":1}`, "\n201"},
		{1, "/repo/x/main.js", "", "second\n200"},
	} {
		if got := adminCurl(t, ports[c.repo], c.path, strings.Fields(c.args)...); got != c.want {
			t.Errorf("%s %s: %q, want %q", c.args, c.path, got, c.want)
		}
	}
	told := make(chan harness.Result)
	go func() {
		told <- harness.Run(t, "curl", "-s", "--noproxy", "*", "-m", "25", "-Hif-none-match: 1", "-Hprefer: wait=20", "-o/dev/null",
			"-w%header{etag}", "http://"+harness.Addr(ports[1])+"/repo/x/")
	}()
	if got := adminCurl(t, ports[0], "/api/v1/repo/x", "-XPATCH", `-d{"version":2}`); got != "\n201" {
		t.Errorf("commit: %q", got)
	}
	if r := <-told; r.Stdout != "2" {
		t.Errorf("the other repo tells of version %q", r.Stdout)
	}
	for _, w := range repos {
		if code := w.Stop(); code != 0 {
			t.Errorf("exit code %d", code)
		}
		logs += w.Stdout.String() + w.Stderr.String()
	}
	return logs
}

// An etcd that is reached over TLS and asks for certificates.
func TestEtcdTLS(t *testing.T) {
	t.Parallel()
	certs := certificates().write(t)
	port := startEtcd(t, "https", "--cert-file", certs+"/server.crt", "--key-file", certs+"/server.key",
		"--client-cert-auth", "--trusted-ca-file", certs+"/ca.crt")
	plain := startEtcd(t, "http")
	away := harness.Addr(harness.Port(t))
	host := harness.Addr(port)
	identity := func(name string) []string {
		return []string{"--store-tls-cert=" + certs + "/" + name + ".crt", "--store-tls-key=" + certs + "/" + name + ".key"}
	}
	trusted := func(name string) []string { return []string{"--store-tls-trusted=" + certs + "/" + name + ".crt"} }
	for _, c := range []struct {
		name  string
		flags [][]string
		want  string
	}{
		{"another authority", [][]string{{"--store=etcds://" + host + "/p"}, identity("client"), trusted("other")},
			"cannot use etcd at " + host + ": its certificate is not accepted (see --store-tls-trusted): "},
		{"the system's authorities", [][]string{{"--store=etcds://" + away + "," + host + "/p"}, identity("client")},
			"cannot use etcd at " + away + "," + host + ": its certificate is not accepted (see --store-tls-trusted): "},
		{"no certificate", [][]string{{"--store=etcds://" + host + "/p"}, trusted("ca")}, "it wants a certificate, or does not accept the one it was shown (see --store-tls-cert)"},
		{"a stranger's certificate", [][]string{{"--store=etcds://" + host + "/p"}, trusted("ca"), identity("stranger")}, "it wants a certificate, or does not accept the one it was shown"},
		{"an expired certificate", [][]string{{"--store=etcds://" + host + "/p"}, trusted("ca"), identity("expired")}, "it wants a certificate, or does not accept the one it was shown"},
		{"a key of another certificate", [][]string{{"--store=etcds://" + host + "/p"}, {"--store-tls-cert=" + certs + "/client.crt", "--store-tls-key=" + certs + "/a.key"}},
			"cannot use the certificate " + certs + "/client.crt with the key " + certs + "/a.key: "},
		{"without TLS", [][]string{{"--store=etcd://" + host + "/p"}}, "cannot use etcd at " + host + ": it serves TLS: use etcds://"},
		{"TLS to one without", [][]string{{"--store=etcds://" + harness.Addr(plain) + "/p"}}, "it serves no TLS: use etcd://"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			flags := []string{"repo", fmt.Sprintf("--admin-port=%d", harness.Port(t))}
			for _, f := range c.flags {
				flags = append(flags, f...)
			}
			w := harness.Spawn(t, harness.Config{Flags: flags})
			if code := w.WaitExit(); code != 255 || !strings.Contains(w.Stderr.String(), c.want) {
				t.Errorf("exit code %d, %q, want %q", code, w.Stderr.String(), c.want)
			}
		})
	}
	t.Run("shared", func(t *testing.T) {
		t.Parallel()
		both := append(identity("client"), trusted("ca")...)
		shareRepo(t, append(both, "--store=etcds://"+away+","+host+"/p"), append(both, "--store=etcds://"+host+"/p/"))
	})
}

// An etcd that wants a password, which nobody gets to see.
func TestEtcdPassword(t *testing.T) {
	t.Parallel()
	port := startEtcd(t, "http")
	host := harness.Addr(port)
	client, err := clientv3.New(clientv3.Config{Endpoints: []string{host}, Logger: zap.NewNop()})
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	ctx, cancel := context.WithTimeout(t.Context(), harness.Patience)
	defer cancel()
	for _, step := range []func() error{
		func() error { _, err := client.UserAdd(ctx, "root", "r00t"); return err },
		func() error { _, err := client.UserGrantRole(ctx, "root", "root"); return err },
		func() error { _, err := client.UserAdd(ctx, "weir", "pass word"); return err },
		func() error { _, err := client.RoleAdd(ctx, "weir"); return err },
		func() error {
			_, err := client.RoleGrantPermission(ctx, "weir", "p/", clientv3.GetPrefixRangeEnd("p/"), clientv3.PermissionType(clientv3.PermReadWrite))
			return err
		},
		func() error { _, err := client.UserGrantRole(ctx, "weir", "weir"); return err },
		func() error { _, err := client.AuthEnable(ctx); return err },
	} {
		if err := step(); err != nil {
			t.Fatal(err)
		}
	}
	dir := t.TempDir()
	for name, password := range map[string]string{"right": "pass word\n", "wrong": "other"} {
		if err := os.WriteFile(dir+"/"+name, []byte(password), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		flags []string
		want  string
	}{
		{[]string{"--store=etcd://weir@" + host + "/p", "--store-password=@" + dir + "/wrong"}, "authentication failed"},
		{[]string{"--store=etcd://nobody@" + host + "/p", "--store-password=@" + dir + "/right"}, "authentication failed"},
		{[]string{"--store=etcd://" + host + "/p"}, "user name is empty"},
		{[]string{"--store=etcd://weir@" + host + "/q", "--store-password=@" + dir + "/right"}, "permission denied"},
	} {
		w := harness.Spawn(t, harness.Config{Flags: append([]string{"repo", fmt.Sprintf("--admin-port=%d", harness.Port(t))}, c.flags...)})
		if code := w.WaitExit(); code != 255 || !strings.Contains(w.Stderr.String(), c.want) || strings.Contains(w.Stderr.String(), "pass word") {
			t.Errorf("%v: exit code %d, %q, want %q", c.flags, code, w.Stderr.String(), c.want)
		}
	}
	flags := []string{"--store=etcd://weir@" + host + "/p", "--store-password=@" + dir + "/right"}
	if logs := shareRepo(t, flags, flags); strings.Contains(logs, "pass word") {
		t.Errorf("the password is shown:\n%s", logs)
	}
}
