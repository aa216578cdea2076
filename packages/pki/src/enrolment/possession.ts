// Proof that whoever sent a request holds its private key: the word of OpenSSL's own reading of the request, beside ours.
import { execFile } from 'node:child_process'
import { createPublicKey } from 'node:crypto'
import { OpensslMissingError } from '../errors.ts'
import type { Csr } from './csr.ts'
import { Gate } from './gate.ts'

const timeoutMs = 5_000
/** Processes at once, and requests that may wait for one. */
const gate = new Gate(2, 64)

/**
 * Whether OpenSSL finds the request to be signed with the private key that belongs to the public key we read in it.
 * @throws {BusyError} when too many requests wait
 * @throws {OpensslMissingError} without the `openssl` command
 */
export function provesPossession(csr: Csr): Promise<boolean> {
  return gate.pass(async () => {
    const { output, notes } = await openssl(csr.der)
    if (!/self-signature verify OK\n|^verify OK\n/m.test(notes) || /failure/.test(notes)) return false
    try {
      return createPublicKey(output).equals(csr.publicKey)
    } catch {
      return false
    }
  })
}

function openssl(der: Buffer): Promise<{ output: string; notes: string }> {
  return new Promise((resolve, reject) => {
    const child = execFile(
      'openssl',
      ['req', '-inform', 'DER', '-verify', '-noout', '-pubkey'],
      // No OPENSSL_CONF of the caller. A limit on what it may say is a limit on our memory.
      { timeout: timeoutMs, maxBuffer: 65_536, env: { PATH: process.env.PATH, LC_ALL: 'C' } },
      (error, output, notes) => {
        if (error?.code === 'ENOENT') reject(new OpensslMissingError({ cause: error }))
        // Its exit status is 0 for a wrong signature up to OpenSSL 3.1 and 1 from then on: its words are looked at.
        else resolve({ output, notes })
      },
    )
    // It may end before it has read everything.
    child.stdin?.on('error', () => {})
    child.stdin?.end(der)
  })
}
