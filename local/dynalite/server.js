// Runs dynalite for one parent: reads its settings from the environment, says
// "ready PORT" or "failed REASON" on standard output, and ends with its
// standard input, which the parent holds open and a killed parent cannot.
'use strict'
process.title = 'dynalite'

const major = Number(process.versions.node.split('.')[0])
if (major < 20) fail('node-too-old ' + process.version)

const path = process.env.DYNALITE_PATH
const lockWait = Number(process.env.DYNALITE_LOCK_WAIT_MS)
const dynalite = require('dynalite')
const db = require('dynalite/db')

let store
const create = db.create
db.create = options => (store = writeAtomically(create(options)))
db.updateIndexes = holdIndexes

main().catch(err => fail(reason(err)))

async function main () {
  const server = await open(Date.now() + lockWait)
  await finishTables()
  process.stdin.on('end', () => close(server)).on('error', () => close(server)).resume()
  // A terminal's Ctrl-C reaches every process of the group; the parent decides when the data closes.
  process.on('SIGINT', () => {})
  process.on('SIGTERM', () => close(server))
  server.keepAliveTimeout = 60000
  server.listen(0, '127.0.0.1', () => say('ready ' + server.address().port))
}

// open retries while a dying predecessor still holds LevelDB's lock.
async function open (deadline) {
  for (;;) {
    const server = dynalite({ path, createTableMs: 0, deleteTableMs: 0, updateTableMs: 0 })
    try {
      await store.db.open()
      return server
    } catch (err) {
      if (!locked(err)) throw err
      if (Date.now() > deadline) fail('locked')
      await new Promise(resolve => setTimeout(resolve, 50))
    }
  }
}

// dynalite writes an item's index entries first and the item after them, so a
// kill between the two leaves an index that lies. The entries are held here
// until the item's own write, and go with it in one LevelDB batch.
const held = new Map()

function holdIndexes (store, table, before, after, cb) {
  if (!before && !after) return cb()
  const ops = []
  for (const type of ['Local', 'Global']) {
    const actions = db.getIndexActions(table[type + 'SecondaryIndexes'] || [], before, after, table)
    const key = action => `index-${type.toLowerCase()}~${table.TableName}~${action.index}~${action.key}`
    for (const action of actions.deletes) ops.push({ type: 'del', key: key(action) })
    for (const action of actions.puts) ops.push({ type: 'put', key: key(action), value: action.item })
  }
  held.set(`item-${table.TableName}~${db.createKey(after || before, table)}`, ops)
  cb()
}

function writeAtomically (store) {
  const { put, del, batch } = store.db
  store.db.put = (key, value, cb) => {
    const ops = take(key)
    return ops ? batch.call(store.db, [...ops, { type: 'put', key, value }], cb) : put.call(store.db, key, value, cb)
  }
  store.db.del = (key, cb) => {
    const ops = take(key)
    return ops ? batch.call(store.db, [...ops, { type: 'del', key }], cb) : del.call(store.db, key, cb)
  }
  return store
}

function take (key) {
  const ops = held.get(key)
  held.delete(key)
  return ops
}

// A table that was being made, changed or removed when the last process was
// killed would stay so for ever: the timers that end these states died with it.
async function finishTables () {
  const prefix = 'table~'
  for await (const [key, table] of store.db.iterator({ gte: prefix, lt: prefix + '\xff' })) {
    if (table.TableStatus === 'DELETING') {
      const name = key.slice(prefix.length)
      for (const start of [`item-${name}~`, `tag-${name}~`, `index-local~${name}~`, `index-global~${name}~`]) {
        await store.db.clear({ gte: start, lt: start + '\xff' })
      }
      await store.db.del(key)
    } else if (table.TableStatus !== 'ACTIVE') {
      table.TableStatus = 'ACTIVE'
      for (const index of table.GlobalSecondaryIndexes || []) index.IndexStatus = 'ACTIVE'
      await store.db.put(key, table)
    }
  }
}

let closing = false
function close (server) {
  if (closing) return
  closing = true
  setTimeout(() => server.closeAllConnections(), 2000).unref()
  setTimeout(() => process.exit(1), 4000).unref()
  server.close(err => process.exit(err ? 1 : 0))
}

function locked (err) {
  for (; err; err = err.cause) if (err.code === 'LEVEL_LOCKED') return true
  return false
}

function reason (err) {
  const parts = []
  for (; err; err = err.cause) parts.push(err.message)
  return parts.join(': ').replace(/\s+/g, ' ')
}

function say (line) {
  require('fs').writeSync(1, line + '\n')
}

function fail (why) {
  say('failed ' + why)
  process.exit(1)
}
