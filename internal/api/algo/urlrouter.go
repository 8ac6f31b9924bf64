package algo

import "weir/internal/script"

// urlRouter is the Go value of an algo.URLRouter.
type urlRouter struct {
	rules Router[*script.Ref]
	url   []byte // scratch
}

var urlRouterClass = &script.Class{
	Name: "URLRouter", Path: "algo.URLRouter", Sig: "(rules?: object)", Length: 1, Bound: true,
	New: newURLRouter,
	Methods: []script.Method{
		{Name: "add", Sig: "(pattern: string, value: any) => void", Length: 2, Fn: addRoute},
		{Name: "find", Sig: "(...segments) => any", Fn: findRoute},
	},
}

func newURLRouter(c *script.Call) (any, error) {
	if err := optionalObject(c, 0); err != nil {
		return nil, err
	}
	u := &urlRouter{}
	err := c.Each(c.Arg(0), func(pattern string, v script.Value) error { return u.rules.Add(pattern, c.Hold(v)) })
	return u, err
}

func addRoute(c *script.Call) (script.Value, error) {
	if err := c.Need(2); err != nil {
		return script.Undefined, err
	}
	pattern, err := c.Str(0)
	if err != nil {
		return script.Undefined, err
	}
	return script.Undefined, script.This[*urlRouter](c).rules.Add(pattern, c.Hold(c.Arg(1)))
}

func findRoute(c *script.Call) (script.Value, error) {
	u := script.This[*urlRouter](c)
	url, joined := u.url[:0], false
	u.url = nil // converting an argument can run a script that gets here again
	for _, v := range c.Args {
		if v.IsNullish() {
			continue
		}
		s, err := c.ToString(v)
		if err != nil {
			return script.Undefined, err
		}
		if joined {
			url, s = appendSeam(url, s)
		}
		url, joined = append(url, s...), true
	}
	u.url = url
	ref, ok := u.rules.Find(url)
	if !ok {
		return script.Undefined, nil
	}
	return ref.Value(), nil
}

// appendSeam makes sure there is one slash between url and s.
func appendSeam(url []byte, s string) ([]byte, string) {
	left := len(url) > 0 && url[len(url)-1] == '/'
	right := s != "" && s[0] == '/'
	switch {
	case left && right:
		return url, s[1:]
	case !left && !right:
		return append(url, '/'), s
	}
	return url, s
}
