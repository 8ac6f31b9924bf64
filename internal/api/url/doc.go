// Package url offers the globals URL and URLSearchParams.
//
// They are those of Pipy, not of the browser: parsing takes text apart and never fails, nothing is decoded, lower-cased or
// normalized, and the objects are read-only.
package url

import "weir/internal/script"

// Namespace declares the two classes.
var Namespace = &script.Namespace{Classes: []*script.Class{Class, ParamsClass}}
