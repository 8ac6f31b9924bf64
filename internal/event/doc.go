// Package event is how scripts see what flows: the classes Data, Message, MessageStart, MessageEnd and StreamEnd over the
// types of package stream, and the conversion of what callbacks return into events.
//
// A script object for an event is made when a script looks at it, and the same event gives the same object as long as
// that is alive. Objects live at least until the end of the turn they were made in.
package event

import "weir/internal/script"

// Namespace declares the event classes as globals.
var Namespace = &script.Namespace{
	Classes: []*script.Class{DataClass, messageStartClass, messageEndClass, streamEndClass, messageClass},
	Extra:   surface(),
}

func surface() []script.Row {
	rows := []script.Row{
		{Path: "event:Data#type", Kind: "property", Signature: "'Data' (read-only)"},
		{Path: "event:MessageStart#type", Kind: "property", Signature: "'MessageStart' (read-only)"},
		{Path: "event:MessageEnd#type", Kind: "property", Signature: "'MessageEnd' (read-only)"},
		{Path: "event:StreamEnd#type", Kind: "property", Signature: "'StreamEnd' (read-only)"},
		{Path: "event:MessageStart#head", Kind: "property", Signature: "object|null (read-only)"},
		{Path: "event:MessageEnd#tail", Kind: "property", Signature: "object|null (read-only)"},
		{Path: "event:MessageEnd#payload", Kind: "property", Signature: "any (read-only)"},
		{Path: "event:StreamEnd#error", Kind: "property", Signature: "undefined|string|any (read-only)"},
	}
	for _, n := range []string{"utf8", "utf16be", "utf16le", "hex", "base64", "base64url"} {
		rows = append(rows, script.Row{Path: "Data.encoding=" + n, Kind: "constant", Signature: "'" + n + "'"})
	}
	for _, n := range errorNames() {
		rows = append(rows, script.Row{Path: "event:StreamEnd#error=" + n, Kind: "constant", Signature: "'" + n + "'"})
	}
	return rows
}
