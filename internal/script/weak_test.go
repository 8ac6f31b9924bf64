package script

import "testing"

func TestWeak(t *testing.T) {
	t.Parallel()
	r, _ := newRealm(t, nil, Limits{})
	if _, ok := r.Weaken(r.NewObject()); ok {
		t.Error("a plain object was weakened")
	}
	if _, ok := (Weak{}).Get(); ok {
		t.Error("the zero Weak has an object")
	}
	k := &Class{Name: "Thing"}
	ref := r.Hold(r.NewObjectOf(k, &point{1, 2}))
	w, ok := r.Weaken(ref.Value())
	w2, _ := r.Weaken(ref.Value())
	if !ok || w != w2 {
		t.Fatal("two weaks of one object differ")
	}
	r.EndTurn()
	v, ok := w.Get()
	if !ok || !r.Same(v, ref.Value()) {
		t.Fatal("the object is held and yet gone")
	}
	ref.Free()
	r.EndTurn()
	if _, ok := w.Get(); ok {
		t.Error("the object is gone and yet there")
	}
	next := r.Hold(r.NewObjectOf(k, &point{3, 4})) // takes the place of the first in the engine
	if w.Alive() {
		t.Error("a weak came to life with another object")
	}
	if w3, _ := r.Weaken(next.Value()); w3 == w {
		t.Error("weaks of different objects are equal")
	} else if r.Close(); w3.Alive() {
		t.Error("alive in a closed realm")
	}
}
