import test, { type ExecutionContext } from 'ava'
import { parseHostFile } from '../../../peers/join/host-file.ts'
import { expandNodelist } from '../../../peers/join/nodelist.ts'
import { parseJoin } from '../../../peers/join/parse-join.ts'

const defaultPort = 4100

function joins(t: ExecutionContext, text: string, addresses: string[]): void {
  t.like(parseJoin(text, { env: {}, defaultPort }), { type: 'addresses', addresses }, text)
}

function refuses(t: ExecutionContext, text: string, message: RegExp): void {
  t.throws(() => parseJoin(text, { env: {}, defaultPort }), { code: 'EINVAL', message }, text)
}

test('multiaddrs, hosts and ranges of hosts are addresses', (t) => {
  const address = '/ip4/10.0.0.1/tcp/4001/p2p/12D3KooW'
  joins(t, address, [address])
  joins(t, `${address}, /dns/node1/tcp/1`, [address, '/dns/node1/tcp/1'])
  joins(t, 'node1', ['/dns/node1/tcp/4100'])
  joins(t, 'node1:5,10.0.0.2', ['/dns/node1/tcp/5', '/ip4/10.0.0.2/tcp/4100'])
  joins(t, 'n[1-2]:9', ['/dns/n1/tcp/9', '/dns/n2/tcp/9'])
  joins(t, '[fd00::1]:9', ['/ip6/fd00::1/tcp/9'])
  joins(t, 'fd00::1', ['/ip6/fd00::1/tcp/4100'])
})

test('paths are looked at later, unless it is said what they are', (t) => {
  const options = { env: { PBS_NODEFILE: '/var/nodes' }, defaultPort }
  t.deepEqual(parseJoin('./x', options), { type: 'path', path: './x', port: 4100 })
  t.deepEqual(parseJoin('dir:/a/b', options), { type: 'directory', directory: '/a/b' })
  t.deepEqual(parseJoin('hosts:h', options), { type: 'host-file', file: 'h', port: 4100 })
  t.deepEqual(parseJoin('pbs', options), { type: 'host-file', file: '/var/nodes', port: 4100 })
})

test("a Slurm job's nodes are joined on the default port", (t) => {
  const env = { SLURM_JOB_NODELIST: 'node[01-02],gpu1' }
  t.deepEqual(parseJoin('slurm', { env, defaultPort }), {
    type: 'addresses',
    addresses: ['/dns/node01/tcp/4100', '/dns/node02/tcp/4100', '/dns/gpu1/tcp/4100'],
    port: 4100,
  })
})

test('what can not be joined is refused with the reason', (t) => {
  refuses(t, '', /empty/)
  refuses(t, 'slurm', /SLURM_JOB_NODELIST is not set/)
  refuses(t, 'pbs', /PBS_NODEFILE is not set/)
  refuses(t, 'dir:', /path must follow/)
  refuses(t, '/ip4/10.0.0.1', /looks like/)
  refuses(t, '/ip4/10.0.0.1/udp/1', /looks like/)
  refuses(t, '/ip4/10.0.0.1/tcp/70000', /1 to 65535/)
  refuses(t, 'host name', /no host name/)
  refuses(t, 'node1:99999', /1 to 65535/)
  const env = { SLURM_JOB_NODELIST: 'n[3-1]' }
  t.throws(() => parseJoin('slurm', { env, defaultPort }), { message: /runs backwards/ })
})

test('node lists expand as Slurm writes them', (t) => {
  t.deepEqual(expandNodelist('node[001-003,7],gpu1'), [
    'node001',
    'node002',
    'node003',
    'node7',
    'gpu1',
  ])
  t.deepEqual(expandNodelist('r[1-2]n[08-09]x'), ['r1n08x', 'r1n09x', 'r2n08x', 'r2n09x'])
  t.is(expandNodelist('n[00000-65535]').length, 65_536)
})

test('node lists that are none, or too long, are refused', (t) => {
  for (const text of ['', 'a,', 'n[', 'n]', 'n[]', 'n[a]', 'n[1-]', 'n[[1]]', 'n[2-1]']) {
    t.throws(() => expandNodelist(text), { code: 'EINVAL' }, text)
  }
  t.throws(() => expandNodelist('n[0-99999999]'), { message: /more than 65536/ })
  t.throws(() => expandNodelist('n[0-999][0-999]'), { message: /more than 65536/ })
})

test('a host file has comments, ports, slots and repetitions', (t) => {
  const text = '# nodes\nn1\n\nn2:5 slots=4  # two\nn1\n/ip4/10.0.0.1/tcp/7\n10.0.0.9\r\n'
  t.deepEqual(parseHostFile(text, { file: 'f', defaultPort }), [
    '/dns/n1/tcp/4100',
    '/dns/n2/tcp/5',
    '/ip4/10.0.0.1/tcp/7',
    '/ip4/10.0.0.9/tcp/4100',
  ])
  t.throws(() => parseHostFile('n1\nn2:0', { file: 'f', defaultPort }), { message: /f, line 2/ })
  t.throws(() => parseHostFile('a/b', { file: 'f', defaultPort }), { code: 'EINVAL' })
})
