package http1

import "weir/internal/stream"

// nextHead decodes a head and decides how the body behind it is framed (RFC 9112 §6).
func (d *Decoder) nextHead(in *stream.Data) (stream.Event, error) {
	bytes, err := d.section(in)
	if err == ErrPreface {
		d.Unread(in)
		d.lines = lines{}
		return nil, err
	}
	if bytes == nil || err != nil {
		return nil, err
	}
	if err := d.checkFraming(bytes); err != nil {
		return nil, err
	}
	l := &d.lines
	block := string(bytes)
	m := new(received)
	h := &m.head
	h.Protocol = l.protocol
	if d.Response {
		h.IsResponse, h.HasStatusText = true, true
		h.Status, h.StatusText = l.status, l.target.of(block)
	} else {
		h.Method, h.Path = l.startLine.of(block), l.target.of(block)
	}
	h.Headers = l.headers(block, m.room[:0])
	h.Received = Received{
		ContentLength: -1, Chunked: l.hasTE,
		Close: l.close, KeepAlive: l.keepAlive, Upgrade: l.upgrade, ExpectContinue: l.expect,
		ConnectionName: l.connection.of(block),
	}
	if l.hasLen {
		h.Received.ContentLength = l.contentLen
	}
	m.tail.HeadSize = int64(len(block) - l.start)
	m.start.Head = h
	d.msg, d.bodySize = m, 0
	d.frame(h)
	l.reset(d.state == stateChunked)
	return &m.start, nil
}

// checkFraming refuses heads that leave in doubt where the body ends, or whom a request is for.
func (d *Decoder) checkFraming(block []byte) error {
	l := &d.lines
	if !d.Response && l.hosts == 0 && l.protocol == protocol11 && !d.NoHost {
		return d.fail(400, "missing host header")
	}
	if !l.hasTE {
		return nil
	}
	if l.hasLen {
		return d.fail(400, "content-length and transfer-encoding together")
	}
	if l.protocol == protocol10 {
		return d.fail(400, "transfer-encoding in HTTP/1.0")
	}
	if !foldEqual(block[l.te.from:l.te.to], "chunked") {
		return d.fail(501, "transfer-encoding other than chunked")
	}
	return nil
}

// frame decides where the body ends (RFC 9112 §6.3).
func (d *Decoder) frame(h *Head) {
	d.state, d.left = stateLength, 0
	bodiless := h.IsResponse && (h.Status < 200 || h.Status == 204 || h.Status == 304 || d.toHEAD ||
		d.toCONNECT && h.Status < 300)
	switch {
	case bodiless:
	case h.Received.Chunked:
		d.state, d.chunk = stateChunked, chunkSize
	case h.Received.ContentLength >= 0:
		d.left = h.Received.ContentLength
	case h.IsResponse:
		d.state = stateUntilClose
		h.Received.UntilClose = true
	}
}

// headers makes the list of fields out of the section they are in. room is where a short list goes.
func (l *lines) headers(block string, room Headers) Headers {
	if len(l.fields) > cap(room) {
		room = make(Headers, 0, len(l.fields))
	}
	for _, f := range l.fields {
		room = append(room, Header{f.name.of(block), f.value.of(block)})
	}
	return room
}
