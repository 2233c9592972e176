import { evaluateLoss, findLoss, lossDescriptions, requireDifferentiable, type LossName } from '../src/losses';
import { Vector } from '../src/vector';

/** A key for every name of the type, so that the type and the native list cannot drift apart. */
const NAMES: Record<LossName, true> = {
  wirtinger: true,
  'truncated-wirtinger': true,
  amplitude: true,
  'smoothed-amplitude': true,
  'perturbed-amplitude': true,
  'tanh-amplitude': true,
  poisson: true,
  'smoothed-poisson': true,
  'intensity-l1': true,
  'smoothed-intensity-l1': true,
  square: true,
  cubic: true,
  relu: true,
  'smoothed-relu': true,
  logistic: true,
  hinge: true,
  'squared-hinge': true,
};

test('the type lists what native code has', () => {
  expect(
    lossDescriptions()
      .map((loss) => loss.name)
      .sort(),
  ).toEqual(Object.keys(NAMES).sort());
});

test('every smoothed name is a loss that is differentiable in the same fields', () => {
  const all = lossDescriptions();
  for (const loss of all) {
    expect(loss.parameters.length).toBe(loss.defaults.length);
    if (loss.smoothed === null) {
      expect([...loss.differentiable]).toEqual([...loss.fields]);
      continue;
    }
    const smooth = all.find((one) => one.name === loss.smoothed);
    expect(smooth?.differentiable).toEqual(loss.fields);
  }
});

test('names, parameters and fields are checked', () => {
  expect(findLoss('wirtinger', 'complex')).toEqual({ name: 'wirtinger', parameters: [] });
  expect(findLoss({ name: 'tanh-amplitude' }, 'real')).toEqual({ name: 'tanh-amplitude', parameters: [4] });
  expect(findLoss({ name: 'tanh-amplitude', sharpness: 9 }, 'real').parameters).toEqual([9]);
  expect(() => findLoss('wirtingr', 'real')).toThrow(/Did you mean 'wirtinger'\?/);
  expect(() => findLoss('logistic', 'complex')).toThrow(/'logistic' is real only/);
  expect(() => findLoss({ name: 'tanh-amplitude', sharpnes: 1 }, 'real')).toThrow(/Did you mean "sharpness"\?/);
  expect(() => findLoss({ name: 'tanh-amplitude', sharpness: 0 }, 'real')).toThrow(/positive finite number/);
  expect(() => findLoss(3, 'real')).toThrow(/received 3 of type number/);
  expect(() => findLoss(null, 'real')).toThrow(/for loss/);
});

test('a loss that jumps is refused with the one to use', () => {
  const check = (name: LossName, field: 'real' | 'complex') => (): void => {
    requireDifferentiable(findLoss(name, field), field);
  };
  expect(check('amplitude', 'real')).toThrow(/Use 'smoothed-amplitude' instead/);
  expect(check('relu', 'real')).toThrow(/Use 'smoothed-relu' instead/);
  expect(check('amplitude', 'complex')).not.toThrow();
  expect(check('wirtinger', 'real')).not.toThrow();
});

test('values and forces are the formulas', () => {
  const r = new Vector(Float64Array.of(1, 2, -0.5, 0.25), 'complex');
  const y = [3, 1];
  const { values, forces } = evaluateLoss('wirtinger', r, y);
  const misfit = [5 - 3, 0.3125 - 1];
  expect([...values]).toEqual(misfit.map((d) => d * d * 0.5));
  expect([...forces.data]).toEqual([1, 2, -0.5, 0.25].map((x, k) => x * misfit[k >> 1]!));
  expect(() => evaluateLoss('wirtinger', r, [1])).toThrow(/Expected 2 numbers/);
  expect(() => evaluateLoss('wirtinger', new Vector(Float64Array.of(NaN)), [1])).toThrow(/r\[0\]/);
});
