// Package crypto is the namespace crypto of scripts: digests, ciphers, keys, certificates, signatures and tokens. What does
// the work are the packages below it, which know nothing of scripts; here are the classes, a file each.
//
// Everything is computed at once, on the worker's goroutine. Errors name the argument or the option that is wrong; they never
// contain keys.
package crypto

import "weir/internal/script"

// Namespace is the global object crypto.
var Namespace = &script.Namespace{
	Name:    "crypto",
	Sig:     "namespace object",
	Classes: []*script.Class{publicKeyClass, privateKeyClass, certificateClass, certificateChainClass},
	Extra: []script.Row{
		{Path: "option:crypto.PrivateKey.type", Kind: "option", Signature: `"rsa" | "dsa" | "ec" | "ed25519" | ...`},
		{Path: "option:crypto.PrivateKey.bits", Kind: "option", Signature: "int = 2048"},
		{Path: "option:crypto.PrivateKey.curve", Kind: "option", Signature: `string = "P-256"`},
		{Path: "option:crypto.PrivateKey.passphrase", Kind: "option", Signature: "string | Data"},
		{Path: "option:crypto.Certificate.subject", Kind: "option", Signature: "object"},
		{Path: "option:crypto.Certificate.extensions", Kind: "option", Signature: "object"},
		{Path: "option:crypto.Certificate.days", Kind: "option", Signature: "int = 30"},
		{Path: "option:crypto.Certificate.timeOffset", Kind: "option", Signature: "number = 0"},
		{Path: "option:crypto.Certificate.privateKey", Kind: "option", Signature: "PrivateKey"},
		{Path: "option:crypto.Certificate.publicKey", Kind: "option", Signature: "PublicKey"},
		{Path: "option:crypto.Certificate.issuer", Kind: "option", Signature: "Certificate"},
	},
}
