import test, { type ExecutionContext } from 'ava'
import type { ErrorCode } from '../../../src/base/errors.ts'
import type { LockAnswer } from '../../../src/ports/locks.ts'
import type { Reply, Request, Want } from '../../../src/ports/messages.ts'
import { decodeGossip, encodeGossip } from '../../../src/wire/gossip.ts'
import { decodeReply, encodeReply } from '../../../src/wire/reply.ts'
import { decodeRequest, encodeRequest } from '../../../src/wire/request.ts'

const WANT: Want = {
  volume: 'software',
  kind: 'data',
  inode: '1234567',
  index: 300,
  splits: 0,
  path: 'lib/python3.11/os.py',
  version: 1.5,
  floor: 7_163_000_000_000_000,
  reach: 'climb',
}

function wanting(change: Partial<Want>): Uint8Array {
  return encodeRequest({ type: 'want', want: { ...WANT, ...change } })
}

function refusesPath(t: ExecutionContext, path: string): void {
  const bytes = wanting({ path })
  t.throws(() => decodeRequest(bytes), { code: 'MALFORMED' }, path)
}

function refusesInode(t: ExecutionContext, inode: string): void {
  const bytes = wanting({ inode })
  t.throws(() => decodeRequest(bytes), { code: 'MALFORMED' }, inode)
}

/** What is too large is refused by whoever would send it. */
function wontSend(t: ExecutionContext, request: Request, code: ErrorCode): void {
  t.throws(() => encodeRequest(request), { code })
}

test('the bytes of a want are these, for ever', (t) => {
  t.is(
    Buffer.from(wanting({})).toString('hex'),
    '0001' +
      '08736f667477617265' +
      '0731323334353637' +
      'ac02' +
      '00' +
      '146c69622f707974686f6e332e31312f6f732e7079' +
      '000000000000f83f' +
      '00b086e6b5723943',
  )
})

test('the bytes of the other messages are these, for ever', (t) => {
  const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')
  t.is(hex(encodeRequest({ type: 'holding', keys: ['k'.repeat(32)] })), `0101${'6b'.repeat(32)}`)
  t.is(hex(encodeRequest({ type: 'describe', volume: 'v' })), '020176')
  const repair: Request = { type: 'repair', publisher: '12D3', epoch: 128, from: 1, to: 2 }
  t.is(hex(encodeRequest(repair)), '030431324433' + '8001' + '01' + '02')
  t.is(hex(encodeRequest({ type: 'heads' })), '04')
  t.is(
    hex(encodeRequest({ type: 'warm', volume: 'v', paths: ['', 'a/b'], trace: 't' })),
    '0501760200' + '03612f62' + '0174',
  )
  t.is(hex(encodeRequest({ type: 'changes', volume: 'v' })), '090176')
  const asked = { type: 'change', volume: 'v', session: 1, number: 2 } as const
  const caller = { uid: 3, gid: 4, groups: [5], umask: 0o22 }
  const at = { directory: '0', path: 'd', name: 'n' }
  t.is(
    hex(encodeRequest({ ...asked, caller, change: { type: 'mkdir', at, mode: 0o755 } })),
    '0801760102' + '0304120105' + '02' + '0130' + '0164' + '016e' + 'ed03',
  )
  const write = { type: 'write', of: { handle: 1, from: 0 }, bytes: Buffer.from('x') } as const
  t.is(
    hex(encodeRequest({ ...asked, caller, change: { ...write, isAppend: true } })),
    '0801760102' + '0304120105' + '0f' + '0100' + '01' + '0178',
  )
  const told = { volume: 'v', inode: '7', stamp: 1 }
  const changed = { ctimeSeconds: 1, ctimeNanos: 2 }
  const news = [{ ...told, news: { type: 'name', name: 'n', by: '12D3', changed } as const }]
  const named = '016e' + '0431324433' + '000000000000f03f' + '02000000'
  const absent = '0176' + '0137' + '000000000000f03f' + '01' + '00' + named
  t.is(
    hex(encodeReply({ type: 'made', epoch: 9, made: { news, count: 1 } }).head),
    `0c09020101${absent}`,
  )
  const rumor = { publisher: '12D3', epoch: 1, number: 2, invalidations: news }
  t.is(hex(encodeGossip({ type: 'rumor', rumor })), `000431324433010201${absent}`)
  t.is(hex(encodeReply({ type: 'done' }).head), '08')
  t.is(hex(encodeReply({ type: 'held', held: [true, false, true] }).head), '040305')
  t.is(hex(encodeReply({ type: 'failed', code: 'EIO', message: 'no' }).head), '090345494f026e6f')
  const head = { publisher: '12D3', epoch: 1, number: 2 }
  t.is(hex(encodeGossip({ type: 'heartbeat', head })), '0104313244330102')
})

