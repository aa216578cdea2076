// A rotation across real servers, with a client at each of them that never stops asking. Every failure must fall into a
// restart that the plan announced.
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Table } from '../services/table.ts'
import { type Failure, Loop } from './loop.ts'
import { Operator, type Step } from './operator.ts'
import { Plant } from './plant.ts'

const services = ['nats', 'etcd', 'lxd', 'edge'] as const
/** Milliseconds between two requests of a loop. */
const [pauseNew, pauseKept] = [80, 40]

type Entered = { name: string; at: number }

export class Trial implements AsyncDisposable {
  readonly operator: Operator
  readonly plant: Plant
  readonly #folder: string
  readonly #loops: Loop[]
  readonly #entered: Entered[] = []
  readonly #announced = new Set<string>()
  kills = 0

  private constructor(folder: string, plant: Plant, operator: Operator) {
    this.#folder = folder
    this.plant = plant
    this.operator = operator
    this.#loops = services.flatMap((service) => [
      new Loop(service, 'new', () => plant.ask(service), pauseNew),
      new Loop(service, 'kept', () => plant.askKept(service), pauseKept),
    ])
  }

  static async start(): Promise<Trial> {
    const folder = mkdtempSync(join(tmpdir(), 'rotation-'))
    const plant = await Plant.start(folder).catch((error) => {
      rmSync(folder, { recursive: true, force: true })
      throw error
    })
    return new Trial(folder, plant, await Operator.start(plant, folder))
  }

  /** Begins a rotation; what it announces counts from now on. */
  async begin(...words: string[]): Promise<Step> {
    this.#announced.clear()
    const { announced = [] } = await this.operator.rotate(...words, '--announce')
    for (const { consumer, need } of announced) if (need === 'restart') this.#announced.add(consumer)
    return this.#note(await this.operator.rotate(...words), words.join(' '))
  }

  /** Goes on to a phase, or to the end. */
  async until(stage: string): Promise<Step> {
    for (;;) {
      const step = await this.go('next')
      if (step.stage === stage || step.ended) return step
    }
  }

  go(word: 'next' | 'abort' | 'resume'): Promise<Step> {
    return this.operator.rotate(word, '--apply').then((step) => this.#note(step))
  }

  /** Goes on to the end with processes of which so many are killed at random moments. */
  async killedUntilEnd(kills: number): Promise<void> {
    for (let left = kills; ; ) {
      let step: Step | undefined
      try {
        step = await this.operator.try(['next', '--apply'], left > 0 ? 300 + Math.random() * 1_500 : undefined)
      } catch (error) {
        // The one that was killed had come to the end.
        if (!/rotation_missing/.test(String(error))) throw error
        return
      }
      if (step === undefined) {
        left -= 1
        this.kills += 1
      } else if (this.#note(step).ended) return
    }
  }

  #note(step: Step, what = ''): Step {
    const name = [what, step.stage, step.direction === 'back' ? '(back)' : '', step.ended ?? '']
      .filter(Boolean)
      .join(' ')
    this.#entered.push({ name, at: Date.now() })
    return step
  }

  /** What was not answered and is not excused by a restart. */
  get failures(): Failure[] {
    return this.#loops.flatMap(({ failures }) => failures).filter((failure) => !this.#excused(failure))
  }

  #excused(failure: Failure): boolean {
    return this.#inRestart(failure) || this.#atReload(failure)
  }

  #inRestart({ service, from, to }: Failure): boolean {
    return this.plant.restarts.some((one) => one.service === service && from <= one.to && to >= one.from)
  }

  /** nats-server refuses who is in the middle of connecting at the moment of SIGHUP; its clients try again. */
  #atReload({ service, from, to, reason }: Failure): boolean {
    const met = this.plant.reloads.some((one) => one.service === service && from <= one.to && to >= one.from)
    return met && reason.includes('Authorization Violation')
  }

  /** Ends the loops and says what they met with, phase by phase. */
  async judge(): Promise<string> {
    await Promise.all(this.#loops.map((loop) => loop.stop()))
    for (const { service } of this.plant.restarts)
      assert.ok(this.#announced.has(service), `${service} was restarted, and nobody had announced it`)
    const names = this.#entered.map(({ name }, index) => `${index + 1} ${name}`)
    const table = new Table([...this.#loops.map(({ name }) => name), 'restarts'], [...names, 'requests'])
    for (const [index, name] of names.entries()) {
      // A phase lasts from the end of the command before to the end of its own.
      const [from, to] = [this.#entered[index - 1]?.at ?? 0, this.#entered[index]?.at ?? 0]
      const within = (time: number) => time > from && time <= to
      for (const loop of this.#loops) {
        const met = loop.failures.filter((failure) => within(failure.to))
        const [restart, reload] = [met.filter((one) => this.#inRestart(one)), met.filter((one) => this.#atReload(one))]
        const failed = met.filter((failure) => !this.#excused(failure))
        const cell = [
          failed.length > 0 ? `${failed.length} FAILED` : '0',
          restart.length > 0 ? `(${restart.length} in restart)` : '',
          reload.length > 0 ? `(${reload.length} at SIGHUP)` : '',
        ]
        table.set(name, loop.name, cell.filter(Boolean).join(' '))
      }
      const restarted = this.plant.restarts.filter((one) => within(one.from))
      table.set(
        name,
        'restarts',
        restarted.map((one) => `${one.service} ${((one.to - one.from) / 1000).toFixed(1)} s`).join(', ') || '–',
      )
    }
    for (const loop of this.#loops) table.set('requests', loop.name, String(loop.requests))
    return table.toString()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#loops.map((loop) => loop.stop()))
    await this.operator[Symbol.asyncDispose]()
    await this.plant[Symbol.asyncDispose]()
    rmSync(this.#folder, { recursive: true, force: true })
  }
}
