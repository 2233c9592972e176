/** Channels: nodes integrate the law that `sample` draws from, E[|z|^2 | y] is the projection it claims to be, mistakes are named. */
import { type Channel, channelNoise, type ChannelChoice, readChannel } from '../../src/channels';
import { squared } from '../../src/channels/density';
import { native } from '../../src/load';
import type { Field } from '../../src/vector';

const cases: readonly (readonly [ChannelChoice, Field])[] = [
  ['intensity', 'real'],
  ['intensity', 'complex'],
  ['amplitude', 'real'],
  ['amplitude', 'complex'],
  [{ name: 'noisy-intensity', noise: 0.3 }, 'real'],
  [{ name: 'noisy-intensity', noise: 0.02 }, 'complex'],
  [{ name: 'intensity', noise: 2 }, 'complex'],
  [{ name: 'noisy-amplitude', noise: 0.1 }, 'real'],
  [{ name: 'noisy-amplitude', noise: 0.5 }, 'complex'],
  ['poisson', 'real'],
  [{ name: 'poisson', gain: 0.3 }, 'complex'],
  [{ name: 'poisson', gain: 50 }, 'real'],
  ['sign', 'real'],
  [{ name: 'logistic', slope: 3 }, 'real'],
  ['relu', 'real'],
  [{ name: 'relu', noise: 0.2 }, 'real'],
  ['cubic', 'real'],
  [{ name: 'cubic', noise: 0.5 }, 'real'],
  [{ name: 'linear', noise: 0.7 }, 'real'],
];

const title = (choice: ChannelChoice): string => JSON.stringify(choice);
const named = cases.map(([choice, field]) => [title(choice), field, readChannel(choice, 'channel', field)] as const);

const cached = new Map<Channel, ReturnType<NonNullable<Channel['nodes']>>>();
/** With a cut at 0.6, for all tests of a case. */
function nodesOf(channel: Channel, field: Field): ReturnType<NonNullable<Channel['nodes']>> {
  const nodes = cached.get(channel) ?? channel.nodes!(field, [0.6]);
  cached.set(channel, nodes);
  return nodes;
}

function mean(channel: Channel, field: Field, f: (z: number, y: number) => number, breakpoints: number[] = []): number {
  const { weight, z, y } = channel.nodes!(field, breakpoints);
  return weight.reduce((sum, w, k) => sum + w * f(z[k]!, y[k]!), 0);
}

test.each(named)('%s %s: the nodes carry the law of z', (_name, field, channel) => {
  const { weight, z } = nodesOf(channel, field);
  // In one loop: there are half a million nodes.
  const moments = new Float64Array(7);
  weight.forEach((w, k) => {
    for (let power = 0, term = w; power < 7; power++, term *= z[k]!) moments[power]! += term;
  });
  const exact = field === 'real' ? [1, 0, 1, 0, 3, 0, 15] : [1, Math.sqrt(Math.PI) / 2, 1, undefined, 2, undefined, 6];
  exact.forEach((value, power) => {
    if (value !== undefined) expect(Math.abs(moments[power]! - value)).toBeLessThan(1e-9 * Math.max(1, value));
  });
});

test.each(named)('%s %s: E[|z|^2 | y] is a conditional mean', (_name, field, channel) => {
  // E g(y) |z|^2 = E g(y) E[|z|^2 | y] for every g.
  const { weight, z, y } = nodesOf(channel, field);
  const posterior = y.map((value) => channel.posteriorSecondMoment!(value, field));
  for (const g of [(v: number) => v, (v: number) => 1 / (1 + v * v), (v: number) => Math.tanh(2 * v - 1)]) {
    let [direct, projected] = [0, 0];
    weight.forEach((w, k) => {
      direct += w * g(y[k]!) * z[k]! * z[k]!;
      projected += w * g(y[k]!) * posterior[k]!;
    });
    expect(Math.abs(direct - projected)).toBeLessThan(1e-10 * (1 + Math.abs(direct)));
  }
});

const samples = 40000;
test.each(named)('%s %s: samples follow the law of the nodes', (_name, field, channel) => {
  const z = new Float64Array(field === 'real' ? samples : 2 * samples);
  native.normals(5, 'signal', 0, z);
  if (field === 'complex') z.forEach((value, i) => (z[i] = value * Math.SQRT1_2));
  const y = channel.sample(z, field, channelNoise(3));
  expect(y.length).toBe(samples);
  // Joint statistics of (z, y), bounded so that 5 standard errors are a sharp test.
  // One set of nodes serves all three.
  const { weight, z: node, y: at } = nodesOf(channel, field);
  for (const f of [
    (_: number, v: number) => Math.tanh(v),
    (s: number, v: number) => Math.exp(-s - v * v),
    (s: number, v: number) => (v > 0.6 ? 1 : 0) / (1 + s),
  ]) {
    const values = Array.from(y, (v, i) => f(squared(z, field, i), v));
    const average = values.reduce((a, b) => a + b) / samples;
    const variance = values.reduce((a, b) => a + (b - average) ** 2, 0) / samples;
    const expected = weight.reduce((sum, w, k) => sum + w * f(node[k]! ** 2, at[k]!), 0);
    expect(Math.abs(average - expected)).toBeLessThan(5 * Math.sqrt(variance / samples) + 1e-12);
  }
});

