'use strict';
// Frames of this file do not show up in backtraces: it is evaluated without a name.
(() => {
  const hidden = (object, name, value) =>
    Object.defineProperty(object, name, { value, writable: true, configurable: true, enumerable: false });

  const need = (args, n) => {
    if (args.length < n) throw new Error(`requires ${n} or more arguments`);
  };
  const expects = (i, what) => new Error(`argument #${i} expects ${what}`);
  const result = v => typeof v === 'function' ? v() : v;

  const globals = {
    invoke(f, catcher) {
      need(arguments, 1);
      if (typeof f !== 'function') throw expects(1, 'a function');
      try {
        return f();
      } catch (e) {
        if (typeof catcher !== 'function') return catcher;
        return catcher(e instanceof Error ? e.message : String(e));
      }
    },

    repeat(what, f) {
      need(arguments, 1);
      if (typeof what === 'function') {
        for (let i = 0; ; i++) {
          const v = what(i);
          if (v !== undefined) return v;
        }
      }
      need(arguments, 2);
      const list = Array.isArray(what);
      const count = typeof what === 'object' && !list ? what?.valueOf() : what;
      if (!list && typeof count !== 'number') throw expects(1, 'a number, an array or a function');
      if (typeof f !== 'function') throw expects(2, 'a function');
      if (list) {
        for (let i = 0; i < what.length; i++) {
          if (!(i in what)) continue;
          const v = f(what[i], i);
          if (v !== undefined) return v;
        }
        return;
      }
      for (let i = 0, n = Math.trunc(count); i < n; i++) {
        const v = f(i);
        if (v !== undefined) return v;
      }
    },

    branch(...args) {
      need(args, 2);
      let i = 0;
      for (; i + 1 < args.length; i += 2) {
        if (result(args[i])) return result(args[i + 1]);
      }
      return result(args[i]);
    },

    select(x, ...args) {
      need(arguments, 3);
      let i = 0;
      for (; i + 1 < args.length; i += 2) {
        if (result(args[i]) == x) return result(args[i + 1]);
      }
      return result(args[i]);
    },
  };
  for (const name of Object.keys(globals)) hidden(globalThis, name, globals[name]);

  const eachOfMap = Map.prototype.forEach;
  hidden(Map.prototype, 'forEach', function forEach(f) {
    if (typeof f !== 'function') throw expects(1, 'a function');
    const thisArg = arguments[1];
    Reflect.apply(eachOfMap, this, [(value, key, map) => Reflect.apply(f, thisArg, [key, value, map])]);
  });

  const NativeError = Error;
  function LanguageError(message, options) {
    if (options instanceof NativeError) options = { cause: options };
    const args = options === undefined ? message === undefined ? [] : [message] : [message, options];
    const e = Reflect.construct(NativeError, args, new.target || LanguageError);
    const stack = e.stack; // its first two lines are Reflect.construct and this function
    if (typeof stack === 'string') e.stack = stack.slice(stack.indexOf('\n', stack.indexOf('\n') + 1) + 1);
    return e;
  }
  Object.defineProperty(LanguageError, 'name', { value: 'Error', configurable: true });
  Object.defineProperty(LanguageError, 'length', { value: 1, configurable: true });
  LanguageError.prototype = NativeError.prototype;
  Object.defineProperty(LanguageError, 'prototype', { writable: false });
  for (const name of Object.getOwnPropertyNames(NativeError)) {
    if (!Object.hasOwn(LanguageError, name)) {
      Object.defineProperty(LanguageError, name, Object.getOwnPropertyDescriptor(NativeError, name));
    }
  }
  hidden(NativeError.prototype, 'constructor', LanguageError);
  for (const C of [EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError, AggregateError]) {
    Object.setPrototypeOf(C, LanguageError);
  }
  hidden(globalThis, 'Error', LanguageError);
})();
