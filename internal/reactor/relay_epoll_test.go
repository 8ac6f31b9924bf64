//go:build linux && !portable

package reactor

import "testing"

// checkRelayMode makes sure that bulk was spliced, and that no pipe is kept by an idle connection.
func checkRelayMode(t *testing.T, r *relayed) {
	t.Helper()
	on(r.l, func() {
		if r.in.relay != nil && !r.in.relay.splicing {
			t.Error("not spliced")
		}
		if len(r.l.pipes) == 0 || r.out.pipe != nil {
			t.Errorf("%d idle pipes", len(r.l.pipes))
		}
		for _, p := range r.l.pipes {
			if p.n != 0 {
				t.Error("bytes left in an idle pipe")
			}
		}
	})
}
