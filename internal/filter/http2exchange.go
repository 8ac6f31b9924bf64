package filter

import "weir/internal/proto/http2"

// http2Exchange is a request on a stream of HTTP/2 and its response. Exchanges are used again.
type http2Exchange struct {
	streamExchange
	http2Flow
	h2   *http2Server
	next *http2Exchange
}

var (
	_ exchangeLink = (*http2Exchange)(nil)
	_ http2Owner   = (*http2Exchange)(nil)
)

// unsendable implements http2Owner and exchangeLink.
func (x *http2Exchange) unsendable(err error) {
	x.server.Failure(err.Error())
	x.reset(http2.InternalError)
}

// stalled implements http2Owner.
func (x *http2Exchange) stalled() { x.reset(http2.Cancel) }

// taken implements exchangeLink.
func (x *http2Exchange) taken() { x.h2.Consumed(&x.Stream) }

// headSent implements exchangeLink.
func (x *http2Exchange) headSent() bool { return x.HeadSent() }

// upgraded implements exchangeLink.
func (x *http2Exchange) upgraded() bool { return x.Upgraded() }

// close lets a finished exchange go.
func (x *http2Exchange) close() {
	if x.h2 == nil {
		return
	}
	x.release()
	if h := x.h2; x.answered && !h.finished && h.spares < maxSpare {
		x.next = h.spare
		h.spare = x
		h.spares++
	}
}
