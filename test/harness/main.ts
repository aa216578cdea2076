// The process of one test file: `node main.ts FILE`.
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { start } from './index.ts'

await import(pathToFileURL(resolve(process.argv[2] ?? '')).href)
await start()
