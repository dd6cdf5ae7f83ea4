// Several hosts on one machine: network namespaces, each with a name, an address and a cable to one
// switch. What is started on a host has the network of that host alone, and the files of all.
import { execFileSync, spawn, type ChildProcess } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'

const SUBNET = '10.77.0'

export type Host = {
  readonly name: string
  /** Runs a program there, which finds the other hosts by name. */
  start(program: string, given: readonly string[], env: NodeJS.ProcessEnv): ChildProcess
  cut(): void
  mend(): void
}

export class Hosts implements Disposable {
  readonly all: readonly Host[]
  readonly #mark = `plk${randomBytes(2).toString('hex')}`
  readonly #names: string[] = []

  /** `node1` to `node<count>`. @param directory for a file of their names */
  constructor(count: number, directory: string) {
    const file = join(directory, 'etc-hosts')
    const numbers = Array.from({ length: count }, (_, index) => index + 1)
    const lines = numbers.map((number) => `${SUBNET}.${number} node${number}`)
    writeFileSync(file, `127.0.0.1 localhost\n${lines.join('\n')}\n`)
    try {
      this.#make('switch', 'link add hub type bridge', 'link set hub up')
      this.all = numbers.map((number) => this.#makeHost(number, file))
    } catch (error) {
      this[Symbol.dispose]()
      throw error
    }
  }

  #makeHost(number: number, file: string): Host {
    const [host, hub] = [`${this.#mark}-${number}`, `${this.#mark}-switch`]
    this.#make(`${number}`, 'link set lo up')
    ip(`link add eth0 netns ${host} type veth peer name port${number} netns ${hub}`)
    ip(`-n ${host} addr add ${SUBNET}.${number}/24 dev eth0`)
    ip(`-n ${host} link set eth0 up`)
    ip(`-n ${hub} link set port${number} master hub`)
    const turn = (how: 'up' | 'down'): void => ip(`-n ${hub} link set port${number} ${how}`)
    turn('up')
    return {
      name: `node${number}`,
      // Names are looked up in a file that is bound over the real one, for this program alone.
      start: (program, given, env) =>
        spawn('unshare', ['--mount', 'sh', '-c', IN_HOST, file, host, program, ...given], {
          env,
          stdio: ['ignore', 'pipe', 'pipe'],
        }),
      cut: () => turn('down'),
      mend: () => turn('up'),
    }
  }

  #make(name: string, ...settings: readonly string[]): void {
    ip(`netns add ${this.#mark}-${name}`)
    this.#names.push(`${this.#mark}-${name}`)
    for (const setting of settings) ip(`-n ${this.#mark}-${name} ${setting}`)
  }

  [Symbol.dispose](): void {
    for (const name of this.#names.splice(0)) ip(`netns del ${name}`)
  }
}

const IN_HOST = `
  mount --make-rprivate / && mount --bind "$0" /etc/hosts || exit 1
  host=$1; shift
  exec nsenter --net="/run/netns/$host" "$@"
`

function ip(words: string): void {
  execFileSync('ip', words.split(' '), { stdio: ['ignore', 'ignore', 'inherit'] })
}
