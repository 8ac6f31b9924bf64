// Topic filters (MQTT 5, section 4.7).

// Whether a topic is among those of a filter.
export function matches(filter, topic) {
  return !/[+#]/.test(topic) && within(filter, topic)
}

// Whether all topics of the filter are among those of the one that is allowed. The name of a shared subscription,
// $share/GROUP/FILTER, does not matter.
export function covers(allowed, filter) {
  return within(allowed, filter.replace(/^\$share\/[^/]*\//, ''))
}

function within(allowed, filter) {
  // Wildcards at the beginning do not stand for $SYS and the like.
  if (filter.startsWith('$') && /^[+#]/.test(allowed)) return false
  var have = allowed.split('/'), want = filter.split('/')
  for (var i = 0; i < have.length; i++) {
    if (have[i] === '#') return true // includes the level above: a/# is a, too
    if (i === want.length) return false
    if (want[i] === '#' || (have[i] !== '+' && have[i] !== want[i])) return false
  }
  return want.length === have.length
}
