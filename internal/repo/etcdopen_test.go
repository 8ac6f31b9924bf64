package repo

import (
	"reflect"
	"strings"
	"testing"
)

func TestParseEtcd(t *testing.T) {
	t.Parallel()
	for spec, want := range map[string]etcdSpec{
		"etcd://a:1":                   {hosts: []string{"a:1"}, prefix: "/"},
		"etcd://a:1/":                  {hosts: []string{"a:1"}, prefix: "/"},
		"etcd://a:1,[::1]:2/x/y/":      {hosts: []string{"a:1", "[::1]:2"}, prefix: "x/y/"},
		"etcds://a.example:65535/x":    {secure: true, hosts: []string{"a.example:65535"}, prefix: "x/"},
		"etcds://u@v@a:1,b:2/x@y/z:12": {secure: true, hosts: []string{"a:1", "b:2"}, user: "u@v", prefix: "x@y/z:12/"},
	} {
		if got, err := parseEtcd(spec); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %+v, %v, want %+v", spec, got, err, want)
		}
	}
	for _, spec := range []string{"etcd://", "etcd:///x", "etcd://a/x", "etcd://:1/x", "etcd://a:0/x", "etcd://a:65536/x", "etcd://a:1,/x", "etcd://a:b/x",
		"etcd://u:s3cret@a:1/x", "etcd://u:s3cret/@a:1/x"} {
		_, err := parseEtcd(spec)
		if err == nil || !strings.Contains(err.Error(), "etcds:// for TLS") || strings.Contains(err.Error(), "s3cret") {
			t.Errorf("%s: %v", spec, err)
		}
	}
}
