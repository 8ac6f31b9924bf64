package algo

import (
	"time"

	"weir/internal/script"
)

// Clock is the event loop of a realm: what Realm.Owner returns must implement it for quotas to recover and for keyed quotas
// to wake waiters of other workers.
type Clock interface {
	// AfterFunc calls fn on the realm's goroutine after d. Calling stop prevents that, if it is not too late.
	AfterFunc(d time.Duration, fn func()) (stop func())
	// Post calls fn on the realm's goroutine, soon but never at once. It can be called from any goroutine.
	Post(fn func())
	// Now returns the time, for expiry. It only has to be as exact as a turn.
	Now() time.Time
}

// Ender is implemented by borrowers that end, such as inbound connections.
type Ender interface {
	// OnEnd has fn called once, on the realm's goroutine, when the borrower ends.
	OnEnd(fn func())
}

// clockOf returns the realm's event loop, nil if its owner has none.
func clockOf(r *script.Realm) Clock {
	c, _ := r.Owner().(Clock)
	return c
}
