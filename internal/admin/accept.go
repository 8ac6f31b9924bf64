package admin

import (
	"context"
	"crypto/tls"
	"net"
	"sync"
)

// plainListener accepts connections without TLS.
type plainListener struct{ net.Listener }

func (l plainListener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return &hostlessConn{Conn: c}, nil
}

// tlsListener accepts connections over TLS, after the handshake: net/http serves HTTP/2 on nothing but a *tls.Conn, and only
// HTTP/1 needs another one.
type tlsListener struct {
	net.Listener
	config   *tls.Config
	accepted chan accepted
	ctx      context.Context // ends when the listener is closed
	cancel   context.CancelFunc
	busy     sync.WaitGroup
}

type accepted struct {
	conn net.Conn
	err  error
}

func newTLSListener(l net.Listener, config *tls.Config) *tlsListener {
	t := &tlsListener{Listener: l, config: config, accepted: make(chan accepted)}
	t.ctx, t.cancel = context.WithCancel(context.Background())
	t.busy.Go(t.run)
	return t
}

func (t *tlsListener) run() {
	for t.ctx.Err() == nil {
		c, err := t.Listener.Accept()
		if err != nil {
			t.deliver(accepted{err: err}) // net/http waits before it asks again
			continue
		}
		t.busy.Go(func() { t.shake(tls.Server(c, t.config)) })
	}
}

func (t *tlsListener) shake(c *tls.Conn) {
	ctx, cancel := context.WithTimeout(t.ctx, headerTimeout)
	defer cancel()
	if c.HandshakeContext(ctx) != nil || c.ConnectionState().NegotiatedProtocol == "h2" {
		t.deliver(accepted{conn: c}) // net/http gets the same error, and tells of it
		return
	}
	t.deliver(accepted{conn: &hostlessTLSConn{Conn: c}})
}

func (t *tlsListener) deliver(a accepted) {
	select {
	case t.accepted <- a:
	case <-t.ctx.Done():
		if a.conn != nil {
			_ = a.conn.Close() // an error is one of a peer that has gone
		}
	}
}

func (t *tlsListener) Accept() (net.Conn, error) {
	select {
	case a := <-t.accepted:
		return a.conn, a.err
	case <-t.ctx.Done():
		return nil, net.ErrClosed
	}
}

// Close closes the port and the connections that Accept has not returned.
func (t *tlsListener) Close() error {
	t.cancel()
	err := t.Listener.Close()
	t.busy.Wait()
	return err
}
