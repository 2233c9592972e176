/**
 * What a named experiment is: parameters with defaults, a run, and a claim with its acceptance rule as code. One file an
 * experiment, one line in `index.ts`. A rule is a law (a formula, an exponent, an order), never a number once recorded.
 */

/** A parameter that `--set name=value` can change. `quick` is its value under `--quick`. */
export interface Parameter {
  readonly description: string;
  readonly kind: 'number' | 'integer' | 'numbers' | 'integers';
  readonly default: number | readonly number[];
  readonly quick?: number | readonly number[];
  /** Inclusive bounds of every number. */
  readonly least?: number;
  readonly most?: number;
}

export type ParameterValues<P extends Record<string, Parameter>> = {
  readonly [K in keyof P]: P[K]['kind'] extends 'numbers' | 'integers' ? readonly number[] : number;
};

export interface ExperimentContext<P extends Record<string, Parameter> = Record<string, Parameter>> {
  readonly parameters: ParameterValues<P>;
  /** Base seed; trial i uses seed + i as its master seed, and streams inside it by purpose. */
  readonly seed: number;
  readonly threads: number;
  readonly quick: boolean;
  readonly signal: AbortSignal | undefined;
  /** fraction in 0..1, and what is being done. */
  readonly progress: (fraction: number, doing: string) => void;
}

/** One measured number against its prediction. `ok` follows from the three numbers by the rule that `rule` states. */
export interface Check {
  readonly what: string;
  readonly measured: number;
  /** NaN where the law is an inequality or an order; `rule` says which. */
  readonly predicted: number;
  readonly tolerance: number;
  /** E.g. "|measured - predicted| <= tolerance", "measured >= predicted", "relative error <= tolerance". */
  readonly rule: string;
  readonly ok: boolean;
}

export interface Table {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly (string | number)[])[];
}

/** A line or points of a panel. NaN interrupts a line. */
export interface Series {
  /** Series of one label and style share one entry of the legend: call the laws of all groups "law", say. */
  readonly label: string;
  readonly x: ArrayLike<number>;
  readonly y: ArrayLike<number>;
  /** measured: solid; predicted: dashed; seed: thin and pale, one entry in the legend for all; median: thick; points: markers only. */
  readonly style: 'measured' | 'predicted' | 'seed' | 'median' | 'points';
  /** Series of one group share a colour. Default: the label. */
  readonly group?: string;
}

export interface Axis {
  readonly label: string;
  readonly scale: 'linear' | 'log';
}

export interface Panel {
  readonly title: string;
  readonly x: Axis;
  readonly y: Axis;
  readonly series: readonly Series[];
  /** Shaded stretches of x, such as phases. */
  readonly bands?: readonly { readonly from: number; readonly to: number; readonly label: string }[];
  /** Lines at one x. */
  readonly marks?: readonly { readonly x: number; readonly label: string }[];
}

export interface Outcome {
  readonly checks: readonly Check[];
  /** Measured against predicted, as printed and put into the report. */
  readonly table: Table;
  readonly panels: readonly Panel[];
  /** What goes to trace.csv: columns of one length. */
  readonly trace: Readonly<Record<string, ArrayLike<number>>>;
  /** Sentences on how to read the result; where a reconstruction replaces the paper's own constant, it is said here. */
  readonly notes: readonly string[];
}

export interface Experiment<P extends Record<string, Parameter> = Record<string, Parameter>> {
  readonly name: string;
  readonly title: string;
  /** Two sentences: what the source claims, and what is shown. */
  readonly claim: string;
  /** E.g. "arXiv 2106.15013, theorem on k >= 2r; law S1-e derived". */
  readonly source: string;
  readonly parameters: P;
  readonly run: (context: ExperimentContext<P>) => Promise<Outcome>;
}

/**
 * Types `context.parameters` inside `run` by the literal parameters, and hands the experiment on as one of a list: whoever
 * runs it (runner.ts) gives it the values that its own parameters ask for.
 */
export function experiment<const P extends Record<string, Parameter>>(definition: Experiment<P>): Experiment {
  return definition as unknown as Experiment;
}

/**
 * The `onProgress` of a solve that is the stretch from `from` to `to` of an experiment: long solves show that they go on.
 */
export function stretch(
  progress: ExperimentContext['progress'],
  from: number,
  to: number,
  doing: string,
): (event: { readonly iterations: number; readonly maxIterations: number }) => void {
  return ({ iterations, maxIterations }) => {
    progress(from + ((to - from) * iterations) / maxIterations, doing);
  };
}

/** |measured - predicted| <= tolerance. NaN fails. */
export function near(what: string, measured: number, predicted: number, tolerance: number): Check {
  const ok = Math.abs(measured - predicted) <= tolerance;
  return { what, measured, predicted, tolerance, rule: '|measured - predicted| <= tolerance', ok };
}

/** |measured / predicted - 1| <= tolerance. NaN fails. */
export function relativelyNear(what: string, measured: number, predicted: number, tolerance: number): Check {
  const ok = Math.abs(measured / predicted - 1) <= tolerance;
  return { what, measured, predicted, tolerance, rule: '|measured / predicted - 1| <= tolerance', ok };
}

/** measured <= bound. NaN fails. */
export function atMost(what: string, measured: number, bound: number): Check {
  return { what, measured, predicted: bound, tolerance: 0, rule: 'measured <= predicted', ok: measured <= bound };
}

/** measured >= bound. NaN fails. */
export function atLeast(what: string, measured: number, bound: number): Check {
  return { what, measured, predicted: bound, tolerance: 0, rule: 'measured >= predicted', ok: measured >= bound };
}
