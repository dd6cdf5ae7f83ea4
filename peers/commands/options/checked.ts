import { InvalidArgumentError } from 'commander'

/** Commander adds which option and which value; our parsers say the rest. */
export function checked<T>(parse: (text: string) => T): (text: string) => T {
  return (text) => {
    try {
      return parse(text)
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error)
      throw new InvalidArgumentError(`It ${reason}.`)
    }
  }
}
