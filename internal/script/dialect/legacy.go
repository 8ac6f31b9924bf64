package dialect

// legacyNames collects the keys of the literals given to pipy(), .export()
// and .import(), which name context variables, with their namespaces.
func (w *walker) legacyNames() {
	w.legacyKeys = map[string]string{}
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
			w.legacyFile = true
			for j := open + 1; j < int(w.tokens[open].match); j++ {
				switch w.tokens[j].opens {
				case objectBrace, blockBrace:
					w.keys(j, "")
					j = int(w.tokens[j].match)
				}
			}
		case "export":
			if w.is(i-1, ".") && w.is(open+2, ",") && w.is(open+3, "{") {
				w.keys(open+3, unquote(w.str(open+1)))
			}
		case "import":
			if w.is(i-1, ".") && w.is(open+1, "{") {
				w.importKeys(open + 1)
			}
		}
	}
}

// keys notes the keys of the literal that begins at token open.
func (w *walker) keys(open int, namespace string) {
	w.eachKey(open, func(i int) { w.legacyKeys[unquote(w.str(i))] = namespace })
}

// importKeys is keys for { name: 'namespace' }.
func (w *walker) importKeys(open int) {
	w.eachKey(open, func(i int) {
		if w.is(i+1, ":") && w.tokens[i+2].kind == tokString {
			w.legacyKeys[unquote(w.str(i))] = unquote(w.str(i + 2))
		}
	})
}

func (w *walker) eachKey(open int, f func(i int)) {
	last := int(w.tokens[open].match)
	for i := open + 1; i < last; i++ {
		t := &w.tokens[i]
		if t.opens != notBracket {
			i = int(t.match)
			continue
		}
		if (w.is(i-1, ",") || i-1 == open) && (t.kind == tokWord || t.kind == tokString) {
			f(i)
		}
	}
}
