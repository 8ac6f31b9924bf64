package algo

import "weir/internal/script"

// Namespace is the global object algo.
var Namespace = &script.Namespace{
	Name: "algo",
	Sig:  "namespace object",
	Methods: []script.Method{
		{Name: "hash", Sig: "(value?: any) => number", Length: 1, Fn: callHash},
		{Name: "uuid", Sig: "() => string", Fn: callUUID},
	},
	Classes: []*script.Class{
		CacheClass, QuotaClass, sharedMapClass, urlRouterClass, loadBalancerClass, hashingClass, roundRobinClass,
		leastWorkClass, resourcePoolClass, PercentileClass,
	},
	Extra: []script.Row{
		{Path: "option:algo.Cache.size", Kind: "option", Signature: "int = 0"},
		{Path: "option:algo.Cache.ttl", Kind: "option", Signature: "seconds = 0"},
		{Path: "callback:algo.Cache.onAllocate", Kind: "callback", Signature: "(key) => value"},
		{Path: "callback:algo.Cache.onFree", Kind: "callback", Signature: "(key, value) => void"},
		{Path: "option:algo.Quota.key", Kind: "option", Signature: "string"},
		{Path: "option:algo.Quota.max", Kind: "option", Signature: "number = Infinity"},
		{Path: "option:algo.Quota.per", Kind: "option", Signature: "seconds = 0"},
		{Path: "option:algo.Quota.produce", Kind: "option", Signature: "number = 0"},
		{Path: "option:algo.LoadBalancer.algorithm", Kind: "option", Signature: `"round-robin" | "least-load"`},
		{Path: "option:algo.LoadBalancer.key", Kind: "option", Signature: "(target) => any"},
		{Path: "option:algo.LoadBalancer.weight", Kind: "option", Signature: "(target) => number"},
		{Path: "option:algo.LoadBalancer.capacity", Kind: "option", Signature: "int = 0 | (target) => int"},
		{Path: "algo.LoadBalancer.Resource#target", Kind: "property", Signature: "any"},
		{Path: "algo.LoadBalancer.Resource#free", Kind: "function", Signature: "() => void"},
		{Path: "algo.LoadBalancerBase.Resource#id", Kind: "property", Signature: "string"},
	},
}

// optionalObject checks that the i-th argument is an object or absent.
func optionalObject(c *script.Call, i int) error {
	if !c.Has(i) {
		return nil
	}
	_, err := c.Object(i)
	return err
}

// optionalFunction returns the i-th argument, a function; undefined if it is absent.
func optionalFunction(c *script.Call, i int) (script.Value, error) {
	if !c.Has(i) {
		return script.Undefined, nil
	}
	return c.Function(i)
}
