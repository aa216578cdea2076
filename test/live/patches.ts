// What the agent says of its patches, and what it is told to do about them.
import type { Order, PatchState } from '../../packages/edge-agent/src/operator/patch.ts'
import { order, readPatches } from '../../packages/edge-agent/src/operator/patch.ts'
import type { Edge } from './edge.ts'

export const told = (edge: Edge): Promise<PatchState> => readPatches(edge.ams)
export const patches = (edge: Edge, body: Order): Promise<PatchState> => order(edge.ams, body)
