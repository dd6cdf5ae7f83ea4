// A C project as it comes out of a tar file, built by make: thousands of lookups, many small writes,
// programs that are written and then run, and times that decide what is built again.
import { mkdir, readFile, rm, utimes, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { noProgram } from '../../reasons.ts'
import { Checks, hold, succeed } from '../tools/checks.ts'
import type { Settings, Suite } from '../suite.ts'

const UNITS = 60
const QUICK_UNITS = 6

export const BUILD: Suite = {
  name: 'untar and build, make and cc',
  missing: () => noProgram('cc') ?? noProgram('make') ?? noProgram('tar'),
  async version({ signal }) {
    return (await succeed(['cc', '-dumpfullversion'], { cwd: '/', signal })).trim()
  },
  async run({ directory, twin, scratch, settle }, settings) {
    const { signal, jobs, isQuick } = settings
    const checks = new Checks(signal)
    const units = isQuick ? QUICK_UNITS : UNITS
    const sum = String((units * (units - 1)) / 2)
    const archive = await packProject(scratch, units, settings)
    const project = path.join(directory, 'project')
    const make = (...more: string[]): Promise<string> =>
      succeed(['make', '-j', String(jobs), ...more], { cwd: project, signal })
    await checks.check('untar', async () => {
      await succeed(['tar', '-xzf', archive, '-C', directory], { cwd: directory, signal })
    })
    await checks.check('build, and the program runs', async () => {
      await make()
      hold((await succeed(['./program'], { cwd: project, signal })) === sum, 'a wrong sum')
    })
    await checks.check('the program runs on the other mount, too', async () => {
      const there = path.join(twin, 'project')
      await settle()
      hold((await succeed(['./program'], { cwd: there, signal })) === sum, 'a wrong sum')
    })
    await checks.check('a second make has nothing to build', async () => {
      hold(/up to date|Nothing to be done/.test(await make()), 'something was built again')
    })
    await checks.check('a touched header, seen on the other mount, builds all again', async () => {
      const soon = new Date(Date.now() + 2000)
      await utimes(path.join(twin, 'project/unit.h'), soon, soon)
      await settle()
      const said = await make()
      hold(said.split(' -c ').length - 1 === units + 1, `not every unit was built again: ${said}`)
    })
    await checks.check('make clean leaves what was in the archive', async () => {
      await make('clean')
      await succeed(['tar', '-dzf', archive, '-C', directory, '--exclude=unit.h'], {
        cwd: directory,
        signal,
      })
    })
    return checks.outcome()
  },
}

/** A tar file of `project/`: a library of units, and a program that adds up what they say. */
async function packProject(scratch: string, units: number, { signal }: Settings): Promise<string> {
  const project = path.join(scratch, 'project')
  await rm(project, { recursive: true, force: true })
  await mkdir(project)
  const write = (name: string, text: string): Promise<void> =>
    writeFile(path.join(project, name), text)
  const numbers = Array.from({ length: units }, (_, index) => index)
  await write('unit.h', numbers.map((each) => `int unit_${each}(void);\n`).join(''))
  for (const each of numbers) {
    await write(`unit${each}.c`, `#include "unit.h"\nint unit_${each}(void) { return ${each}; }\n`)
  }
  const calls = numbers.map((each) => `unit_${each}()`).join(' + ')
  const main = `int main(void) { printf("%d", ${calls}); return 0; }`
  await write('main.c', `#include <stdio.h>\n#include "unit.h"\n${main}\n`)
  await write(
    'Makefile',
    await readFile(path.join(import.meta.dirname, '../programs/project.mk'), 'utf8'),
  )
  const archive = path.join(scratch, 'project.tar.gz')
  await succeed(['tar', '-czf', archive, '-C', scratch, 'project'], { cwd: scratch, signal })
  return archive
}
