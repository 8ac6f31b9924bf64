package script

// sites remembers which script made each living object of a Class, by handle. It is for finding leaks: looking at the stack
// costs far more than making an object.
type sites map[uintptr]site

type site struct {
	rc    *realmClass
	frame Frame
}

// traced notes an object that was just made.
func (r *Realm) traced(handle uintptr, rc *realmClass) {
	if r.depth == 0 { // nobody's script
		r.sites[handle] = site{rc, Frame{}}
		return
	}
	r.sites[handle] = site{rc, r.Caller()}
}

// EachSite calls f for every living object of a class with the place in a script that made it; the file is empty if it was
// none. It does nothing unless Limits.Trace was set.
func (r *Realm) EachSite(class string, f func(Frame)) {
	for _, s := range r.sites {
		if s.rc.def.Name == class {
			f(s.frame)
		}
	}
}