test('the bytes of questions about locks and of their answers are these, for ever', (t) => {
  const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')
  const range = { kind: 'write', from: 5, to: 300, owner: 258n, pid: 7, isFlock: false } as const
  const place = { epoch: 2, volume: 'v', inode: '12', session: 3, sequence: 4 }
  const [peer, holder] = ['12D3', { peer: '12D3', epoch: 1 }]
  const head = { publisher: '12D3', epoch: 1, number: 2 }
  const bytes = '01' + '05ac02' + '0201000000000000' + '07'
  t.is(
    hex(
      encodeRequest({
        type: 'lock',
        question: { step: 'set', ...place, range, wait: true, told: 0, heads: [head] },
      }),
    ),
    `0a${'07'}${'02' + '0176' + '023132' + '03' + '04' + '01'}${'00'.repeat(8)}${'01' + '04313244330102'}${bytes}`,
  )
  const toEnd = { ...range, kind: 'read', to: Infinity, isFlock: true } as const
  const records = [{ holder, volume: 'v', inode: '12', locks: [toEnd] }]
  t.is(
    hex(encodeRequest({ type: 'lock', question: { step: 'claim', ...place, records } })),
    '0a0a' +
      '020304' +
      '01' +
      '043132443301' +
      '0176' +
      '023132' +
      '01' +
      '0c050201000000000000' +
      '07',
  )
  const roll = { founder: holder, number: 2, keepers: [holder], previous: [] }
  t.is(
    hex(encodeRequest({ type: 'lock', question: { step: 'vouch', epoch: 9, roll } })),
    '0a0509' + '043132443301' + '02' + '01' + '043132443301' + '00',
  )
  const answer = (one: LockAnswer) => hex(encodeReply({ type: 'lock', answer: one }).head)
  t.is(
    answer({ type: 'lease', session: 3, forMs: 128, told: 0, heads: [], since: 0, refused: [1] }),
    '0d03' + '038001' + '00'.repeat(8) + '00' + '00'.repeat(8) + '0101',
  )
  t.is(answer({ type: 'conflict', holder: peer, range }), `0d04${'0431324433'}${bytes}`)
  t.is(answer({ type: 'refused', why: 'expired' }), '0d060200')
})

test('a lock that ends before it begins, and a roll of nobody, are refused', (t) => {
  const range = { kind: 'read', from: 9, to: 9, owner: 1n, pid: 1, isFlock: false } as const
  const place = { epoch: 2, volume: 'v', inode: '12' }
  const good = Buffer.from(
    encodeRequest({ type: 'lock', question: { step: 'test', ...place, range } }),
  )
  t.notThrows(() => decodeRequest(good))
  const at = good.length - 10
  t.is(good[at], 9)
  good[at] = 8
  t.throws(() => decodeRequest(good), { code: 'MALFORMED' })
  t.throws(() => decodeRequest(Buffer.from('0a0509043132443301020000', 'hex')), {
    code: 'MALFORMED',
  })
})

