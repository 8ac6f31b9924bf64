//go:build !race

package reactor

const poisonDefault = false
