// Writes the pages of this folder that are made of the code; `npm run generate` runs it.
import { writeFileSync } from 'node:fs'
import { generatedPages, generatePage } from './generated.ts'

for (const file of generatedPages) writeFileSync(file, await generatePage(file))
