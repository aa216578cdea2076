import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

const execute = promisify(execFile)

/**
 * Runs a program to its end and gives what it wrote to stdout.
 *
 * @throws Error with the program's own words when it fails
 */
export async function run(program: string, args: string[], cwd?: string): Promise<string> {
  try {
    const env = { ...process.env, LC_ALL: 'C', DEBIAN_FRONTEND: 'noninteractive' }
    return (await execute(program, args, { cwd, env, maxBuffer: 64 << 20 })).stdout
  } catch (error) {
    const said = (error as { stderr?: string }).stderr?.trim()
    throw new Error(`${program} ${args.join(' ')} failed: ${said || (error as Error).message}`, { cause: error })
  }
}
