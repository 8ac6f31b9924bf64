// Package httpcond decides how much of a representation a request asks for: content codings it accepts, conditions on
// validators, and byte ranges. RFC 9110 sections 12.5.3, 13 and 14. It works on field values and does no I/O.
package httpcond
