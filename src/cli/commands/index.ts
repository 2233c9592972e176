/** The commands, in the order of `lowrank --help`. A new command is one file beside this one and one line here. */
import type { CliCommand } from '../command';
import { doctor } from './doctor';
import { experiment } from './experiment';
import { predict } from './predict';
import { recover } from './recover';

export const commands: readonly CliCommand[] = [recover, experiment, predict, doctor];
