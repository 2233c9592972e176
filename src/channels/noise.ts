/** The noise of one call of a channel, from the counter-based streams. */
import { native } from '../load';
import type { NativePurpose } from '../native';
import { callNative } from '../native-errors';
import type { ChannelNoise } from './channel';

/** Numbers of stream (seed, purpose) from number `first` on; every call goes on where the one before it ended. */
export function channelNoise(seed: number, purpose: NativePurpose = 'noise', first = 0): ChannelNoise {
  let next = first;
  const draw = (kind: 'normals' | 'uniforms', count: number): Float64Array => {
    const out = new Float64Array(count);
    callNative(() => {
      native[kind](seed, purpose, next, out);
    });
    next += count;
    return out;
  };
  return { normals: (count) => draw('normals', count), uniforms: (count) => draw('uniforms', count) };
}
