package dialect

// legacyNames collects the keys of the literals given to pipy(), .export()
// and .import(), which name context variables.
func (w *walker) legacyNames() {
	w.legacyKeys = map[string]bool{}
	w.legacy = map[string]string{}
	for i := range w.tokens {
		if w.tokens[i].kind != tokWord || !w.is(i+1, "(") {
			continue
		}
		open := i + 1
		switch w.str(i) {
		case "pipy":
			if w.is(i-1, ".") {
				continue
			}
			for j := open + 1; j < int(w.tokens[open].match); j++ {
				switch w.tokens[j].opens {
				case objectBrace, blockBrace:
					w.keys(j)
					j = int(w.tokens[j].match)
				}
			}
		case "export":
			if w.is(i-1, ".") && w.is(open+2, ",") && w.is(open+3, "{") {
				w.keys(open + 3)
			}
		case "import":
			if w.is(i-1, ".") && w.is(open+1, "{") {
				w.keys(open + 1)
			}
		}
	}
}

func (w *walker) keys(open int) {
	last := int(w.tokens[open].match)
	for i := open + 1; i < last; i++ {
		t := &w.tokens[i]
		if t.opens != notBracket {
			i = int(t.match)
			continue
		}
		if (w.is(i-1, ",") || i-1 == open) && (t.kind == tokWord || t.kind == tokString) {
			w.legacyKeys[unquote(w.str(i))] = true
		}
	}
}
