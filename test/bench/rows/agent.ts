import type { Target } from '../drivers/orders.ts'
import type { Row } from '../row.ts'
import { type Agent, hosted } from '../stage/agent.ts'
import { drivers, times } from './contenders.ts'
import { overhead } from './requests.ts'

const notes = ['undici asks the agent too.']
const reasons = { undici: overhead }

export const agentUnix: Row = {
  name: 'agent-unix',
  title: `Agent: list of ${hosted} instances, unix socket`,
  unit: 'ms',
  notes,
  reasons,
  rounds: { full: 15, quick: 5 },
  prepare: (stage) => listed(stage, (agent) => agent.unix),
}

export const agentTls: Row = {
  name: 'agent-tls',
  title: `Agent: list of ${hosted} instances, mTLS`,
  unit: 'ms',
  notes,
  reasons,
  rounds: { full: 15, quick: 5 },
  prepare: (stage) => listed(stage, (agent) => agent.tls),
}

async function listed(stage: Parameters<Row['prepare']>[0], choose: (agent: Agent) => Target) {
  const { ours, rivals, end } = await drivers(stage, choose(await stage.agent()), ['undici'])
  return { ours: times(ours, 'list', {}, 40), rivals: { undici: times(rivals.undici, 'list', {}, 40) }, end }
}
