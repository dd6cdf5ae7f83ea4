// Wakes a thread of ours that sleeps in a system call, by a signal whose handler does nothing: the
// call then fails with EINTR. Node can neither send a signal to one thread nor install a handler
// without SA_RESTART, which would put the thread back to sleep.
import koffi from 'koffi'

/** A real-time signal that neither the C library (32 to 34), nor V8, nor libuv uses. */
const SIGNAL = 50

/** The system call's number: x64 has a table of its own, the architectures after it share one. */
const SYS_TGKILL = process.arch === 'x64' ? 234 : 131

/** `struct sigaction` of glibc and musl: handler, mask of 128 bytes, flags, restorer. */
const SIGACTION_BYTES = 152

const library = koffi.load(null)
const sigaction = library.func('sigaction', 'int', ['int', 'void *', 'void *'])
// tgkill(2) itself is not in the C libraries of systems that are still in use.
const syscall = library.func('syscall', 'long', ['long', 'long', 'long', 'long'])

let isHandled = false

/** The handler is a function that may run anywhere and changes nothing: getpid(2). */
function handleSignal(): void {
  if (isHandled) return
  const action = Buffer.alloc(SIGACTION_BYTES)
  action.writeBigUInt64LE(koffi.address(library.symbol('getpid')), 0)
  isHandled = sigaction(SIGNAL, action, null) === 0
}

/**
 * Interrupts what a thread of this process is waiting for, if it waits now: one that is just about
 * to must be told again. Does nothing to a thread that has ended.
 */
export function wakeThread(threadId: number): void {
  handleSignal()
  // Without the handler this signal would end the process.
  if (isHandled && threadId > 0) syscall(SYS_TGKILL, process.pid, threadId, SIGNAL)
}
