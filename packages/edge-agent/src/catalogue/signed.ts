// Lists of an image server that are signed: gpgv, which Debian's apt trusts too, says whether by a key of the keyring.
import { spawn } from 'node:child_process'
import { buffer, text } from 'node:stream/consumers'

/** @returns what verifies a clear-signed text and returns what was signed; it throws where no key of the keyring signed it. */
export function openerOf(keyring: string): (signed: Buffer) => Promise<Buffer> {
  return async (signed) => {
    const gpgv = spawn('gpgv', ['--quiet', '--keyring', keyring, '--output', '-', '-'], {
      stdio: ['pipe', 'pipe', 'pipe'],
    })
    const ended = new Promise<number | null>((resolve, reject) => gpgv.once('error', reject).once('close', resolve))
    // It may end before it has read everything.
    gpgv.stdin.on('error', () => {}).end(signed)
    const [code, content, said] = await Promise.all([ended, buffer(gpgv.stdout), text(gpgv.stderr)])
    if (code === 0) return content
    throw new Error(`the image server's list is not signed by a key of ${keyring}: ${said.trim().split('\n').at(-1)}`)
  }
}
