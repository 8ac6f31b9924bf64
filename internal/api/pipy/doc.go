// Package pipy is the global object pipy (also named weir): the process, the codebase, listening, and the legacy
// configuration that a call of it begins.
package pipy
