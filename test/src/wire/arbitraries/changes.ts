// What is asked of a source that can be written to.
import fc from 'fast-check'
import type { At, Change, Target } from '../../../../src/ports/writable-source.ts'
import { count, inode, is, name, nanos, path } from './basics.ts'

const u32 = fc.nat(0xffff_ffff)
const mode = fc.nat(0o7777)
export const bytes = fc.uint8Array({ maxLength: 200 })
export const handle = fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER })
const at: fc.Arbitrary<At> = fc.record({ directory: inode, path, name })
const target: fc.Arbitrary<Target> = fc.oneof(
  fc.record({ inode, path }),
  fc.record({ inode, path, handle }),
)
const span = fc.record({ handle, from: count })
const how = fc.record({
  access: fc.constantFrom('read', 'write', 'both'),
  append: fc.boolean(),
  truncate: fc.boolean(),
  direct: fc.boolean(),
})
const time = fc.oneof(
  fc.constant('now'),
  fc.record({ seconds: fc.maxSafeInteger().map((it) => it + 0), nanos }),
)
const attributeChanges = fc.record(
  { mode, uid: u32, gid: u32, size: count, atime: time, mtime: time },
  { requiredKeys: [] },
)
const node = fc.record({
  type: fc.constantFrom('file', 'fifo', 'socket', 'block', 'character'),
  mode,
  rdev: count,
})
export const change = fc.oneof(
  fc.record({ type: is('create'), at, mode, isExclusive: fc.boolean(), how }),
  fc.record({ type: is('mknod'), at, node }),
  fc.record({ type: is('mkdir'), at, mode }),
  fc.record({ type: is('symlink'), at, target: path }),
  fc.record({ type: is('link'), from: target, at }),
  fc.record({ type: fc.constantFrom('unlink', 'rmdir'), at }),
  fc.record({
    type: is('rename'),
    from: at,
    at,
    mode: fc.constantFrom('replace', 'no-replace', 'exchange'),
  }),
  fc.record({ type: is('setattr'), on: target, changes: attributeChanges }),
  fc.record({
    type: is('setxattr'),
    on: target,
    name,
    value: bytes,
    mode: fc.constantFrom('set', 'create', 'replace'),
  }),
  fc.record({ type: is('removexattr'), on: target, name }),
  fc.record({ type: is('open'), on: target, how }),
  fc.record({ type: is('tmpfile'), on: target, mode, how }),
  fc.record({ type: is('sync-directory'), on: target }),
  fc.record({ type: is('read'), of: span, length: fc.nat(4_194_304) }),
  fc.record({ type: is('write'), of: span, bytes, isAppend: fc.boolean() }),
  fc.record({
    type: is('allocate'),
    of: span,
    length: count,
    how: fc.constantFrom('extend', 'keep-size', 'punch-hole', 'zero', 'zero-keep-size'),
  }),
  fc.record({ type: is('copy'), of: span, to: span, length: count }),
  fc.record({ type: is('seek'), of: span, for: fc.constantFrom('data', 'hole') }),
  fc.record({ type: is('sync'), handle, dataOnly: fc.boolean() }),
  fc.record({ type: is('close'), handle }),
) as fc.Arbitrary<Change>

export const caller = fc.record({
  uid: u32,
  gid: u32,
  groups: fc.array(u32, { maxLength: 5 }),
  umask: mode,
})
