package pipy

import (
	"strings"

	"weir/internal/pipeline"
	"weir/internal/script"
)

// surface lists what is reached through objects rather than by name, and options.
func surface() []script.Row {
	rows := script.ClassRows(inboundClass, outboundClass, socketClass, listenerClass)
	for _, m := range configurationMethods(
		func(func(*Configuration, *script.Call) error) script.Func { return nil },
		func(func(*pipeline.Builder, *script.Call) error) script.Func { return nil }) {
		rows = append(rows, script.Row{Path: "Configuration#" + m.Name, Kind: "function", Signature: m.Sig})
	}
	opt := func(path, sig string) {
		rows = append(rows, script.Row{Path: "option:" + path, Kind: "option", Signature: sig})
	}
	opt("listen.protocol", `"tcp"|"udp"|"quic" = "tcp"`)
	opt("listen.maxConnections", "int = -1")
	opt("listen.maxPortConnections", "int = -1")
	rows = append(rows, pipeline.SocketRows("listen")...)
	opt("listen.transparent", "boolean = false")
	opt("listen.freeBind", "boolean = false: the address need not be this host's [beyond]")
	opt("listen.mode", `number | string: permissions of a Unix socket's file, such as 0o660 or "660" [beyond]`)
	opt("listen.masquerade", "boolean = false (no effect)")
	opt("listen.peerStats", "boolean = false")
	opt("listen.tls", "options of acceptTLS, for protocol quic [beyond]")
	for _, r := range rows {
		if o, ok := strings.CutPrefix(r.Path, "option:listen."); ok {
			opt("pipy.listen."+o, r.Signature)
		}
	}
	opt("pipy.exec.stdin", "Data")
	opt("pipy.exec.stderr", "boolean = false")
	opt("pipy.exec.env", "object")
	opt("pipy.exec.onExit", "(exitCode: number, stderr?: Data) => any")
	for _, r := range script.ClassRows(inboundClass) {
		if _, prop, ok := strings.Cut(r.Path, "#"); ok {
			rows = append(rows, script.Row{Path: "startArg:listen.inbound#" + prop, Kind: "property", Signature: r.Signature})
		}
	}
	return append(rows, reached...)
}

// reached are the members of objects that have no class of their own.
var reached = []script.Row{
	{Path: "pipy", Kind: "global", Signature: "function and namespace; weir is the same object"},
	{Path: "pipy.thread.id", Kind: "property", Signature: "number"},
	{Path: "pipy.thread.concurrency", Kind: "property", Signature: "number"},
	{Path: "__thread.id", Kind: "property", Signature: "number"},
	{Path: "__thread.concurrency", Kind: "property", Signature: "number"},
	{Path: "pipy.tty.raw", Kind: "property", Signature: "boolean, writable"},
	{Path: "pipy.inbound.count", Kind: "property", Signature: "number"},
	{Path: "pipy.inbound.forEach", Kind: "function", Signature: "forEach(cb: (inbound: Inbound) => any): undefined"},
	{Path: "pipy.outbound.count", Kind: "property", Signature: "number"},
	{Path: "pipy.outbound.forEach", Kind: "function", Signature: "forEach(cb: (outbound: Outbound) => any): undefined"},
	{Path: "pipy.performance.timeOrigin", Kind: "property", Signature: "number (ms)"},
	{Path: "pipy.performance.now", Kind: "function", Signature: "now(): number"},
	{Path: "__filename", Kind: "global", Signature: "string (in legacy files, read-only)"},
	{Path: "__inbound", Kind: "global", Signature: "Inbound | null (in legacy files, read-only)"},
	{Path: "Configuration#__filename", Kind: "property", Signature: "string, as a variable of the context"},
	{Path: "Configuration#__inbound", Kind: "property", Signature: "Inbound | null, as a variable of the context"},
}
