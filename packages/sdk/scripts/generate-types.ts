// Writes the SDK's types from its own contracts.
//   node packages/sdk/scripts/generate-types.ts
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import openapiTS, { astToString } from 'openapi-typescript'

const sdk = join(import.meta.dirname, '..')

export type Contract = {
  /** The OpenAPI document. */
  document: string
  /** The committed file with its types. */
  types: string
}
export const contracts: Contract[] = [
  { document: join(sdk, 'contracts/ams.yaml'), types: join(sdk, 'src/ams/types.generated.ts') },
  { document: join(sdk, 'contracts/gateway.yaml'), types: join(sdk, 'src/gateway/types.generated.ts') },
]

/** The types of one contract, as they should be committed. @throws {Error} when it is not a valid OpenAPI 3 document. */
export async function generateTypes(contract: Contract): Promise<string> {
  const types = await openapiTS(await readFile(contract.document, 'utf8'), {
    alphabetize: true,
    rootTypes: true,
    rootTypesNoSchemaPrefix: true,
    rootTypesKeepCasing: true,
  })
  const origin = contract.document.slice(sdk.length + 1)
  return `// Generated from ${origin} by scripts/generate-types.ts. Not to be edited.\n\n${astToString(types)}`
}

if (import.meta.main) {
  for (const contract of contracts) await writeFile(contract.types, await generateTypes(contract))
}
