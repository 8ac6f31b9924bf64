// Package payload is how scripts see what codecs decode: heads, tails and payloads made of plain data (see package plain).
// Script objects are made when a script looks. What no script looked at is encoded as it was decoded.
package payload
