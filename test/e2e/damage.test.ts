import { cpSync, readFileSync, renameSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import t from 'tap'
import { createCheckedClient, createHttpClient } from './http-client.js'
import { makeGroup, readLog, registerMany } from './people.js'
import { createRandom } from './random.js'
import { sendOverHttp } from './senders.js'
import { makeHome, refusedStart, start } from './server-process.js'
import { imageOf, storeFiles } from './tree.js'

/** Files without which nothing is lost: who held the store last, room for a full disk, and what the newest
 *  manifest and the newest claim took the place of. */
const harmless = (path: string, files: readonly string[]): boolean => {
  const name = basename(path)
  if (name === 'lease' || name === 'reserve' || path.includes('/claims/')) return true
  const manifests = files.filter((each) => basename(each).startsWith('manifest.')).map((each) => Number(basename(each).slice(9)))
  return name.startsWith('manifest.') && Number(name.slice(9)) < Math.max(...manifests)
}

t.test('a store that was damaged is not served, and the file is named; put right, it is', async (t) => {
  const random = createRandom()
  t.comment(`seed ${random.seed}`)
  const home = await makeHome(t)
  let server = await start(t, home)
  const client = createHttpClient(server.address)
  const people = await registerMany(client, 'gente', 2)
  const group = await makeGroup(client, people)
  const send = sendOverHttp(client, people[0]!, group)
  for (let i = 0; i < 20; i++) await send({ clientId: `a${i}`, text: `uno ${i}` })
  await server.end()
  server = await start(t, home)
  for (let i = 0; i < 20; i++) await send({ clientId: `b${i}`, text: `dos ${i}` })
  await server.end('SIGKILL')

  const whole = join(home.directory, 'whole')
  cpSync(join(home.directory, 'db'), whole, { recursive: true })
  const files = storeFiles(home)
  const wanted = files.filter((path) => !harmless(path, files))
  t.ok(wanted.length >= 4, wanted.map((path) => path.slice(8)).join(', '))

  function putRight (): void {
    rmSync(join(home.directory, 'db'), { recursive: true, force: true })
    cpSync(whole, join(home.directory, 'db'), { recursive: true, preserveTimestamps: true })
  }

  /** Damages one file in one way, and looks what a start makes of it. */
  async function damage (what: string, path: string, hurt: (file: string) => void, ...others: string[]): Promise<void> {
    putRight()
    hurt(join(home.directory, path))
    const before = imageOf(home)
    const { code, err } = await refusedStart(home)
    t.ok(code === 65 || code === 67, `${what} ${path}: ${code}`)
    // What was cut between two frames is told by its sequences.
    t.ok([path, ...others].some((each) => err.includes(basename(each).split('.')[0] ?? '')) || code === 67, err)
    t.match(err, /NEXU no puede servir su almacén: .* \(.*\)\n/)
    t.same(imageOf(home), before, 'nothing on the disk has changed')
  }

  for (const path of wanted) {
    const { length } = readFileSync(join(home.directory, path))
    const at = random.whole(0, length)
    if (random.next() < 0.5) {
      await damage(`cut to ${at} of ${length}:`, path, (file) => { truncateSync(file, at) })
    } else {
      await damage(`byte ${at} of ${length} flipped in`, path, (file) => {
        const bytes = readFileSync(file)
        bytes[at]! ^= 1 << random.whole(0, 8)
        writeFileSync(file, bytes)
      })
    }
    await damage('deleted:', path, (file) => { rmSync(file) })
  }
  const journals = wanted.filter((path) => path.includes('/journal/'))
  const [one = '', other = ''] = journals
  await damage('exchanged with another journal:', one, (file) => {
    const second = join(home.directory, other)
    renameSync(file, `${file}.x`)
    renameSync(second, file)
    renameSync(`${file}.x`, second)
  }, other)

  putRight()
  for (const path of files.filter((each) => harmless(each, files))) rmSync(join(home.directory, path))
  server = await start(t, home)
  const checked = await createCheckedClient(server.address)
  t.equal((await readLog(checked, people[0]!, group)).filter(({ type }) => type === 'message.created').length, 40, 'without all that is harmless to lose, everything is there')
  checked.close()
  t.equal((await server.end()).code, 0)
})
