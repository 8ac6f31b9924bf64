package pipy

import (
	"weir/internal/pipeline"
	"weir/internal/script"
)

// surface lists what is reached through objects rather than by name, and options.
func surface() []script.Row {
	rows := script.ClassRows(inboundClass, outboundClass, socketClass)
	for _, m := range configurationMethods(
		func(func(*Configuration, *script.Call) error) script.Func { return nil },
		func(func(*pipeline.Builder, *script.Call) error) script.Func { return nil }) {
		rows = append(rows, script.Row{Path: "Configuration#" + m.Name, Kind: "function", Signature: m.Sig})
	}
	opt := func(path, sig string) {
		rows = append(rows, script.Row{Path: "option:" + path, Kind: "option", Signature: sig})
	}
	opt("listen.protocol", `"tcp"|"udp" = "tcp"`)
	opt("listen.maxConnections", "int = -1")
	opt("listen.maxPortConnections", "int = -1")
	rows = append(rows, pipeline.SocketRows("listen")...)
	opt("listen.transparent", "boolean = false")
	opt("listen.masquerade", "boolean = false (no effect)")
	opt("listen.peerStats", "boolean = false")
	return rows
}
