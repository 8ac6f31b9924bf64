package pipy

import "weir/internal/script"

type ttyObject struct{}

// ttyClass is pipy.tty.
var ttyClass = &script.Class{
	Name: "TTY",
	Props: []script.Prop{{Name: "raw", Sig: "boolean",
		Get: func(c *script.Call) (script.Value, error) { return script.Bool(terminalRaw()), nil },
		Set: func(c *script.Call, v script.Value) error { return setTerminalRaw(c.Truthy(v)) },
	}},
}
