package lang

import (
	_ "embed"
	"strings"

	"weir/internal/script"
)

//go:embed lang.js
var prelude string

//go:embed standard.tsv
var standard string

// Namespace is the dialect's part of the globals. Install it first: other packages' errors are to be made with its Error.
var Namespace = &script.Namespace{
	Classes: []*script.Class{IntClass},
	Extra:   append(rows(standard), rows(own)...),
	// Without a file name the prelude's frames are left out of backtraces: what fails is the author's call.
	Setup: func(r *script.Realm) error { return r.Prelude("", prelude) },
}

const own = `invoke	function	invoke(f: () => any, catcher?: any | (message: string) => any): any
repeat	function	repeat(f: (i) => any) | repeat(count: number, f: (i) => any) | repeat(array: Array, f: (v, i) => any): any
branch	function	branch(cond1, value1, ..., default?): any
select	function	select(x, case1, value1, ..., default?): any
Error	constructor	new Error(message?: string, cause?: Error)
Map#forEach	function	forEach(f: (key, value, map) => any)
`

// rows reads lines of path, kind and signature.
func rows(tsv string) []script.Row {
	var list []script.Row
	for line := range strings.Lines(tsv) {
		f := strings.SplitN(strings.TrimSuffix(line, "\n"), "\t", 3)
		list = append(list, script.Row{Path: f[0], Kind: f[1], Signature: f[2]})
	}
	return list
}
