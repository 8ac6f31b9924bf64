package script

// Address returns an object's identity as a number that does not keep it alive. The holder must learn of the object's end
// through its Class's Finalize, and use the number no longer then.
func (r *Realm) Address(obj Value) uintptr { return payload(obj.v) }

// ObjectAt returns the living object with an address.
func (r *Realm) ObjectAt(addr uintptr) Value {
	v := jsValue{Ftag: tagObject}
	v.Fu.Fuint641 = uint64(addr)
	return r.own(dup(v))
}

// TurnEnder is told when the turn is over, after everything borrowed in it has been given back.
type TurnEnder interface{ TurnEnd() }

// AtTurnEnd registers e for the end of the current turn.
func (r *Realm) AtTurnEnd(e TurnEnder) { r.turnEnders = append(r.turnEnders, e) }

func (r *Realm) endTurn() {
	for i := 0; i < len(r.turnEnders); i++ {
		r.turnEnders[i].TurnEnd()
	}
	clear(r.turnEnders)
	r.turnEnders = r.turnEnders[:0]
}
