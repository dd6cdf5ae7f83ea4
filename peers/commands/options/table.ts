// Every option that may also come from the environment or a config file, once: the flag's name is
// the config file's key, and POTLUCK_ with underscores is the variable. Help is made from this.

export type OptionRow = {
  readonly name: string
  /** What stands behind the flag in help; none for a switch. */
  readonly value?: string
  /** May be given several times; commas separate several in a variable. */
  readonly isMany?: boolean
  readonly help: string
}

export const OPTIONS = [
  { name: 'mesh', value: 'NAME', help: 'which mesh (default: default)' },
  {
    name: 'key',
    value: 'FILE',
    help: 'mesh key, made on first use (default: ~/.config/potluck/MESH.key)',
  },
  {
    name: 'identity',
    value: 'FILE',
    help: "this peer's private key, made on first use (default: a new identity at each start)",
  },
  {
    name: 'listen',
    value: 'MULTIADDR',
    isMany: true,
    help: 'where to listen (default: any free port; 4100 where --join names hosts)',
  },
  {
    name: 'join',
    value: 'WHAT',
    isMany: true,
    help: 'where to find the mesh: multiaddrs, hosts, dir:SHARED_DIR, hosts:FILE, slurm or pbs',
  },
  { name: 'source', value: 'NAME=DIR', isMany: true, help: 'slow storage behind a volume' },
  { name: 'mount', value: 'NAME=DIR', isMany: true, help: 'where programs see a volume' },
  {
    name: 'ram',
    value: 'SIZE',
    help: 'most bytes of cached blocks (default: 1/8 of the memory, at most 4GiB)',
  },
  {
    name: 'spill',
    value: 'DIR',
    help: 'keep file data on a local disk too, for the next start and for what RAM has no room for',
  },
  { name: 'spill-size', value: 'SIZE', help: 'most bytes there; kept for ever (default: 16GiB)' },
  {
    name: 'block',
    value: 'SIZE',
    help: 'block size, a power of two, 4KiB to 4MiB (default: 1MiB)',
  },
  { name: 'inline', value: 'SIZE', help: 'files up to this travel inside their directory page' },
  { name: 'read-ahead', value: 'SIZE', help: 'most read-ahead inside a file' },
  {
    name: 'write',
    value: 'MODE',
    help: 'off: read-only (default); through: written to the source at once; back: to two peers, later',
  },
  {
    name: 'flush-on-close',
    value: 'WORD',
    help: 'with --write back: yes: on the source when close(2) returns (default); no: later',
  },
  {
    name: 'dirty',
    value: 'SIZE',
    help: 'with --write back: most bytes that the source has not yet (default: 64MiB)',
  },
  {
    name: 'dirty-age',
    value: 'DURATION',
    help: 'with --write back: older bytes are put on the source (default: 5s)',
  },
  {
    name: 'ahead',
    value: 'MODE',
    help: 'fetch ahead: none, first-run, or trace: as earlier starts did (default: trace)',
  },
  {
    name: 'state',
    value: 'DIR',
    help: 'keep what is learned there, such as traces (default: in memory alone)',
  },
  {
    name: 'pin-ram',
    value: 'SHARE',
    help: 'of the RAM for pinned blocks; 0: uses are not counted, nothing is pinned (default: 25%)',
  },
  {
    name: 'pin-above',
    value: 'RATE',
    help: 'pin a file used so often in the whole mesh: uses a second, or 30/m (default: 1)',
  },
  {
    name: 'unpin-below',
    value: 'RATE',
    help: 'let it go when used less often than this (default: a quarter of --pin-above)',
  },
  {
    name: 'heat-half-life',
    value: 'DURATION',
    help: 'after this long without use a rate is half of what it was (default: 1m)',
  },
  {
    name: 'coherence',
    value: 'MODE',
    help: 'static: never changes; gossip: changes are told (default); strict: before a writer goes on',
  },
  {
    name: 'lease',
    value: 'DURATION',
    help: 'strict: who is silent delays a writer so long; the same on all peers (default: 5s)',
  },
  { name: 'revalidate', value: 'DURATION', help: 'check the source this often (default: 5m)' },
  {
    name: 'source-timeout',
    value: 'DURATION',
    help: 'a source call that takes longer fails (default: 30s)',
  },
  {
    name: 'api',
    value: 'SOCKET',
    help: "the peer's Unix socket (default: RUNTIME/potluck/MESH.sock)",
  },
  {
    name: 'metrics',
    value: 'HOST:PORT',
    help: 'serve Prometheus text there (default: not served)',
  },
  { name: 'insecure', value: 'plaintext', help: 'do not encrypt; for an isolated network only' },
  { name: 'allow-other', help: 'let other users use the mounts (default: where root mounts)' },
  { name: 'driver', value: 'NAME', help: 'kernel or fuse-native (default: kernel)' },
  { name: 'log-level', value: 'LEVEL', help: 'debug, info, warn or error (default: info)' },
] as const satisfies readonly OptionRow[]

export type OptionName = (typeof OPTIONS)[number]['name']

const rows: ReadonlyMap<string, OptionRow> = new Map(OPTIONS.map((row) => [row.name, row]))

export function optionRow(name: string): OptionRow | undefined {
  return rows.get(name)
}

/** `source-timeout` → `POTLUCK_SOURCE_TIMEOUT`. */
export function variableOf(name: string): string {
  return `POTLUCK_${name.toUpperCase().replaceAll('-', '_')}`
}

export const PRECEDENCE_HELP = `Other ways to set options:
  Each option of a peer may also be set by an environment variable (--source-timeout 10s is
  POTLUCK_SOURCE_TIMEOUT=10s; commas separate several values) or in a YAML file
  (source-timeout: 10s) named by --config or POTLUCK_CONFIG, else
  ~/.config/potluck/config.yaml where that exists.
  The first that says something counts: flag, environment, config file, default.`
