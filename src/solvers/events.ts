/**
 * Events: option `events`. A trigger is data that the native loop evaluates at every iteration; it ends the native run
 * there, the facade changes the factors, and a new native run goes on from them.
 */
import * as check from '../checks';
import { LowrankError } from '../errors';
import { Matrix } from '../matrix';
import { factorSvd, product, truncate } from './factor-arithmetic';
import type { Factors, Model } from './result';

/** At iteration `iteration` (0: the start), or as soon as the relative training residual is at or below `residual`. */
export type When = { readonly iteration: number } | { readonly residual: number };

/**
 * The one-step modification of arXiv 2310.01769, section 5: thin SVD F = P S Q^T, then F <- beta P, G <- G Q S / beta. The
 * product stays what it is; afterwards F^T F = beta^2 I, and the noise decays by 1 - eta beta^2 in every iteration of
 * gradient descent. With a symmetric model there is no second factor to move the singular values to.
 */
export interface RebalanceEvent {
  readonly kind: 'rebalance';
  readonly when: When;
  /** A positive number, or c times the root of the spectral norm of F G^T; default { ofNorm: 1 }. */
  readonly beta?: number | { readonly ofNorm: number } | undefined;
}

/** Keeps the best rank-`rank` part of the estimate, as balanced factors with `rank` columns. */
export interface PruneEvent {
  readonly kind: 'prune';
  readonly when: When;
  /** 1 .. the columns of the factors then, at most min(n1, n2). */
  readonly rank: number;
}

export type SolveEvent = RebalanceEvent | PruneEvent;

/** What an event did: after iteration `iteration`, at the relative training residual `residual`. */
export type EventRecord =
  | { readonly kind: 'rebalance'; readonly iteration: number; readonly residual: number; readonly beta: number }
  | { readonly kind: 'prune'; readonly iteration: number; readonly residual: number; readonly rank: number };

interface Trigger {
  /** -1: none. */
  readonly iteration: number;
  /** 0: none. */
  readonly residual: number;
}

export type ResolvedEvent = { readonly when: Trigger } & (
  | { readonly kind: 'rebalance'; readonly beta: number; readonly relative: boolean }
  | { readonly kind: 'prune'; readonly rank: number }
);

const KEYS = { rebalance: ['kind', 'when', 'beta'], prune: ['kind', 'when', 'rank'] } as const;
const ALL_KEYS = [...new Set([...KEYS.rebalance, ...KEYS.prune])];

/** @throws LowrankError INVALID_ARGUMENT */
export function resolveEvents(
  value: unknown,
  model: Model,
  rank: number,
  shape: readonly [number, number],
): readonly ResolvedEvent[] {
  if (value === undefined) return [];
  if (!Array.isArray(value)) {
    throw check.refused('an array of events', 'events', value === null ? 'null' : `a value of type ${typeof value}`);
  }
  let columns = rank;
  return value.map((one: unknown, i) => {
    const event = resolveEvent(one, `events[${i}]`, model, Math.min(columns, ...shape));
    if (event.kind === 'prune') columns = event.rank;
    return event;
  });
}

function resolveEvent(value: unknown, name: string, model: Model, mostRank: number): ResolvedEvent {
  const given = check.optionsObject(value, name, ALL_KEYS, { at: 'when', scale: 'beta', k: 'rank' });
  const kind = check.oneOf(given['kind'], `${name}.kind`, ['rebalance', 'prune']);
  check.optionsObject(given, `${name} of kind '${kind}'`, KEYS[kind]);
  const when = readWhen(given['when'], `${name}.when`);
  if (kind === 'prune') return { kind, when, rank: check.positiveInteger(given['rank'], `${name}.rank`, mostRank) };
  if (model === 'symmetric') {
    throw new LowrankError(
      'INVALID_ARGUMENT',
      `Expected the asymmetric model for ${name} of kind 'rebalance': in U U^T there is no second factor to rebalance with.`,
    );
  }
  const { beta } = given;
  if (beta === undefined) return { kind, when, beta: 1, relative: true };
  if (typeof beta !== 'object') {
    return { kind, when, beta: check.positiveNumber(beta, `${name}.beta`), relative: false };
  }
  const { ofNorm } = check.optionsObject(beta, `${name}.beta`, ['ofNorm']);
  return { kind, when, beta: check.positiveNumber(ofNorm, `${name}.beta.ofNorm`), relative: true };
}

function readWhen(value: unknown, name: string): Trigger {
  const given = check.optionsObject(value, name, ['iteration', 'residual']);
  const { iteration, residual } = given;
  if ((iteration === undefined) === (residual === undefined)) {
    throw check.refused('either { iteration } or { residual }', name, iteration === undefined ? 'neither' : 'both');
  }
  if (iteration !== undefined) return { iteration: check.integer(iteration, `${name}.iteration`, 0), residual: 0 };
  return { iteration: -1, residual: check.positiveNumber(residual, `${name}.residual`) };
}

/** The factors after an event, and what it was. */
export async function applyEvent(
  event: ResolvedEvent,
  factors: Factors,
  at: { readonly iteration: number; readonly residual: number },
): Promise<{ factors: Factors; record: EventRecord }> {
  if (event.kind === 'prune') {
    const svd = await factorSvd(factors);
    const pruned = truncate(svd, event.rank, factors.right === factors.left);
    return { factors: pruned, record: { kind: 'prune', ...at, rank: event.rank } };
  }
  let { beta } = event;
  if (event.relative) {
    const norm = (await factorSvd(factors)).values[0] ?? 0;
    if (!(norm > 0)) {
      throw new LowrankError(
        'NUMERICAL',
        `The rebalancing at iteration ${at.iteration} takes beta from the norm of F G^T, which is 0: give beta as a number.`,
      );
    }
    beta *= Math.sqrt(norm);
  }
  return { factors: await rebalance(factors, beta), record: { kind: 'rebalance', ...at, beta } };
}

/**
 * F <- beta P, G <- G Q S / beta for the thin SVD F = P S Q^T. A zero singular value keeps its column of P (any orthonormal
 * completion will do) and gives G a zero column. With more columns than rows, what is beyond the rows becomes zero in
 * both factors.
 */
export async function rebalance({ left, right }: Factors, beta: number): Promise<Factors> {
  const k = left.cols;
  // F I^T: the SVD of F itself, off the event loop.
  const { left: p, values, right: q } = await factorSvd({ left, right: identity(k) });
  const t = values.length;
  const newLeft = Matrix.zeros(left.rows, k);
  for (let i = 0; i < left.rows; i++) {
    for (let j = 0; j < t; j++) newLeft.data[i * k + j] = beta * p.data[i * t + j]!;
  }
  const turned = await product({ left: right, right: transposed(q) }, false); // G Q
  const newRight = Matrix.zeros(right.rows, k);
  for (let i = 0; i < right.rows; i++) {
    for (let j = 0; j < t; j++) newRight.data[i * k + j] = (turned.data[i * t + j]! * values[j]!) / beta;
  }
  return { left: newLeft, right: newRight };
}

function identity(n: number): Matrix {
  const out = Matrix.zeros(n, n);
  for (let i = 0; i < n; i++) out.data[i * n + i] = 1;
  return out;
}

function transposed(a: Matrix): Matrix {
  const out = Matrix.zeros(a.cols, a.rows);
  for (let i = 0; i < a.rows; i++) {
    for (let j = 0; j < a.cols; j++) out.data[j * a.rows + i] = a.data[i * a.cols + j]!;
  }
  return out;
}
