// Package dialect turns a file written in Pipy's dialect, modern JavaScript or
// TypeScript into a standard ES2023 module for the script engine.
//
// The translation edits the author's text in place: lines stay where they are
// and [Map] finds the author's column again. The package is pure, it neither
// imports the engine nor touches files.
//
// The emitted code expects these globals from the host:
//
//	__complete(v)   v is the file's completion value so far; returns v.
//	                Every module begins with __complete(void 0).
//	__ctx[i]        slots of the current fiber
//	__leg[i]        slots of the current legacy context
//	__save()        the current context, as an opaque value
//	__r(c, v)       makes c current again, returns v
package dialect

import "fmt"

// Kind says how a file is going to be used.
type Kind int

const (
	// Module is an entry, imported or used file.
	Module Kind = iota
	// Solve is a file of pipy.solve: its first expression is its value, the
	// rest of it is ignored, and it has no context variables.
	Solve
)

// Options control [Transform].
type Options struct {
	// File is the module path, such as "/main.js". The extensions .ts and
	// .mts select TypeScript.
	File string
	// Kind is how the file is used.
	Kind Kind
	// FiberSlots is called once for every declared fiber variable, in order
	// of declaration within each function, and returns its slot in __ctx.
	// Without it fiber variables stay ordinary variables.
	FiberSlots func(name string) int
	// LegacySlots is called once for every distinct free identifier that may
	// be a legacy context variable, and returns its slot in __leg; ok=false
	// leaves the identifier alone. namespace is the one the file exports the
	// variable to or imports it from, "" for the file's own variables. May be
	// nil.
	LegacySlots func(namespace, name string) (slot int, ok bool)

	renamed bool // esbuild has made $2, $3, ... of nested parameters $
}

// Output is a translated file.
type Output struct {
	// Code is a standard ES module.
	Code string
	// Map leads from positions in Code to positions in the author's file.
	Map *Map
	// Imports are the modules the file names, in source order.
	Imports []Import
	// Exports are the exported names, in source order; "*" for `export *`.
	Exports []string
	// SingleExpression is set if the file is exactly one expression statement.
	SingleExpression bool
	// UsesAwait is set if the file awaits at its top level.
	UsesAwait bool
}

// Import is one import declaration or one export declaration with `from`.
type Import struct {
	// Specifier is the module path as written.
	Specifier string
	// Names are the imported names: "default", "*" for the namespace.
	Names []string
	// Line and Column are those of the specifier's literal, from 1, in bytes.
	Line, Column int
	// Reexport is set for `export … from`.
	Reexport bool
}

// SyntaxError is the error of [Transform].
type SyntaxError struct {
	File string
	// Line and Column count from 1, Column in bytes.
	Line, Column int
	Message      string
}

// Error gives the message with its position.
func (e *SyntaxError) Error() string {
	return fmt.Sprintf("%s at line %d column %d in %s", e.Message, e.Line, e.Column, e.File)
}

var _ error = (*SyntaxError)(nil)
