import type { Api, CallOptions } from '../operations/api.ts'
import type { Operation } from '../operations/operation.ts'
import { Named } from './named.ts'
import type { Profile, ProfilePut, ProfilesPost, Project, ProjectPut, ProjectState, ProjectsPost } from './types.ts'

export class LxdProjects extends Named<Project, ProjectsPost, ProjectPut> {
  constructor(api: Api) {
    super(api, '/1.0/projects')
  }

  /** It has to be empty. */
  rename(name: string, to: string, options?: CallOptions): Promise<Operation> {
    return this.api.start('POST', this.at(name), { body: { name: to }, ...options })
  }

  /** What its limits are, and how much of each is used. */
  state(name: string, options?: CallOptions): Promise<ProjectState> {
    return this.api.get(`${this.at(name)}/state`, {}, options)
  }
}

export class LxdProfiles extends Named<Profile, ProfilesPost, ProfilePut> {
  constructor(api: Api) {
    super(api, '/1.0/profiles')
  }

  async rename(name: string, to: string, options?: CallOptions): Promise<void> {
    await this.api.send('POST', this.at(name), { body: { name: to }, ...options })
  }
}
