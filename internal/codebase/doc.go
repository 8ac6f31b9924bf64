// Package codebase is where scripts and their data files come from.
//
// A Codebase is a tree of files with one entry script. On top of the tree lie mounts, which are other directories
// shown as /NAME/, and patches, which are files kept in memory that hide what is below them. Paths inside a codebase
// always use "/" and never lead out of it; symbolic links are followed wherever they point.
package codebase
