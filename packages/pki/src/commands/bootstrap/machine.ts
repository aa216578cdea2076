import { type Bootstrapped, bootstrapFrom, bootstrapWith, readBundle } from '../../bootstrap/machine.ts'
import { InvalidRequestError } from '../../errors.ts'
import { readPrivate } from '../private-input.ts'
import { noteKey, type Report } from '../report.ts'

type Options = { stdin?: boolean; wait?: number; replace?: boolean }

const longestBundle = 1024 * 1024

export async function bootstrapMachine(directory: string, { stdin, wait = 0, replace }: Options): Promise<Report> {
  const options = {
    patienceMs: wait * 1000,
    ...(replace !== undefined && { replace }),
    onKey: (type: Parameters<typeof noteKey>[1]) => noteKey('the machine', type),
    onPause: (error: Error, pauseMs: number) =>
      process.stderr.write(`${error.message}; again in ${Math.ceil(pauseMs / 1000)} s …\n`),
  }
  if (stdin) {
    const text = await readPrivate({ stdin }, { what: 'bundle', longest: longestBundle })
    if (text === undefined) throw new InvalidRequestError('there is nothing on standard input')
    return reportOf(await bootstrapWith(readBundle(text), options))
  }
  const done = await bootstrapFrom(directory, options)
  if (!done) return { text: [`There is no token in ${directory}: nothing is to be done`], json: { state: 'done' } }
  return reportOf(done)
}

function reportOf({ enrolled, scrubbed }: Bootstrapped): Report {
  const { state, url, credential, paths, renewAt } = enrolled
  const { fingerprint, serial, notAfter } = credential
  for (const path of scrubbed.left)
    process.stderr.write(`${path} cannot be written and holds the token still: take it out, or delete it\n`)
  return {
    text: [
      state === 'kept' ? 'The machine is enrolled already' : `Enrolled the machine at ${url}`,
      `Certificate: ${paths.certificate}`,
      `SHA-256:     ${fingerprint}`,
      `Ends on:     ${notAfter.toISOString()}`,
      ...scrubbed.scrubbed.map((path) => `Token removed from ${path}`),
    ],
    json: { state, url, serial, fingerprint, notAfter, renewAt, files: paths, ...scrubbed },
  }
}
