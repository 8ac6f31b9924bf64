// Package repo is the server of codebases: it keeps them in a Store, lets people edit and publish them, serves them to the
// instances that run them, and keeps track of these.
//
// A codebase has committed files, and edits of them that nobody but editors sees. Publishing makes the edits committed and
// rebuilds the published tree, which is what instances get: the codebase's own files over those of its base. Codebases whose
// base it is are rebuilt along with it.
//
// In the store every codebase is one small record. Contents of files and lists of files are blobs, which never change. So
// whatever an operation does is one atomic batch of a few records, and blobs can be cached without asking anybody.
package repo
