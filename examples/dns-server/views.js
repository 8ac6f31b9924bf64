// Names that this server knows by itself, with answers that depend on where the client is.

var TTL = 60

var inside = (name, zone) => name === zone || name.endsWith('.' + zone)

// Numbers in YAML are texts.
var number = (key, value) => ['preference', 'priority', 'weight', 'port'].includes(key) ? Number(value) : value

export function readViews({ zones, views }) {
  views = views.map(({ name, networks, records }) => ({
    name, networks: networks.map(text => new IPMask(text)), records: JSON.parse(JSON.stringify(records), number),
  }))

  // What is wrong with a record is told now, not when somebody asks.
  for (var { records } of views) {
    for (var [name, types] of Object.entries(records)) {
      for (var [type, list] of Object.entries(types)) {
        try {
          DNS.encode({ id: 0, answer: list.map(rdata => ({ name, type, ttl: TTL, rdata })) })
        } catch (e) {
          throw new Error(`config.yml: ${name}: ${type}: ${e.message}`)
        }
      }
    }
  }

  // Negative answers are remembered as long as the last number says.
  var soa = zone => ({
    name: zone, type: 'SOA', ttl: TTL,
    rdata: { mname: zone, rname: 'hostmaster.' + zone, serial: 1, refresh: 3600, retry: 600, expire: 86400, minimum: TTL },
  })

  return {
    viewOf: address => views.find(({ networks }) => networks.some(n => n.contains(address))),

    // What the view says about a question; undefined if the name is in none of the zones.
    lookUp(view, { name, type }) {
      name = name.toLowerCase()
      var zone = zones.find(zone => inside(name, zone))
      if (!zone) return
      var answer = []
      for (var hop = 0; hop < 8; hop++) {
        var records = view.records[name]
        if (!records) break
        var found = records[type] ? type : 'CNAME'
        answer.push(...(records[found] || []).map(rdata => ({ name, type: found, ttl: TTL, rdata })))
        if (found === type || !records.CNAME) break
        name = records.CNAME[0]
      }
      // 3 is NXDOMAIN: there is no such name. If it only lacks records of this type, there is no error.
      return {
        aa: 1, rcode: view.records[name] || !inside(name, zone) ? 0 : 3, answer,
        authority: answer.length ? [] : [soa(zone)],
      }
    },
  }
}
