// `npm run check`: what needs no LXD and takes seconds.
import { dirname } from 'node:path'
import { checks } from './checks.ts'
import { attempt } from './command.ts'

const cwd = dirname(import.meta.dirname)
for (const { name, program, args } of checks) {
  const { code, stdout, stderr } = await attempt(program, args, { cwd })
  console.log(`── ${name} ${code === 0 ? '•' : `✘\n${stdout}${stderr}`}`)
  if (code !== 0) process.exitCode = 1
}
