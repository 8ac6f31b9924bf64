package algo

import "weir/internal/script"

// resource is the Go value of a Resource of algo.LoadBalancer: one way to a target, such as a connection.
type resource struct {
	balancer   *loadBalancer
	target     *target
	self       script.Weak // its script object, which alone decides how long it lives
	users      int
	prev, next *resource // among those with as many users
}

// resourceSet holds the resources of a target by their number of users.
type resourceSet struct {
	byUsers []struct{ first, last *resource } // index is the number of users
	least   int                               // the smallest number of users there is
	count   int
}

// leastUsed returns a resource with the fewest users, of several the one that has had them for the longest time; nil if
// there is none.
func (s *resourceSet) leastUsed() *resource {
	if s.count == 0 {
		return nil
	}
	return s.byUsers[s.least].first
}

// add puts a resource into the set.
func (s *resourceSet) add(x *resource) {
	for x.users >= len(s.byUsers) {
		s.byUsers = append(s.byUsers, struct{ first, last *resource }{})
	}
	q := &s.byUsers[x.users]
	x.prev, x.next = q.last, nil
	if q.last == nil {
		q.first = x
	} else {
		q.last.next = x
	}
	q.last = x
	if s.count == 0 || x.users < s.least {
		s.least = x.users
	}
	s.count++
}

// remove takes a resource, which must be in the set, out of it.
func (s *resourceSet) remove(x *resource) {
	q := &s.byUsers[x.users]
	if x.prev == nil {
		q.first = x.next
	} else {
		x.prev.next = x.next
	}
	if x.next == nil {
		q.last = x.prev
	} else {
		x.next.prev = x.prev
	}
	x.prev, x.next = nil, nil
	s.count--
	for s.count > 0 && s.byUsers[s.least].first == nil {
		s.least++
	}
}

// use changes the number of users of a resource in the set.
func (s *resourceSet) use(x *resource, users int) {
	s.remove(x)
	x.users = users
	s.add(x)
}
