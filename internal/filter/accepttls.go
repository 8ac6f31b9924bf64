package filter

import (
	"weir/internal/pipeline"
	"weir/internal/script"
)

func init() {
	rows := append(tlsRows("acceptTLS"), script.ClassRows(tlsSessionClass)...)
	pipeline.Register(pipeline.Spec{
		Name: "acceptTLS", Length: 1, Joint: true, NameFirst: true,
		Sig: "acceptTLS(options?: object).to(...)",
		Rows: append(rows,
			script.Row{Path: "option:acceptTLS.alpn", Kind: "option", Signature: "string[] | (names: string[])=>number"},
			script.Row{Path: "option:acceptTLS.dhparam", Kind: "option", Signature: `"auto" | PEM string | Data (no effect)`}),
		Build: func(b *pipeline.Build) (pipeline.Def, error) { return buildTLS(b, true) },
	})
}
