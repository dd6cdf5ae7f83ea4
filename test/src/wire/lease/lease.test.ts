import test from 'ava'
import type { LeaseQuestion } from '../../../../src/ports/leases/lease-messages.ts'
import { encodeReply } from '../../../../src/wire/reply.ts'
import { encodeRequest } from '../../../../src/wire/request.ts'

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')

const ASK = {
  step: 'ask',
  epoch: 1,
  roll: 2,
  session: 3,
  kind: 'sole',
  isPatient: true,
  volume: 'v',
  inodes: ['7'],
} as const satisfies LeaseQuestion

test('the bytes of leases stay what they are', (t) => {
  t.is(
    hex(encodeRequest({ type: 'lease', question: ASK })),
    `0c00010203${'0101'}${'0176'}01${'0137'}`,
  )
  const recall = { step: 'recall', epoch: 1, volume: 'v', inode: '7', turn: 5 } as const
  const question = { ...recall, keeps: 'nothing' } as const
  t.is(hex(encodeRequest({ type: 'lease', question })), `0c0201${'0176'}${'0137'}0501`)
  const head = { publisher: '12D3', epoch: 1, number: 9 }
  const given = encodeReply({ type: 'lease', answer: { type: 'given', head } })
  t.is(hex(given.head), `0f0101${'0431324433'}0109`)
})

test('more inodes than a question may have are not sent', (t) => {
  const inodes = Array<string>(513).fill('7')
  const question = { ...ASK, inodes }
  t.throws(() => encodeRequest({ type: 'lease', question }), { code: 'TOO_LARGE' })
})
