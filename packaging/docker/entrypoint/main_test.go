package main

import (
	"strings"
	"testing"
	"testing/fstest"
)

func TestCommand(t *testing.T) {
	t.Parallel()
	v2 := func(text string) fstest.MapFS { return fstest.MapFS{"sys/fs/cgroup/cpu.max": {Data: []byte(text)}} }
	v1 := func(quota string) fstest.MapFS {
		return fstest.MapFS{"sys/fs/cgroup/cpu/cpu.cfs_quota_us": {Data: []byte(quota + "\n")}, "sys/fs/cgroup/cpu/cpu.cfs_period_us": {Data: []byte("100000\n")}}
	}
	for _, c := range []struct {
		args, env string
		root      fstest.MapFS
		want      string
	}{
		{"", "", v2("max 100000\n"), "weir /etc/weir/echo.js"},
		{"", "", nil, "weir /etc/weir/echo.js"},
		{"", "PIPY_CONFIG_FILE=/a.js", v2("250000 100000\n"), "weir --threads=2 --reuse-port /a.js"},
		{"", "PIPY_THREADS=3 PIPY_SPAWN=2", v2("max 100000\n"), "weir --threads=3 --reuse-port /etc/weir/echo.js"},
		{"pipy /a.js --args x", "PIPY_SPAWN=2", nil, "weir --threads=2 --reuse-port /a.js --args x"},
		{"weir /a.js", "", v1("400000"), "weir --threads=4 --reuse-port /a.js"},
		{"weir /a.js", "", v1("-1"), "weir /a.js"},
		{"weir /a.js", "", v2("50000 100000"), "weir /a.js"},
		{"weir --threads=1 /a.js", "PIPY_THREADS=4", nil, "weir --threads=1 /a.js"},
		{"-e 1+1", "PIPY_THREADS=2", nil, "weir --threads=2 --reuse-port -e 1+1"},
		{"weir check /a.js", "PIPY_THREADS=2", nil, "weir check /a.js"},
		{"weir repo /var/lib/weir", "PIPY_THREADS=2", nil, "weir repo /var/lib/weir"},
		{"weir http://repo:6060/repo/x/", "PIPY_THREADS=99", nil, "weir --threads=8 --reuse-port http://repo:6060/repo/x/"},
		{"/usr/bin/other x", "PIPY_THREADS=2", nil, "/usr/bin/other x"},
	} {
		env := map[string]string{}
		for _, e := range strings.Fields(c.env) {
			name, value, _ := strings.Cut(e, "=")
			env[name] = value
		}
		if got := strings.Join(command(strings.Fields(c.args), func(n string) string { return env[n] }, c.root, 8), " "); got != c.want {
			t.Errorf("%q with %q: %s, want %s", c.args, c.env, got, c.want)
		}
	}
}
