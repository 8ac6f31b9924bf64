// Package pipeline is how events flow: layouts and their running instances, contexts, sub-pipelines, the contract of
// filters, and the builder scripts declare pipelines with.
//
// Everything happens on the worker's goroutine. Delivery is synchronous and depth-first: a filter's Output returns when
// everything downstream has seen the event.
package pipeline