test('moments of y that have a closed form', () => {
  const second = (choice: ChannelChoice, field: Field): number =>
    mean(readChannel(choice, 'channel', field), field, (_, y) => y * y);
  expect(second('intensity', 'real')).toBeCloseTo(3, 11);
  expect(second({ name: 'intensity', noise: 0.3 }, 'real')).toBeCloseTo(3 + 0.09, 10);
  expect(second({ name: 'intensity', noise: 0.01 }, 'complex')).toBeCloseTo(2 + 1e-4, 10);
  expect(second({ name: 'poisson', gain: 2 }, 'complex')).toBeCloseTo(2 + 1 / 2, 10);
  expect(second({ name: 'poisson', gain: 400 }, 'real')).toBeCloseTo(3 + 1 / 400, 10);
  expect(second({ name: 'cubic', noise: 0.5 }, 'real')).toBeCloseTo(15 + 0.25, 9);
  expect(second({ name: 'relu', noise: 0.1 }, 'real')).toBeCloseTo(0.5 + 0.01, 10);
});

test('a jump at a breakpoint costs no digits', () => {
  const above = (choice: ChannelChoice, field: Field, b: number): number =>
    mean(readChannel(choice, 'channel', field), field, (_, y) => (y > b ? 1 : 0), [b]);
  expect(above('intensity', 'complex', 1.5)).toBeCloseTo(Math.exp(-1.5), 13);
  expect(above('amplitude', 'complex', 1.5)).toBeCloseTo(Math.exp(-2.25), 13);
  // |z|^2 + noise of variance s^2: an exponential convolved with a Gaussian, P(y > b) for b far above s.
  const s = 0.1;
  expect(above({ name: 'intensity', noise: s }, 'complex', 1.5)).toBeCloseTo(Math.exp(-1.5 + (s * s) / 2), 11);
  // Counts are geometric in the complex field: P(k >= j) = (gain / (1 + gain))^j.
  expect(above({ name: 'poisson', gain: 4 }, 'complex', 1.9)).toBeCloseTo(0.8 ** 8, 12);
  expect(above({ name: 'poisson', gain: 500 }, 'complex', 1.4999)).toBeCloseTo((500 / 501) ** 750, 11);
});

test('E[z^2 | y] of the linear channel with noise is the textbook one, also far out', () => {
  const s2 = 0.49;
  const channel = readChannel({ name: 'linear', noise: 0.7 }, 'channel', 'real');
  for (const y of [-30, -3, 0, 0.2, 5]) {
    const exact = (y / (1 + s2)) ** 2 + s2 / (1 + s2);
    expect(Math.abs(channel.posteriorSecondMoment!(y, 'real') / exact - 1)).toBeLessThan(1e-11);
  }
  const intensity = readChannel({ name: 'intensity', noise: 0.1 }, 'channel', 'complex');
  for (const y of [-50, -1, 0, 1e-6, 3, 400]) {
    const value = intensity.posteriorSecondMoment!(y, 'complex');
    expect(value).toBeGreaterThan(0);
    // Far above the noise, y ~ |z|^2 + noise under the density exp(-|z|^2): the posterior is N(y - s^2, s^2).
    if (y >= 3) expect(Math.abs(value - (y - 0.01))).toBeLessThan(1e-10 * y);
  }
});

test('a function is a channel without nodes', () => {
  const channel = readChannel((z: number, noise: number) => z * z + 0.1 * noise, 'channel', 'real');
  expect(channel.nodes).toBeUndefined();
  expect(channel.posteriorSecondMoment).toBeUndefined();
  const y = channel.sample(Float64Array.of(1, 2), 'real', channelNoise(1));
  expect(Math.abs(y[0]! - 1)).toBeLessThan(0.6);
  expect(Math.abs(y[1]! - 4)).toBeLessThan(0.6);
  expect(() =>
    readChannel({ phi: () => NaN }, 'channel', 'real').sample(Float64Array.of(1), 'real', channelNoise(1)),
  ).toThrow(/finite number from phi at z = 1/);
});

test.each<[unknown, Field, number | undefined, RegExp]>([
  ['intensty', 'real', undefined, /Did you mean 'intensity'/],
  ['sign', 'complex', undefined, /complex field.*'sign', which is real only/],
  ['noisy-intensity', 'real', undefined, /positive finite number for noise/],
  [{ name: 'intensity', gain: 2 }, 'real', undefined, /Unknown option "gain"/],
  [{ name: 'poisson', gain: 0 }, 'real', undefined, /positive finite number for channel.gain/],
  [{ name: 'logistic', slope: NaN }, 'real', undefined, /channel.slope/],
  ['sign', 'real', 0.1, /Expected none.*'sign'.*for noise/],
  [{ name: 'intensity', noise: -1 }, 'real', undefined, /non-negative finite number for channel.noise/],
  [7, 'real', undefined, /Expected a channel/],
])('refuses %j', (choice, field, noise, message) => {
  expect(() => readChannel(choice, 'channel', field, noise)).toThrow(message);
});

test('noise beside the name is noise of the channel', () => {
  expect(readChannel('intensity', 'channel', 'real', 0.2).parameters).toEqual({ noise: 0.2 });
  expect(readChannel('noisy-intensity', 'channel', 'real', 0.2).name).toBe('noisy-intensity');
  expect(readChannel('sign', 'channel', 'real', 0).name).toBe('sign');
});
