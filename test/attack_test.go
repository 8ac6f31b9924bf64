//go:build linux

package test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"testing"
	"time"

	"weir/test/harness"
	"weir/test/harness/attack"
)

// attackedScript answers on two ports, the second one over TLS. Its limits are short ones.
const attackedScript = `
	var blocks = {}
	var body = n => n in blocks ? blocks[n] : (blocks[n] = new Data(new Array(n).fill(0x78)))
	var serve = $=>$.demuxHTTP({ headTimeout: 1, bodyTimeout: 1, stallTimeout: 2 }).to($=>$
		.decompressHTTP({ maxSize: '1m' })
		.replaceMessage(req => new Message(body(+req.head.headers['x-size'] || 10)))
	)
	pipy.listen('127.0.0.1:%d', serve)
	pipy.listen('127.0.0.1:%d', $=>$
		.acceptTLS({ certificate: id('server'), alpn: ['h2', 'http/1.1'], handshakeTimeout: 2 }).to(serve))
`

// maxAttackGrowth is what an attack may cost.
const maxAttackGrowth = 64 << 20

// Every attack is ended in the way it should be, costs little memory, and does not keep others from being served.
func TestAttacks(t *testing.T) {
	t.Parallel()
	for _, a := range attack.All() {
		t.Run(a.Name, func(t *testing.T) {
			t.Parallel()
			ports := harness.Ports(t, 2)
			w := startTLS(t, fmt.Sprintf(attackedScript, ports[0], ports[1]), ports...)
			to := attack.Target{Plain: harness.Addr(ports[0]), Secure: harness.Addr(ports[1])}
			limit := harness.Patience
			if a.Endless {
				limit = time.Second
			}
			ctx, cancel := context.WithTimeout(context.Background(), limit)
			defer cancel()
			served := make(chan int)
			go func() {
				n := 0
				for ; ctx.Err() == nil; n++ {
					res, err := http.Get("http://" + to.Plain + "/")
					if err != nil {
						t.Errorf("another client: %v", err)
						break
					}
					if b, err := io.ReadAll(res.Body); string(b) != "xxxxxxxxxx" {
						t.Errorf("another client: %q, %v", b, err)
					}
					res.Body.Close()
				}
				served <- n
			}()
			bounded(t, w, maxAttackGrowth, func() {
				if end, err := a.Run(ctx, to, !a.Endless); end != a.End || err != nil {
					t.Errorf("ended with %q, %v, instead of %q", end, err, a.End)
				}
			})
			cancel()
			if n := <-served; n == 0 {
				t.Error("nobody else was served")
			}
			harness.Eventually(t, "all connections to be closed", func() bool { return harness.OpenFiles(t, w.PID) < 20 })
		})
	}
}
