// Package compression packs and unpacks bytes piece by piece, as they come: gzip, zlib, raw deflate, brotli and zstd.
//
// Nothing here starts a goroutine that runs by itself, blocks, or is safe for concurrent use. What packers and unpackers
// need of memory is pooled, because their windows are large.
package compression
