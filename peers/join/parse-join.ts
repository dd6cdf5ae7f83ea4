// The room that finds the first peer to talk to. `--join` says where to look: addresses, a host
// file, a directory on shared storage where every peer leaves a small file, or the job's own list
// of nodes (Slurm, PBS). One living peer is enough: peers tell each other of the rest.
//
// Why each way takes a few candidates and never all: with 10,000 nodes starting at once, everyone
// trying everyone would be a hundred million dials. Everyone tries the first two candidates of the
// list, so that no two islands form, and a random few, so that these two are not all that hold it
// up.
//
// It must never give up while this peer is alone, nor stop a peer from being the first of its mesh.
import { PotluckError } from '../../src/base/errors.ts'
import { expandNodelist } from './nodelist.ts'

/** Where peers may be found. */
export type JoinTarget =
  | {
      readonly type: 'addresses'
      readonly addresses: readonly string[]
      /** Where hosts that were named without a port are looked for. */
      readonly port?: number
    }
  | { readonly type: 'host-file'; readonly file: string; readonly port: number }
  /** A directory or, if the path leads to a file, a host file: looked at when it is needed. */
  | { readonly type: 'path'; readonly path: string; readonly port: number }
  | { readonly type: 'directory'; readonly directory: string }

export type JoinOptions = {
  readonly env: Readonly<Record<string, string | undefined>>
  /** For hosts named without a port. */
  readonly defaultPort: number
}

const MULTIADDR = /^\/(ip4|ip6|dns|dns4|dns6)\/[^/]+\/tcp\/\d{1,5}(\/p2p\/[A-Za-z0-9]+)?$/
const HOST =
  /^(?:\[([0-9A-Fa-f:]+)\]|([A-Za-z0-9._-]+)|([0-9A-Fa-f]*:[0-9A-Fa-f:]*:[0-9A-Fa-f:.]*))$/

/**
 * Understands one value of `--join`: multiaddrs (comma-separated), `slurm`, `pbs`, `dir:PATH`,
 * `hosts:PATH`, a path (anything with a slash), or host names with an optional port, ranges in
 * brackets allowed (`node[001-016]:4100,login1`).
 *
 * @throws PotluckError EINVAL that says what was wrong with which value
 */
export function parseJoin(text: string, options: JoinOptions): JoinTarget {
  const value = text.trim()
  if (value === '') throw invalid('it is empty')
  if (value === 'slurm') return fromSlurm(options)
  if (value === 'pbs') return fromPbs(options)
  if (value.startsWith('dir:')) return { type: 'directory', directory: rest(text, 'dir:') }
  if (value.startsWith('hosts:')) {
    return { type: 'host-file', file: rest(text, 'hosts:'), port: options.defaultPort }
  }
  if (/^\/(ip4|ip6|dns|dns4|dns6)\//.test(value)) {
    return { type: 'addresses', addresses: value.split(',').map((each) => checkMultiaddr(each)) }
  }
  if (value.includes('/')) return { type: 'path', path: value, port: options.defaultPort }
  const port = options.defaultPort
  return { type: 'addresses', addresses: parseHosts(value, port), port }
}

/** @throws PotluckError EINVAL */
function checkMultiaddr(text: string): string {
  const address = text.trim()
  if (!MULTIADDR.test(address)) {
    throw invalid('an address looks like /ip4/10.0.0.1/tcp/4100 or with /p2p/ID behind', address)
  }
  const port = Number(/\/tcp\/(\d+)/.exec(address)?.[1])
  if (port < 1 || port > 65_535) throw invalid('a port is from 1 to 65535', address)
  return address
}

function fromSlurm({ env, defaultPort }: JoinOptions): JoinTarget {
  const list = env['SLURM_JOB_NODELIST'] ?? env['SLURM_NODELIST']
  if (list === undefined || list === '') {
    throw invalid('SLURM_JOB_NODELIST is not set: is this inside a Slurm job?')
  }
  const hosts = expandNodelist(list)
  const addresses = hosts.map((host) => hostAddress(host, defaultPort))
  return { type: 'addresses', addresses, port: defaultPort }
}

function fromPbs({ env, defaultPort }: JoinOptions): JoinTarget {
  const file = env['PBS_NODEFILE']
  if (file === undefined || file === '') {
    throw invalid('PBS_NODEFILE is not set: is this inside a PBS job?')
  }
  return { type: 'host-file', file, port: defaultPort }
}

/** Comma-separated hosts, each with an optional port; a port behind a range holds for all of it. */
function parseHosts(text: string, defaultPort: number): string[] {
  return splitOutsideBrackets(text).flatMap((each) => {
    const match = /^(.*\D.*|\D):(\d{1,5})$/.exec(each)
    const isIpv6 = /^[0-9A-Fa-f:]*:[0-9A-Fa-f:]*:/.test(each)
    if (match === null || isIpv6) return parseHostRange(each, defaultPort)
    return parseHostRange(match[1] ?? '', Number(match[2]))
  })
}

function parseHostRange(text: string, port: number): string[] {
  // An IPv6 address in brackets is no range.
  const hosts = /^\[[0-9A-Fa-f:]*:[0-9A-Fa-f:]*\]$/.test(text) ? [text] : expandNodelist(text)
  return hosts.map((host) => hostAddress(host, port))
}

function splitOutsideBrackets(text: string): string[] {
  return text.split(/,(?![^[\]]*\])/).map((each) => each.trim())
}

/**
 * The multiaddr of a host name or IP address.
 *
 * @throws PotluckError EINVAL
 */
export function hostAddress(host: string, port: number): string {
  const match = HOST.exec(host)
  if (match === null) throw invalid('that is no host name and no IP address', host)
  if (port < 1 || port > 65_535) throw invalid('a port is from 1 to 65535', `${host}:${port}`)
  const ipv6 = match[1] ?? match[3]
  if (ipv6 !== undefined) return `/ip6/${ipv6}/tcp/${port}`
  const protocol = /^\d{1,3}(\.\d{1,3}){3}$/.test(host) ? 'ip4' : 'dns'
  return `/${protocol}/${host}/tcp/${port}`
}

function rest(text: string, prefix: string): string {
  const path = text.trim().slice(prefix.length)
  if (path === '') throw invalid(`a path must follow '${prefix}'`)
  return path
}

/** Said behind the value of the option; `part` is what of it is meant. */
function invalid(why: string, part?: string): PotluckError {
  const meant = part === undefined ? '' : `'${part}': `
  return new PotluckError('EINVAL', `can't be used: ${meant}${why}`)
}
