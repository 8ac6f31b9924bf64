package filter

import (
	"weir/internal/script"
)

// tlsSessionClass shows a session to scripts.
var tlsSessionClass = &script.Class{Name: "TLSSession", Props: []script.Prop{
	{Name: "state", Sig: `"idle"|"handshake"|"connected"|"closed" (read-only)`, Get: func(c *script.Call) (script.Value, error) {
		return c.String(script.This[*tlsSession](c).state), nil
	}},
	{Name: "error", Sig: "string|undefined (read-only)", Get: func(c *script.Call) (script.Value, error) {
		return orUndefined(c, script.This[*tlsSession](c).err), nil
	}},
	{Name: "protocol", Sig: "string|undefined (read-only)", Get: func(c *script.Call) (script.Value, error) {
		s := script.This[*tlsSession](c)
		if s.handshaking() {
			return script.Undefined, nil
		}
		return orUndefined(c, s.tls.ConnectionState().NegotiatedProtocol), nil
	}},
	{Name: "hostname", Sig: "string|undefined (read-only)", Get: func(c *script.Call) (script.Value, error) {
		return orUndefined(c, script.This[*tlsSession](c).hostname), nil
	}},
	{Name: "peer", Sig: "Certificate|null (read-only)", Get: func(c *script.Call) (script.Value, error) {
		s := script.This[*tlsSession](c)
		if s.handshaking() {
			return script.Null, nil
		}
		if certs := s.tls.ConnectionState().PeerCertificates; len(certs) > 0 {
			return WrapCertificate(c.Realm, certs[0]), nil
		}
		return script.Null, nil
	}},
}}

func orUndefined(c *script.Call, s string) script.Value {
	if s == "" {
		return script.Undefined
	}
	return c.String(s)
}

// handshaking reports whether crypto/tls must not be asked, because it holds its locks.
func (s *tlsSession) handshaking() bool { return s.co != nil || s.tls == nil }

// setState notes a state and tells the script.
func (s *tlsSession) setState(state string) {
	s.state = state
	f := s.f
	fn := f.def.onState
	if fn == nil || f.Ended() {
		return
	}
	r := f.Realm()
	if s.object == nil {
		s.object = r.Hold(r.NewObjectOf(tlsSessionClass, s))
	}
	r.CallIn(f.Context(), fn.Value(), s.object.Value()) // an exception means nothing here
}
