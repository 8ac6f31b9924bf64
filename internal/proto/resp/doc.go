// Package resp is the Redis serialization protocol, versions 2 and 3
// (https://redis.io/docs/latest/develop/reference/protocol-spec), with the streamed values of https://github.com/antirez/RESP3:
// bytes to values and back.
package resp
