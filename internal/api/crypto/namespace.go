// Package crypto is the namespace crypto of scripts: digests, ciphers, keys, certificates, signatures and tokens. What does
// the work are the packages below it, which know nothing of scripts; here are the classes, a file each.
//
// Everything is computed at once, on the worker's goroutine. Errors name the argument or the option that is wrong; they never
// contain keys.
package crypto

import "weir/internal/script"

// Namespace is the global object crypto.
var Namespace = &script.Namespace{
	Name: "crypto",
	Sig:  "namespace object",
	Methods: []script.Method{
		{Name: "randomBytes", Sig: "(size: number) => Data [beyond]", Length: 1, Fn: randomBytes},
		{Name: "timingSafeEqual", Sig: "(a: Data | string, b: Data | string) => boolean [beyond]", Length: 2, Fn: timingSafeEqual},
		{Name: "hkdfSync", Sig: "(digest: string, secret, salt, info: Data | string, length: number) => Data [beyond]", Length: 5, Fn: hkdfSync},
		{Name: "pbkdf2Sync", Sig: "(password, salt: Data | string, iterations: number, length: number, digest: string) => Data [beyond]",
			Length: 5, Fn: pbkdf2Sync},
		{Name: "scryptSync", Sig: "(password, salt: Data | string, length: number, options?: {N, r, p}) => Data [beyond]", Length: 4, Fn: scryptSync},
		{Name: "diffieHellman", Sig: "(options: {privateKey, publicKey}) => Data [beyond]", Length: 1, Fn: diffieHellman},
		{Name: "publicEncrypt", Sig: "(key: PublicKey, data: Data | string, options?: {oaepHash, oaepLabel}) => Data [beyond]", Length: 2,
			Fn: publicEncrypt},
		{Name: "privateDecrypt", Sig: "(key: PrivateKey, data: Data, options?: {oaepHash, oaepLabel}) => Data [beyond]", Length: 2,
			Fn: privateDecrypt},
		{Name: "encapsulate", Sig: "(key: PublicKey) => {sharedKey: Data, ciphertext: Data} [beyond]", Length: 1, Fn: encapsulate},
		{Name: "decapsulate", Sig: "(key: PrivateKey, ciphertext: Data) => Data [beyond]", Length: 2, Fn: decapsulate},
	},
	Classes: []*script.Class{hashClass, hmacClass, cipherClass, decipherClass, publicKeyClass, privateKeyClass, certificateClass,
		certificateChainClass, certificateRequestClass, signClass, verifyClass, jwkClass, jwtClass},
	Extra: []script.Row{
		{Path: "option:crypto.Cipher.key", Kind: "option", Signature: "string | Data"},
		{Path: "option:crypto.Cipher.iv", Kind: "option", Signature: "string | Data"},
		{Path: "option:crypto.Cipher.authTagLength", Kind: "option", Signature: "int = 16 [beyond]"},
		{Path: "option:crypto.Decipher.key", Kind: "option", Signature: "string | Data"},
		{Path: "option:crypto.Decipher.iv", Kind: "option", Signature: "string | Data"},
		{Path: "option:crypto.Decipher.authTagLength", Kind: "option", Signature: "int = 16 [beyond]"},
		{Path: "option:crypto.PrivateKey.type", Kind: "option", Signature: `"rsa" | "dsa" | "ec" | "ed25519" | ...`},
		{Path: "option:crypto.PrivateKey.bits", Kind: "option", Signature: "int = 2048"},
		{Path: "option:crypto.PrivateKey.curve", Kind: "option", Signature: `string = "P-256" [beyond]`},
		{Path: "option:crypto.PrivateKey.passphrase", Kind: "option", Signature: "string | Data [beyond]"},
		{Path: "option:crypto.Certificate.subject", Kind: "option", Signature: "object"},
		{Path: "option:crypto.Certificate.extensions", Kind: "option", Signature: "object"},
		{Path: "option:crypto.Certificate.days", Kind: "option", Signature: "int = 30"},
		{Path: "option:crypto.Certificate.timeOffset", Kind: "option", Signature: "number = 0"},
		{Path: "option:crypto.Certificate.privateKey", Kind: "option", Signature: "PrivateKey"},
		{Path: "option:crypto.Certificate.publicKey", Kind: "option", Signature: "PublicKey"},
		{Path: "option:crypto.Certificate.issuer", Kind: "option", Signature: "Certificate"},
		{Path: "option:crypto.Certificate.request", Kind: "option", Signature: "CertificateRequest [beyond]"},
		{Path: "option:crypto.Certificate.copyExtensions", Kind: "option", Signature: "boolean = false [beyond]"},
		{Path: "option:crypto.CertificateRequest.subject", Kind: "option", Signature: "object [beyond]"},
		{Path: "option:crypto.CertificateRequest.privateKey", Kind: "option", Signature: "PrivateKey [beyond]"},
		{Path: "option:crypto.CertificateRequest.extensions", Kind: "option", Signature: "object [beyond]"},
		{Path: "option:crypto.scryptSync.N", Kind: "option", Signature: "int = 16384 [beyond]"},
		{Path: "option:crypto.scryptSync.r", Kind: "option", Signature: "int = 8 [beyond]"},
		{Path: "option:crypto.scryptSync.p", Kind: "option", Signature: "int = 1 [beyond]"},
		{Path: "option:crypto.diffieHellman.privateKey", Kind: "option", Signature: "PrivateKey [beyond]"},
		{Path: "option:crypto.diffieHellman.publicKey", Kind: "option", Signature: "PublicKey [beyond]"},
		{Path: "option:crypto.publicEncrypt.oaepHash", Kind: "option", Signature: `string = "sha1" [beyond]`},
		{Path: "option:crypto.publicEncrypt.oaepLabel", Kind: "option", Signature: "string | Data [beyond]"},
		{Path: "option:crypto.privateDecrypt.oaepHash", Kind: "option", Signature: `string = "sha1" [beyond]`},
		{Path: "option:crypto.privateDecrypt.oaepLabel", Kind: "option", Signature: "string | Data [beyond]"},
		{Path: "option:crypto.Sign#sign.id", Kind: "option", Signature: "Data"},
		{Path: "option:crypto.Sign#sign.padding", Kind: "option", Signature: `"pkcs1" | "pss" = "pkcs1" [beyond]`},
		{Path: "option:crypto.Sign#sign.saltLength", Kind: "option", Signature: "int = length of the digest [beyond]"},
		{Path: "option:crypto.Sign#sign.dsaEncoding", Kind: "option", Signature: `"der" | "ieee-p1363" = "der" [beyond]`},
		{Path: "option:crypto.Verify#verify.id", Kind: "option", Signature: "Data"},
		{Path: "option:crypto.Verify#verify.padding", Kind: "option", Signature: `"pkcs1" | "pss" = "pkcs1" [beyond]`},
		{Path: "option:crypto.Verify#verify.saltLength", Kind: "option", Signature: "int = length of the digest [beyond]"},
		{Path: "option:crypto.Verify#verify.dsaEncoding", Kind: "option", Signature: `"der" | "ieee-p1363" = "der" [beyond]`},
	},
}