test('a path that is absolute, climbs, or has odd components is refused', (t) => {
  for (const path of ['/', '/etc', '..', 'a/../b', 'a/..', '.', './a', 'a//b', 'a/', 'a\0b']) {
    refusesPath(t, path)
  }
  refusesPath(t, `a/${'n'.repeat(256)}`)
  t.notThrows(() => decodeRequest(wanting({ path: `a/${'n'.repeat(255)}/...` })))
  t.notThrows(() => decodeRequest(wanting({ path: '' })))
})

test('an inode is a number, or a number and the path of a mount point', (t) => {
  for (const inode of ['', 'x', '-1', '01', '1@', '1@/a', '1@..', '1a', '*', '1'.repeat(21)]) {
    refusesInode(t, inode)
  }
  t.notThrows(() => decodeRequest(wanting({ inode: '0' })))
  t.notThrows(() => decodeRequest(wanting({ inode: '18446744073709551615@a/b' })))
})

test('what is larger than the limits is not even sent', (t) => {
  wontSend(t, { type: 'want', want: { ...WANT, path: 'x'.repeat(16_385) } }, 'TOO_LARGE')
  wontSend(t, { type: 'want', want: { ...WANT, volume: 'x'.repeat(256) } }, 'TOO_LARGE')
  wontSend(t, { type: 'holding', keys: Array(1_025).fill('k'.repeat(32)) }, 'TOO_LARGE')
  wontSend(t, { type: 'holding', keys: ['short'] }, 'MALFORMED')
  wontSend(t, { type: 'want', want: { ...WANT, path: 'caf\u0142' } }, 'MALFORMED')
  wontSend(t, { type: 'want', want: { ...WANT, index: -1 } }, 'MALFORMED')
  const paths = Array<string>(450).fill('x'.repeat(4_000))
  wontSend(t, { type: 'warm', volume: 'v', paths, trace: '' }, 'TOO_LARGE')
  const bytes = new Uint8Array(4 * 1024 * 1024 + 1)
  const block = { stamp: 1, version: 1, checksum: 1, bytes }
  const reply: Reply = { type: 'answer', answer: { type: 'block', block } }
  t.throws(() => encodeReply(reply), { code: 'TOO_LARGE' })
})

test('what is larger than the limits is refused without being read', (t) => {
  t.throws(() => decodeRequest(new Uint8Array(1536 * 1024 + 1)), { code: 'TOO_LARGE' })
  t.throws(() => decodeReply(Uint8Array.of(2), new Uint8Array(4 * 1024 * 1024 + 1)), {
    code: 'TOO_LARGE',
  })
  t.throws(() => decodeGossip(new Uint8Array(600 * 1024)), { code: 'TOO_LARGE' })
  // A count that no message of this length can hold, made to allocate.
  t.throws(() => decodeReply(Uint8Array.of(6, 0xff, 0x07)), { code: 'MALFORMED' })
})

test('a number has one encoding, and numbers are finite', (t) => {
  t.throws(() => decodeRequest(Uint8Array.of(1, 0x80, 0x00)), { code: 'MALFORMED' })
  const bytes = Buffer.from(wanting({}))
  bytes.writeDoubleLE(Number.NaN, bytes.length - 16)
  t.throws(() => decodeRequest(bytes), { code: 'MALFORMED' })
  bytes.writeDoubleLE(1, bytes.length - 16)
  bytes.writeDoubleLE(-1, bytes.length - 8)
  t.throws(() => decodeRequest(bytes), { code: 'MALFORMED' })
})

test('a payload comes with a block only', (t) => {
  t.throws(() => decodeReply(Uint8Array.of(8), new Uint8Array(1)), { code: 'MALFORMED' })
})

test('the text of a failure is cut to fit', (t) => {
  const { head } = encodeReply({ type: 'failed', code: 'EIO', message: 'é'.repeat(2_000) })
  const decoded = decodeReply(head)
  t.true(decoded.type === 'failed' && decoded.message === 'é'.repeat(512))
})
