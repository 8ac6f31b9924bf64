// Package lang installs what the dialect adds to the language itself: the functions invoke, repeat, branch and select,
// the fixed-width integers Int, Map#forEach with the key first, and Error with the cause as second argument.
//
// Everything else of the language is the engine's standard JavaScript. What Pipy's own interpreter does differently and
// standard programs could not live with is left alone on purpose:
//
//   - Methods are not bound when they are read from arrays, strings, maps, sets, dates and promises: write x => list.push(x)
//     instead of passing list.push. Functions that need no object (Math.max, console.log, the resolve of a promise) and
//     methods of long-lived API objects (caches, loggers) may be passed around.
//   - Operators on an Int see its value as a number, exact up to 2^53. Beyond that use its methods, which keep all 64 bits,
//     and `${i}` or i.toString() instead of ” + i.
//   - parseInt, parseFloat, Number.parseInt, String#replace and match, Array#join, sort, slice and indexOf, Date with a
//     string, Object.keys of null, Math.round, typeof of an unknown name and conversions to strings are standard.
package lang
