// A phone: WatermelonDB as it comes, told what to do in lines of JSON on its input, answering in lines on its output.
//
//   {"do": "open", "url": "http://…/registry/v1", "token": "…"}   make the local database that the service describes
//   {"do": "create" | "edit" | "delete", "table": …, "id": …, "values": {…}}
//   {"do": "once"}   call synchronize() once     {"do": "in_step"}  as long as there is something to do
//   {"do": "dump"}   show every record as it lies there
//   {"do": "reset"}  empty the database          {"do": "token", "token": "…"}   sign in anew
console.log = console.warn = () => {}
const noise = []
console.error = (...words) => noise.push(words.map(String).join(' ').split('\n')[0])

const { createInterface } = require('node:readline')
const { Database, Model, appSchema, tableSchema } = require('@nozbe/watermelondb')
const LokiJSAdapter = require('@nozbe/watermelondb/adapters/lokijs').default
const { field } = require('@nozbe/watermelondb/decorators')
const { hasUnsyncedChanges, synchronize } = require('@nozbe/watermelondb/sync')
const { setGenerator } = require('@nozbe/watermelondb/utils/common/randomId')

setGenerator(() => crypto.randomUUID())

const PATIENCE = 60_000
const MOST_CALLS = 400
let database, url, token, limit
let seen = []

// What follows stands in the guide for front-ends, word for word.
async function once(database, call) {
  let more = false
  await synchronize({
    database,
    pullChanges: async ({ lastPulledAt, schemaVersion, migration }) => {
      const about = `schema_version=${schemaVersion}&migration=${encodeURIComponent(JSON.stringify(migration))}`
      const page = await call('GET', `/sync/pull?last_pulled_at=${lastPulledAt}&${about}`)
      more = page.more
      return page
    },
    pushChanges: push(call),
  })
  return more
}

function push(call) {
  return ({ changes, lastPulledAt }) => call('POST', `/sync/push?last_pulled_at=${lastPulledAt}`, changes)
}

async function pushAlone(database, call) {
  const nothing = ({ lastPulledAt }) => ({ changes: {}, timestamp: lastPulledAt })
  await synchronize({ database, pullChanges: nothing, pushChanges: push(call) })
}

async function keepInStep(database, call) {
  let emptied = false
  for (let more = true; more; ) {
    try {
      more = await once(database, call)
    } catch (problem) {
      if (problem.code === 'sync.reset_required' && !emptied) {
        if (await hasUnsyncedChanges({ database })) await pushAlone(database, call)
        if (await hasUnsyncedChanges({ database })) throw problem
        await database.write(() => database.unsafeResetDatabase())
        emptied = true
      } else if (problem.code !== 'sync.stale') throw problem
    }
  }
}
// So far the guide.

async function call(method, path, body) {
  const headers = { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' }
  const pulls = path.startsWith('/sync/pull')
  const address = url + path + (pulls && limit ? `&limit=${limit}` : '')
  const options = { method, headers, body: JSON.stringify(body), signal: AbortSignal.timeout(PATIENCE) }
  const response = await fetch(address, options)
  const answer = await response.json()
  if (!response.ok) throw Object.assign(new Error(answer.title), { code: answer.code, problem: answer })
  if (pulls) {
    const rows = Object.values(answer.changes).map((one) => one.created.length + one.updated.length)
    const pulled = rows.reduce((sum, count) => sum + count, 0)
    seen.push({ more: answer.more, pulled, bytes: JSON.stringify(answer).length, rejected: [] })
    if (seen.length > MOST_CALLS) throw new Error('it never ends')
  }
  if (answer.rejected) {
    if (!seen.length) seen.push({ more: false, pulled: 0, bytes: 0 })
    seen.at(-1).rejected = answer.rejected
  }
  return answer
}

async function open(how) {
  ;({ url, token, limit } = how)
  const told = await call('GET', '/sync')
  const schema = appSchema({ version: how.version ?? told.schema_version, tables: told.tables.map((table) => tableSchema(table)) })
  const modelClasses = told.tables.map(({ name, columns }) => {
    const Carried = class extends Model {
      static table = name
    }
    for (const column of columns) {
      Object.defineProperty(Carried.prototype, column.name, field(column.name)(Carried.prototype, column.name))
    }
    return Carried
  })
  const adapter = new LokiJSAdapter({ schema, useWebWorker: false, useIncrementalIndexedDB: true })
  database = new Database({ adapter, modelClasses })
  return told
}

async function watched(act) {
  seen = []
  await act(database, call)
  return seen
}

const within = (act) => database.write(act)
const found = ({ table, id }) => database.get(table).find(id)
const acts = {
  open,
  once: () => watched(once),
  in_step: () => watched(keepInStep),
  token: async (how) => void (token = how.token),
  reset: () => within(() => database.unsafeResetDatabase()),
  create: ({ table, values }) =>
    within(async () => (await database.get(table).create((record) => Object.assign(record, values))).id),
  edit: (how) =>
    within(async () => void (await (await found(how)).update((record) => Object.assign(record, how.values)))),
  delete: (how) => within(async () => void (await (await found(how)).markAsDeleted())),
  dump: async () => {
    const raws = Object.keys(database.schema.tables).map(async (table) => {
      const records = await database.get(table).query().unsafeFetchRaw()
      return [table, records.map(({ $loki, ...raw }) => raw)]
    })
    return Object.fromEntries(await Promise.all(raws))
  },
}

async function main() {
  for await (const line of createInterface({ input: process.stdin })) {
    const { do: act, ...how } = JSON.parse(line)
    let answer
    try {
      answer = { done: (await acts[act](how)) ?? null }
    } catch (error) {
      answer = { failed: error.problem?.code ?? String(error), problem: error.problem ?? null }
    }
    process.stdout.write(`${JSON.stringify({ ...answer, noise: noise.splice(0) })}\n`)
  }
  process.exit()
}

main()
