// Package logging offers scripts the object logging: loggers whose records go to files, the standard streams, syslog and HTTP
// servers.
//
// Logging never waits for a target: see package target.
package logging

import "weir/internal/script"

// Namespace is the global object logging.
var Namespace = &script.Namespace{
	Name:    "logging",
	Sig:     "namespace object",
	Classes: []*script.Class{textClass, jsonClass, binaryClass},
	Extra: append(script.ClassRows(loggerClass), []script.Row{
		{Path: "option:logging.Logger#toFile.maxFileSize", Kind: "option", Signature: "size = 0 (no limit)"},
		{Path: "option:logging.Logger#toFile.maxFileCount", Kind: "option", Signature: "int = 0 (all are kept)"},
		{Path: "option:logging.Logger#toFile.rotateInterval", Kind: "option", Signature: "number = 0 (seconds)"},
		{Path: "option:logging.Logger#toFile.shared", Kind: "option", Signature: "boolean (always true)"},
		{Path: "option:logging.Logger#toFile.append", Kind: "option", Signature: "boolean (always true)"},
		{Path: "option:logging.Logger#toHTTP.method", Kind: "option", Signature: `string = "POST"`},
		{Path: "option:logging.Logger#toHTTP.headers", Kind: "option", Signature: "object"},
		{Path: "option:logging.Logger#toHTTP.bufferLimit", Kind: "option", Signature: "size = 8388608"},
		{Path: "option:logging.Logger#toHTTP.batch", Kind: "option", Signature: "object"},
		{Path: "option:logging.Logger#toHTTP.batch.size", Kind: "option", Signature: "int = 1000"},
		{Path: "option:logging.Logger#toHTTP.batch.timeout", Kind: "option", Signature: "seconds = 5"},
		{Path: "option:logging.Logger#toHTTP.batch.interval", Kind: "option", Signature: "seconds = 5"},
		{Path: "option:logging.Logger#toHTTP.batch.vacancy", Kind: "option", Signature: "number = 0.5 (no effect)"},
		{Path: "option:logging.Logger#toHTTP.batch.prefix", Kind: "option", Signature: "string"},
		{Path: "option:logging.Logger#toHTTP.batch.postfix", Kind: "option", Signature: "string"},
		{Path: "option:logging.Logger#toHTTP.batch.separator", Kind: "option", Signature: "string"},
		{Path: "option:logging.Logger#toHTTP.tls", Kind: "option",
			Signature: `{minVersion?, maxVersion?, certificate?, trusted?, sni?, verify?: "system"}`},
	}...),
}
