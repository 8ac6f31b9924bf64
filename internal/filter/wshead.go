package filter

import (
	"errors"

	"weir/internal/event"
	"weir/internal/proto/websocket"
	"weir/internal/script"
)

// wsHead is the head of a WebSocket message. The object scripts see is made at the first look and kept, so that what a
// script changes is what is sent.
type wsHead struct {
	websocket.Head
	object *script.Ref
}

var _ event.Object = (*wsHead)(nil)

var (
	keyOpcode = script.NewKey("opcode")
	keyMasked = script.NewKey("masked")
	keyRSV    = script.NewKey("rsv")
)

// wsHeadRows are the fields of a head for the surface list.
var wsHeadRows = []script.Row{
	{Path: "websocket:MessageHead#opcode", Kind: "property", Signature: "number = 1"},
	{Path: "websocket:MessageHead#masked", Kind: "property", Signature: "boolean = false"},
	{Path: "websocket:MessageHead#rsv", Kind: "property", Signature: "number = 0 [beyond]"},
}

// ScriptObject implements event.Object.
func (h *wsHead) ScriptObject(r *script.Realm) script.Value {
	if h.object == nil {
		v := r.NewObject()
		r.SetKey(v, keyOpcode, script.Int(int(h.Opcode)))
		r.SetKey(v, keyMasked, script.Bool(h.Masked))
		if h.RSV != 0 {
			r.SetKey(v, keyRSV, script.Int(int(h.RSV)))
		}
		h.object = r.HoldBriefly(v)
	}
	return h.object.Value()
}

// wsHeadOf returns the head to send for what a MessageStart carries.
func wsHeadOf(r *script.Realm, head any) (websocket.Head, error) {
	h := websocket.Head{Opcode: websocket.Text}
	if x, ok := head.(*wsHead); ok && x.object == nil {
		return x.Head, nil
	}
	v := event.Any(r, head, script.Null)
	if !v.IsObject() {
		return h, nil
	}
	f, err := r.GetKey(v, keyOpcode)
	if err != nil {
		return h, err
	}
	if !f.IsNullish() {
		n, ok := r.NumberOf(f)
		op := websocket.Opcode(script.Truncate(n))
		if !ok || float64(op) != n || !op.Valid() {
			return h, errors.New("head.opcode expects 1 (text), 2 (binary), 8 (close), 9 (ping) or 10 (pong)")
		}
		h.Opcode = op
	}
	if f, err = r.GetKey(v, keyMasked); err != nil {
		return h, err
	}
	h.Masked = r.Truthy(f)
	if f, err = r.GetKey(v, keyRSV); err != nil {
		return h, err
	}
	if !f.IsNullish() {
		n, ok := r.NumberOf(f)
		if h.RSV = uint8(n); !ok || float64(h.RSV) != n || h.RSV > 7 {
			return h, errors.New("head.rsv expects a number from 0 to 7")
		}
	}
	return h, nil
}
