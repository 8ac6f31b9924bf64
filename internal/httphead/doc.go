// Package httphead is how scripts see the heads and tails of HTTP messages, and how what scripts give for one becomes a
// head that can be sent.
//
// A decoded head travels through pipelines as a *Head. It passes from a decoder to an encoder without any script object,
// with its headers in the order and spelling of the wire; a script that looks at it reads and changes that same head.
package httphead
