import test from 'ava'
import { INIT } from '../../../fuse/protocol/flags.ts'
import { MAX_IO_BYTES, negotiate, replyToInit } from '../../../fuse/protocol/negotiate.ts'

const ALL = 0xffff_ffff
const options = {
  readAheadBytes: MAX_IO_BYTES,
  zeroMessageOpens: false,
  isWritable: false,
  writeBack: false,
  isStrict: false,
}
const offer = { major: 7, minor: 45, maxReadahead: 131072, flags: ALL, flags2: ALL }

test('With a new kernel reads are 1 MiB and names are dropped by epoch', (t) => {
  const agreement = negotiate(offer, options)
  if (agreement.type !== 'agreed') return t.fail()
  t.like(agreement, { hasEpoch: true, hasExpireOnly: true })
  t.like(agreement.init, { minor: 45, maxPages: 256, maxWrite: 1 << 20 })
  t.is(agreement.init.flags & (INIT.NO_OPEN_SUPPORT | INIT.NO_OPENDIR_SUPPORT), 0)
})

test('Only what the kernel offers is taken', (t) => {
  const agreement = negotiate({ ...offer, minor: 31, flags: INIT.ASYNC_READ }, options)
  if (agreement.type !== 'agreed') return t.fail()
  t.like(agreement, { hasEpoch: false, hasExpireOnly: false })
  t.like(agreement.init, { minor: 31, flags: INIT.ASYNC_READ, flags2: 0 })
})

test('A newer minor version than ours is answered with ours', (t) => {
  const agreement = negotiate({ ...offer, minor: 99 }, options)
  t.is(agreement.type === 'agreed' && agreement.init.minor, 45)
})

test('Another major version is asked to try again, an old kernel is refused', (t) => {
  t.deepEqual(replyToInit(negotiate({ ...offer, major: 8 }, options)), { type: 'version' })
  t.deepEqual(negotiate({ ...offer, minor: 30 }, options), { type: 'too-old' })
  t.deepEqual(negotiate({ ...offer, major: 6 }, options), { type: 'too-old' })
  t.deepEqual(replyToInit({ type: 'too-old' }), { type: 'status', errno: 71 })
})

test('Opens without messages are taken where they are wanted and offered', (t) => {
  const wishes = { ...options, zeroMessageOpens: true }
  const both = { hasZeroMessageOpens: true, hasZeroMessageOpendirs: true }
  const neither = { hasZeroMessageOpens: false, hasZeroMessageOpendirs: false }
  t.like(negotiate(offer, wishes), both)
  t.like(negotiate(offer, options), neither)
  t.like(negotiate({ ...offer, flags: 0 }, wishes), neither)
  const old = { ...offer, flags: INIT.NO_OPEN_SUPPORT }
  t.like(negotiate(old, wishes), { ...both, hasZeroMessageOpendirs: false })
})

test('What is written to keeps its pages, its locks and its opens', (t) => {
  const flagsOf = (wishes: object) => {
    const agreement = negotiate(offer, { ...options, ...wishes })
    return agreement.type === 'agreed' ? agreement.init.flags : 0
  }
  const readOnly = flagsOf({})
  t.not(readOnly & INIT.AUTO_INVAL_DATA, 0)
  t.is(readOnly & (INIT.EXPLICIT_INVAL_DATA | INIT.POSIX_LOCKS | INIT.WRITEBACK_CACHE), 0)
  const written = flagsOf({ isWritable: true, zeroMessageOpens: true })
  t.is(written & (INIT.AUTO_INVAL_DATA | INIT.NO_OPEN_SUPPORT | INIT.WRITEBACK_CACHE), 0)
  const wanted = INIT.EXPLICIT_INVAL_DATA | INIT.POSIX_LOCKS | INIT.FLOCK_LOCKS | INIT.DONT_MASK
  t.is(written & wanted, wanted)
  t.not(flagsOf({ isWritable: true, writeBack: true }) & INIT.WRITEBACK_CACHE, 0)
  const strict = flagsOf({ isWritable: true, isStrict: true, writeBack: true })
  t.is(strict & (INIT.EXPLICIT_INVAL_DATA | INIT.WRITEBACK_CACHE), 0)
  t.not(strict & INIT.AUTO_INVAL_DATA, 0)
})
