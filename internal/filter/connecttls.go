package filter

import (
	"weir/internal/pipeline"
	"weir/internal/script"
)

func init() {
	pipeline.Register(pipeline.Spec{
		Name: "connectTLS", Length: 1, Joint: true, NameFirst: true,
		Sig: "connectTLS(options?: object).to(...)",
		Rows: append(tlsRows("connectTLS"),
			script.Row{Path: "option:connectTLS.alpn", Kind: "option", Signature: "string | string[]"},
			script.Row{Path: "option:connectTLS.sni", Kind: "option", Signature: "string | ()=>string"}),
		Build: func(b *pipeline.Build) (pipeline.Def, error) { return buildTLS(b, false) },
	})
}
