package yaml

import (
	"testing"

	"weir/internal/event"
	"weir/internal/script/scripttest"
)

// examples are those of chapter 2 of the YAML specification, by their numbers.
var examples = []struct{ number, text, want string }{
	{"2.1", "- Mark McGwire\n- Sammy Sosa\n- Ken Griffey\n", `["Mark McGwire","Sammy Sosa","Ken Griffey"]`},
	{"2.2", "hr:  65    # Home runs\navg: 0.278 # Batting average\nrbi: 147   # Runs Batted In\n", `{"hr":"65","avg":"0.278","rbi":"147"}`},
	{"2.3", "american:\n- Boston Red Sox\n- Detroit Tigers\nnational:\n- New York Mets\n- Chicago Cubs\n",
		`{"american":["Boston Red Sox","Detroit Tigers"],"national":["New York Mets","Chicago Cubs"]}`},
	{"2.4", "-\n  name: Mark McGwire\n  hr:   65\n-\n  name: Sammy Sosa\n  hr:   63\n", `[{"name":"Mark McGwire","hr":"65"},{"name":"Sammy Sosa","hr":"63"}]`},
	{"2.5", "- [name        , hr, avg  ]\n- [Mark McGwire, 65, 0.278]\n", `[["name","hr","avg"],["Mark McGwire","65","0.278"]]`},
	{"2.6", "Mark McGwire: {hr: 65, avg: 0.278}\nSammy Sosa: {\n    hr: 63,\n    avg: 0.288,\n  }\n",
		`{"Mark McGwire":{"hr":"65","avg":"0.278"},"Sammy Sosa":{"hr":"63","avg":"0.288"}}`},
	{"2.7", "# Ranking of 1998 home runs\n---\n- Mark McGwire\n\n# Team ranking\n---\n- Chicago Cubs\n- St Louis Cardinals\n", `["Chicago Cubs","St Louis Cardinals"]`},
	{"2.8", "---\ntime: 20:03:20\nplayer: Sammy Sosa\naction: strike (miss)\n...\n---\ntime: 20:03:47\nplayer: Sammy Sosa\naction: grand slam\n...\n",
		`{"time":"20:03:47","player":"Sammy Sosa","action":"grand slam"}`},
	{"2.9", "---\nhr: # 1998 hr ranking\n- Mark McGwire\n- Sammy Sosa\n# 1998 rbi ranking\nrbi:\n- Sammy Sosa\n- Ken Griffey\n",
		`{"hr":["Mark McGwire","Sammy Sosa"],"rbi":["Sammy Sosa","Ken Griffey"]}`},
	{"2.10", "---\nhr:\n- Mark McGwire\n# Following node labeled SS\n- &SS Sammy Sosa\nrbi:\n- *SS # Subsequent occurrence\n- Ken Griffey\n",
		`{"hr":["Mark McGwire","Sammy Sosa"],"rbi":["Sammy Sosa","Ken Griffey"]}`},
	{"2.11", "? - Detroit Tigers\n  - Chicago cubs\n: - 2001-07-23\n\n? [ New York Yankees,\n    Atlanta Braves ]\n: [ 2001-07-02, 2001-08-12,\n    2001-08-14 ]\n",
		`{"Detroit Tigers,Chicago cubs":["2001-07-23"],"New York Yankees,Atlanta Braves":["2001-07-02","2001-08-12","2001-08-14"]}`},
	{"2.12", "---\n# Products purchased\n- item    : Super Hoop\n  quantity: 1\n- item    : Basketball\n  quantity: 4\n",
		`[{"item":"Super Hoop","quantity":"1"},{"item":"Basketball","quantity":"4"}]`},
	{"2.13", "# ASCII Art\n--- |\n  \\//||\\/||\n  // ||  ||__\n", `"\\//||\\/||\n// ||  ||__\n"`},
	{"2.14", "--- >\n  Mark McGwire's\n  year was crippled\n  by a knee injury.\n", `"Mark McGwire's year was crippled by a knee injury.\n"`},
	{"2.15", ">\n Sammy Sosa completed another\n fine season with great stats.\n\n   63 Home Runs\n   0.288 Batting Average\n\n What a year!\n",
		`"Sammy Sosa completed another fine season with great stats.\n\n  63 Home Runs\n  0.288 Batting Average\n\nWhat a year!\n"`},
	{"2.16", "name: Mark McGwire\naccomplishment: >\n  Mark set a major league\n  home run record in 1998.\nstats: |\n  65 Home Runs\n  0.278 Batting Average\n",
		`{"name":"Mark McGwire","accomplishment":"Mark set a major league home run record in 1998.\n","stats":"65 Home Runs\n0.278 Batting Average\n"}`},
	{"2.17", "unicode: \"Sosa did fine.\\u263A\"\ncontrol: \"\\b1998\\t1999\\t2000\\n\"\nhex esc: \"\\x0d\\x0a is \\r\\n\"\n\nsingle: '\"Howdy!\" he cried.'\n" +
		"quoted: ' # Not a ''comment''.'\ntie-fighter: '|\\-*-/|'\n",
		`{"unicode":"Sosa did fine.☺","control":"\b1998\t1999\t2000\n","hex esc":"\r\n is \r\n","single":"\"Howdy!\" he cried.","quoted":" # Not a 'comment'.","tie-fighter":"|\\-*-/|"}`},
	{"2.18", "plain:\n  This unquoted scalar\n  spans many lines.\n\nquoted: \"So does this\n  quoted scalar.\\n\"\n",
		`{"plain":"This unquoted scalar spans many lines.","quoted":"So does this quoted scalar.\n"}`},
	{"2.19", "canonical: 12345\ndecimal: +12,345\noctal: 0o14\nhexadecimal: 0xC\n", `{"canonical":"12345","decimal":"+12,345","octal":"0o14","hexadecimal":"0xC"}`},
	{"2.20", "canonical: 1.23015e+3\nnegative infinity: -.inf\nnot a number: .nan\n", `{"canonical":"1.23015e+3","negative infinity":"-.inf","not a number":".nan"}`},
	{"2.21", "null:\nbooleans: [ true, false ]\nstring: '012345'\n", `{"null":"","booleans":["true","false"],"string":"012345"}`},
	{"2.22", "canonical: 2001-12-15T02:59:43.1Z\nspaced: 2001-12-14 21:59:43.10 -5\ndate: 2002-12-14\n",
		`{"canonical":"2001-12-15T02:59:43.1Z","spaced":"2001-12-14 21:59:43.10 -5","date":"2002-12-14"}`},
	{"2.23", "---\nnot-date: !!str 2002-04-28\n\npicture: !!binary |\n R0lGODlhDAAM\n AIQAAP\n\napplication specific tag: !something |\n The semantics of the tag\n above may be different.\n",
		`{"not-date":"2002-04-28","picture":"R0lGODlhDAAM\nAIQAAP\n","application specific tag":"The semantics of the tag\nabove may be different.\n"}`},
	{"2.24", "%TAG ! tag:clarkevans.com,2002:\n--- !shape\n  # Use the ! handle for presenting\n  # tag:clarkevans.com,2002:circle\n- !circle\n  center: &ORIGIN {x: 73, y: 129}\n  radius: 7\n" +
		"- !line\n  start: *ORIGIN\n  finish: { x: 89, y: 102 }\n",
		`[{"center":{"x":"73","y":"129"},"radius":"7"},{"start":{"x":"73","y":"129"},"finish":{"x":"89","y":"102"}}]`},
	{"2.25", "# Sets are represented as a\n# Mapping where each key is\n# associated with a null value\n--- !!set\n? Mark McGwire\n? Sammy Sosa\n", `{"Mark McGwire":"","Sammy Sosa":""}`},
	{"2.26", "--- !!omap\n- Mark McGwire: 65\n- Sammy Sosa: 63\n", `[{"Mark McGwire":"65"},{"Sammy Sosa":"63"}]`},
	{"2.27", "--- !<tag:clarkevans.com,2002:invoice>\ninvoice: 34843\ndate   : 2001-01-23\nbill-to: &id001\n  given  : Chris\n  address:\n    lines: |\n      458 Walkman Dr.\n      Suite #292\n    postal  : 48046\n" +
		"ship-to: *id001\ncomments:\n  Late afternoon is best.\n  Backup contact is Nancy\n  Billsmer @ 338-4338.\n",
		`{"invoice":"34843","date":"2001-01-23","bill-to":{"given":"Chris","address":{"lines":"458 Walkman Dr.\nSuite #292\n","postal":"48046"}},` +
			`"ship-to":{"given":"Chris","address":{"lines":"458 Walkman Dr.\nSuite #292\n","postal":"48046"}},"comments":"Late afternoon is best. Backup contact is Nancy Billsmer @ 338-4338."}`},
	{"2.28", "---\nTime: 2001-11-23 15:01:42 -5\nUser: ed\n---\nDate: 2001-11-23 15:03:17 -5\nFatal:\n  Unknown variable \"bar\"\nStack:\n- file: TopClass.py\n  line: 23\n  code: |\n    x = MoreObject(\"345\\n\")\n" +
		"- file: MoreClass.py\n  line: 58\n  code: |-\n    foo = bar\n",
		`{"Date":"2001-11-23 15:03:17 -5","Fatal":"Unknown variable \"bar\"","Stack":[{"file":"TopClass.py","line":"23","code":"x = MoreObject(\"345\\n\")\n"},{"file":"MoreClass.py","line":"58","code":"foo = bar"}]}`},
}

func TestSpecification(t *testing.T) {
	t.Parallel()
	for _, c := range examples {
		r, _ := scripttest.New(t, event.Namespace, Namespace)
		r.Set(r.Global(), "text", r.String(c.text))
		res, err := r.Run("/main.js", "JSON.stringify(YAML.parse(text))")
		if err != nil {
			t.Errorf("example %s: %v", c.number, err)
			continue
		}
		if got, _ := r.ToString(res.Value); got != c.want {
			t.Errorf("example %s:\ngot  %s\nwant %s", c.number, got, c.want)
		}
	}
}
