// Every row, in the order of the table.
import type { Row } from '../row.ts'
import { agentTls, agentUnix } from './agent.ts'
import { idleMemory, importTime } from './client.ts'
import { event } from './event.ts'
import { execAgent, execTrue } from './exec.ts'
import { pull, push } from './files.ts'
import { importLarge, importSmall } from './images.ts'
import { issueP256, issueRsa } from './issue.ts'
import { launch, launchAgent } from './launch.ts'
import { launchMany } from './launch-many.ts'
import { launchFiles, launchPaused, launchPrepared } from './launch-warm.ts'
import { output, outputAgent, outputAgentMemory, outputMemory } from './output.ts'
import { getTls, getUnix, list } from './requests.ts'

export const rows: Row[] = [
  getUnix,
  getTls,
  list,
  event,
  execTrue,
  output,
  outputMemory,
  push,
  pull,
  importSmall,
  importLarge,
  launch,
  launchAgent,
  launchPrepared,
  launchPaused,
  launchFiles,
  launchMany,
  agentUnix,
  agentTls,
  execAgent,
  outputAgent,
  outputAgentMemory,
  issueRsa,
  issueP256,
  importTime,
  idleMemory,
]
