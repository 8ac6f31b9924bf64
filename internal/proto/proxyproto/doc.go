// Package proxyproto is the wire codec of the header with which a proxy tells a server whom a connection comes from: the
// PROXY protocol by HAProxy, versions 1 and 2.
//
// It does no I/O and knows neither pipelines nor scripts. Nothing here is safe for concurrent use.
package proxyproto
