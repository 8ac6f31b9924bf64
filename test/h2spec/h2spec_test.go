//go:build linux

// Package h2spec runs the conformance cases of h2spec against weir's HTTP/2 servers. It is a package of its own because of
// what it imports.
package h2spec

import (
	"fmt"
	"testing"
	"time"

	"github.com/summerwind/h2spec/config"
	"github.com/summerwind/h2spec/generic"
	"github.com/summerwind/h2spec/hpack"
	"github.com/summerwind/h2spec/http2"
	"github.com/summerwind/h2spec/spec"

	"weir/test/harness"
)

func TestConformance(t *testing.T) {
	t.Parallel()
	ports := harness.Ports(t, 3)
	harness.Start(t, harness.Config{Listen: ports, Script: fmt.Sprintf(`
		var key = new crypto.PrivateKey({ type: 'rsa', bits: 2048 })
		var cert = new crypto.Certificate({ subject: { CN: 'localhost' }, days: 1, privateKey: key, publicKey: new crypto.PublicKey(key) })
		var serve = $=>$.serveHTTP(() => new Message('hello'))
		pipy.listen('127.0.0.1:%d', $=>$.demuxHTTP().to($=>$.replaceMessage(req => new Message("hello"))))
		pipy.listen('127.0.0.1:%d', serve)
		pipy.listen('127.0.0.1:%d', $=>$.acceptTLS({ certificate: { cert, key }, alpn: ['h2'] }).to(serve))
	`, ports[0], ports[1], ports[2])})
	for i, name := range []string{"demuxHTTP", "serveHTTP", "acceptTLS"} {
		for _, group := range []*spec.TestGroup{generic.Spec(), http2.Spec(), hpack.Spec()} {
			c := &config.Config{Host: "127.0.0.1", Port: ports[i], Path: "/", Timeout: 2 * time.Second, MaxHeaderLen: 4000, Strict: true,
				TLS: name == "acceptTLS", Insecure: true}
			run(t, name+" "+group.Key, group, c)
		}
	}
}

// run runs a group and those below it. Every case has to pass.
func run(t *testing.T, path string, g *spec.TestGroup, c *config.Config) {
	for i, tc := range append(g.Tests, g.StrictTests...) {
		if g.ID() == "http2/3.5" && i == 1 && !c.TLS {
			continue // see TestInvalidPreface
		}
		t.Run(fmt.Sprintf("%s %s/%d", path, g.Section, i+1), func(t *testing.T) {
			if err := tc.Test(c, i+1); err != nil {
				t.Fatal(err)
			}
			if r := tc.Result; r == nil || r.Failed || r.Skipped {
				t.Errorf("%s: %+v", tc.Desc, r)
			}
		})
	}
	for _, sub := range g.Groups {
		run(t, path, sub, c)
	}
}

// Where HTTP/1 is spoken too, a preface that is not the one of HTTP/2 is a malformed request of HTTP/1: there is an answer
// before the connection is closed, which h2spec's client tries to read as a frame.
func TestInvalidPreface(t *testing.T) {
	t.Parallel()
	port := harness.Port(t)
	harness.Start(t, harness.Config{Listen: []int{port}, Script: fmt.Sprintf(
		`pipy.listen('127.0.0.1:%d', $=>$.serveHTTP(() => new Message('hello')))`, port)})
	for _, preface := range []string{"INVALID CONNECTION PREFACE\r\n\r\n", "PRI * HTTP/2.0\r\n\r\nXX\r\n\r\n"} {
		c := harness.Dial(t, port)
		c.SetDeadline(time.Now().Add(harness.Patience))
		c.Send(preface)
		c.ReadAll() // fails if the server does not close the connection
	}
}
