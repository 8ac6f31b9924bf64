package http2

// Settings (RFC 9113 §6.5.2, RFC 8441 §3).
const (
	settingHeaderTableSize      = 1
	settingEnablePush           = 2
	settingMaxConcurrentStreams = 3
	settingInitialWindowSize    = 4
	settingMaxFrameSize         = 5
	settingMaxHeaderListSize    = 6
	settingEnableConnect        = 8
)

// ValidSettings reports whether b can be the payload of a SETTINGS frame.
func ValidSettings(b []byte) bool { return len(b)%6 == 0 && len(b) <= minFrameSize }

// settings takes the payload of a SETTINGS frame.
func (c *Conn) settings(b []byte) {
	for ; len(b) >= 6 && !c.closed; b = b[6:] {
		c.setting(uint16(b[0])<<8|uint16(b[1]), be32(b[2:]))
	}
}

func (c *Conn) setting(id uint16, v uint32) {
	switch id {
	case settingHeaderTableSize:
		c.tableSize(v)
	case settingEnablePush:
		if v > 1 || v == 1 && !c.cfg.Server {
			c.fail(ProtocolError, "invalid SETTINGS_ENABLE_PUSH")
		}
	case settingMaxConcurrentStreams:
		c.peerStreams = v
	case settingInitialWindowSize:
		if v > maxWindow {
			c.fail(FlowControlError, "invalid SETTINGS_INITIAL_WINDOW_SIZE")
			return
		}
		change := int64(v) - c.peerWindow
		c.peerWindow = int64(v)
		for _, s := range c.streams {
			if s.sendWindow += change; s.sendWindow > maxWindow {
				c.fail(FlowControlError, "SETTINGS_INITIAL_WINDOW_SIZE overflows the window of a stream")
				return
			}
			c.enlist(s)
		}
	case settingMaxFrameSize:
		if v < minFrameSize || v > maxFrameSize {
			c.fail(ProtocolError, "invalid SETTINGS_MAX_FRAME_SIZE")
			return
		}
		c.peerFrame = int(v)
	case settingEnableConnect:
		if v > 1 {
			c.fail(ProtocolError, "invalid SETTINGS_ENABLE_CONNECT_PROTOCOL")
			return
		}
		c.peerConnect = v == 1
	}
}

// settingsAcked is called when the peer has taken our settings: its streams have our windows now.
func (c *Conn) settingsAcked() {
	if c.acked {
		return
	}
	c.acked = true
	if less := defaultWindow - c.cfg.StreamWindow; less > 0 {
		for _, s := range c.streams {
			s.recvWindow -= less
		}
	}
}
