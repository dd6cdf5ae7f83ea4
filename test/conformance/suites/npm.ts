// npm ci of packages out of local tar files, without a network: many small files and renames of whole
// folders, then a program that loads them.
import { mkdir, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { noProgram } from '../../reasons.ts'
import { Checks, hold, succeed } from '../tools/checks.ts'
import type { Suite } from '../suite.ts'

const PACKAGES = 12
const QUICK_PACKAGES = 2
const FILES = 30
const LIMIT_MS = 300_000

export const NPM: Suite = {
  name: 'npm ci',
  missing: () => noProgram('npm') ?? noProgram('tar'),
  version: async ({ signal }) => (await succeed(['npm', '--version'], { cwd: '/', signal })).trim(),
  async run({ directory, twin, scratch, settle }, { isQuick, signal }) {
    const checks = new Checks(signal)
    const names = Array.from({ length: isQuick ? QUICK_PACKAGES : PACKAGES }, (_, at) => `p${at}`)
    const packages = path.join(scratch, 'packages')
    await rm(packages, { recursive: true, force: true })
    for (const name of names) await pack(name, packages, signal)
    const project = path.join(directory, 'project')
    // Its cache is in the mount, too: it is half of what it does with files.
    const options = ['--offline', '--no-audit', '--no-fund', `--cache=${directory}/cache`]
    const npm = (...args: string[]): Promise<string> =>
      succeed(['npm', ...args, ...options], { cwd: project, limitMs: LIMIT_MS, signal })
    const check = names.map((name) => `require('${name}')`).join(' + ')
    const sum = String(names.length * FILES)
    await checks.check('npm install makes a lock file', async () => {
      await mkdir(project)
      const dependencies = Object.fromEntries(
        names.map((name) => [name, `file:${packages}/${name}.tgz`]),
      )
      const description = { name: 'project', version: '1.0.0', private: true, dependencies }
      await writeFile(path.join(project, 'package.json'), JSON.stringify(description))
      await npm('install')
    })
    await checks.check('npm ci', async () => void (await npm('ci')))
    for (const [what, mount] of Object.entries({ here: directory, 'on the other mount': twin })) {
      await checks.check(`the packages load ${what}`, async () => {
        const cwd = path.join(mount, 'project')
        await settle()
        const said = await succeed(['node', '-p', check], { cwd, signal })
        hold(said.trim() === sum, `${said} is not ${sum}`)
      })
    }
    return checks.outcome()
  },
}

/** A package whose module says how many files it has loaded. */
async function pack(name: string, packages: string, signal: AbortSignal): Promise<void> {
  const folder = path.join(packages, 'package')
  await rm(folder, { recursive: true, force: true })
  await mkdir(path.join(folder, 'lib'), { recursive: true })
  const description = JSON.stringify({ name, version: '1.0.0', main: 'index.js' })
  await writeFile(path.join(folder, 'package.json'), description)
  const numbers = Array.from({ length: FILES }, (_, index) => index)
  for (const each of numbers) {
    await writeFile(path.join(folder, `lib/${each}.js`), 'module.exports = 1\n'.padEnd(100 * each))
  }
  const all = numbers.map((each) => `require('./lib/${each}.js')`).join(' + ')
  await writeFile(path.join(folder, 'index.js'), `module.exports = ${all}\n`)
  const archive = path.join(packages, `${name}.tgz`)
  await succeed(['tar', '-czf', archive, '-C', packages, 'package'], { cwd: packages, signal })
}
