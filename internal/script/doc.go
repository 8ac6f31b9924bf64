// Package script hosts the JavaScript engine behind one boundary: realms, values, functions and classes offered to
// scripts, contexts and fibers, modules, promises and error reports. No other package imports the engine.
//
// # Values and ownership
//
// The engine counts references. Go code never counts by hand; it uses two kinds of handles:
//
//   - A Value is borrowed. It is valid until the scope it was obtained in ends: the Go function called from a script, an
//     explicit Realm.Scope, or at the latest the end of the current turn. Pass Values around freely, store them nowhere.
//   - A *Ref owns its value. Realm.Hold makes one. It is given back when the Ref is garbage, or at once with Free.
//
// Everything in this package is used on the worker's goroutine only, except where a comment says otherwise.
package script
